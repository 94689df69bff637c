import { packEnvelopes } from '../../contracts/command-messages.ts';
import { readHead, walkLinks } from '../../lambdas/audit/audit-repository.ts';
import { verifySite } from '../../lambdas/audit/verify-site.ts';
import { type ControlStore, readCommand } from '../../lambdas/control/command-repository.ts';
import { readLane } from '../../lambdas/control/lane-repository.ts';
import { chanceOf, type Weather, weatherOf } from './chance.ts';
import { cloudOf } from './cloud.ts';
import { gatewayOf } from './gateway.ts';
import { effectKey, minersOf } from './miners.ts';
import { timeline } from './timeline.ts';

export type Store = Pick<ControlStore, 'db' | 'controlTable' | 'auditTable'>;
export type Ran = {
  readonly seed: number;
  readonly weather: Weather;
  readonly commands: number;
  readonly batches: number;
  readonly crashes: number;
  readonly dropped: number;
  readonly duplicated: number;
  /** How the commands ended. */
  readonly ends: readonly string[];
  /** What must never be, in words; empty when all is well. */
  readonly violations: readonly string[];
};

const startMs = 1_800_000_000_000;
const minuteMs = 60_000;
const wildMs = 7 * minuteMs;
/** Time until which nothing goes wrong any more and all must come to its end. */
const endMs = 20 * minuteMs;
const secret = Buffer.alloc(32, 7);
const keyId = 'k-1';
const minerIds = ['m-1', 'm-2', 'm-3', 'm-4'];
/** Beside a limit of its own for each single command. */
const batchLimitW = 2_000;
/** In so many schedules a batch over all miners runs beside the single commands. */
const batchShare = 0.2;

/**
 * One schedule: a few commands to one gateway, in some a batch beside them, with every message dropped, repeated, late or overtaken and every process dying at
 * any await, as the seed says; then some minutes without faults. Needs a site number of its own in the tables.
 */
export const runSchedule = async (store: Store, siteId: number, seed: number): Promise<Ran> => {
  const chance = chanceOf(seed);
  const weather = weatherOf(chance);
  const time = timeline(startMs);
  const place = { siteId, gatewayId: `gw-${siteId}` };
  const { effects, adapterOf } = minersOf(chance, time);
  let dropped = 0;
  let duplicated = 0;
  let isCalm = false;
  /** How often a message arrives that was sent once. */
  const copies = () => {
    if (isCalm) return 1;
    if (chance.happens(weather.drop)) {
      dropped++;
      return 0;
    }
    if (!chance.happens(weather.duplicate)) return 1;
    duplicated++;
    return 2;
  };
  const delayMs = () => (isCalm ? 50 : chance.between(0, weather.maxDelayMs));
  /** The broker keeps a message for a gateway that is down. */
  const hand = (payload: Uint8Array, afterMs: number): void =>
    time.after(afterMs, () => {
      if (!gateway.receive(payload)) hand(payload, 5_000);
    });

  const cloud = cloudOf({
    store,
    place,
    keyId,
    secret,
    chance,
    weather,
    time,
    publish: async (envelopes) => {
      for (const payload of packEnvelopes(envelopes))
        for (let left = copies(); left > 0; left--) hand(payload, delayMs());
    },
  });
  const gateway = gatewayOf({
    place,
    minerIds,
    adapterOf,
    secret,
    keyId,
    chance,
    weather,
    time,
    poll: cloud.poll,
    send: async (responses) => {
      const arrive = copies();
      for (let left = arrive; left > 0; left--) cloud.take(delayMs(), responses);
      if (arrive === 0 || (!isCalm && chance.happens(weather.drop / 2))) throw new Error('not acknowledged');
    },
  });

  /** What each command does, once it is there. */
  const made = new Map<string, string>();
  let lapsed = 0;
  const asked = chance.whole(1, 4);
  for (let at = 0; at < asked; at++) {
    const limitW = 1_000 + at;
    const minerId = chance.one(['m-1', 'm-2']);
    const madeMs = chance.between(0, 2 * minuteMs);
    cloud.propose(
      madeMs,
      {
        siteId,
        tenantId: 'tenant-1',
        minerId,
        order: { type: 'POWER_LIMIT', params: { limitW } },
        priority: chance.whole(1, 10),
        requestedBy: 'ai:advisor',
        approvals: ['user:5'],
        correlationId: `alert-${at}`,
        recommendationId: `rec-${at}`,
        expiresAtMs: startMs + Math.round(madeMs + chance.between(1, 6) * minuteMs),
      },
      (commandId) => void made.set(commandId, effectKey(minerId, limitW)),
      () => void lapsed++,
    );
  }
  let ofBatch = 0;
  const batch = chance.happens(batchShare)
    ? await cloud.runBatch(batchLimitW, minerIds, (commandId, minerId) => {
        ofBatch++;
        made.set(commandId, effectKey(minerId, batchLimitW));
      })
    : undefined;
  const settled = new Set<string>();
  const everyMinute = () => {
    time.after(minuteMs, async () => {
      for (const commandId of made.keys())
        if (!settled.has(commandId) && (await cloud.expire(commandId))) settled.add(commandId);
      everyMinute();
    });
  };
  everyMinute();

  try {
    await time.run(startMs + wildMs, gateway.settle);
    isCalm = true;
    cloud.calm();
    gateway.calm();
    await time.run(startMs + endMs, gateway.settle);
    const found = await judge(store, siteId, place.gatewayId, made, effects);
    const { unfinished, unsent } = gateway.left();
    const violations = [...found.violations, ...((await batch?.faults()) ?? [])];
    const lacking = asked - (made.size - ofBatch) - lapsed;
    if (lacking !== 0) violations.push(`${lacking} commands were never made`);
    if (unfinished > 0) violations.push(`the gateway has ${unfinished} commands without an end`);
    if (unsent > 0) violations.push(`the gateway has ${unsent} answers that it cannot get rid of`);
    return {
      seed,
      weather,
      commands: made.size,
      batches: batch ? 1 : 0,
      crashes: cloud.crashes() + gateway.crashes(),
      dropped,
      duplicated,
      ends: found.ends,
      violations,
    };
  } finally {
    gateway.close();
  }
};

const ended = new Set(['COMPLETED', 'FAILED', 'UNKNOWN', 'EXPIRED', 'CANCELLED']);

const judge = async (
  store: Store,
  siteId: number,
  gatewayId: string,
  made: ReadonlyMap<string, string>,
  effects: ReadonlyMap<string, number>,
) => {
  const violations: string[] = [];
  const ends: string[] = [];
  const told = new Map<string, Set<string>>();
  for await (const link of walkLinks(store)(siteId, 999_999)) {
    if (!link) continue;
    const types = told.get(link.event.ref_id) ?? new Set();
    told.set(link.event.ref_id, types.add(link.event.type.replace('control.command.', '')));
  }
  for (const [commandId, effectOf] of made) {
    const command = await readCommand(store)(siteId, commandId);
    const status = command?.status ?? 'MISSING';
    const effect = effects.get(effectOf) ?? 0;
    const events = told.get(commandId) ?? new Set<string>();
    const say = (what: string) => violations.push(`${commandId} ${status}: ${what}`);
    ends.push(status);
    if (effect > 1) say(`took effect ${effect} times`);
    if (!ended.has(status)) say('is stuck');
    if (status === 'COMPLETED' && effect !== 1) say('is completed without effect');
    if ((status === 'FAILED' || status === 'CANCELLED') && effect > 0) say('took effect nevertheless');
    if (status === 'EXPIRED' && effect > 0 && !events.has('answered_late'))
      say('took effect, and nothing says so');
    if (events.has('acknowledged') && status === 'EXPIRED') say('was acknowledged and then lost');
    if (!events.has('dispatched') && effect > 0) say('took effect without having been sent');
  }
  const lane = await readLane(store)(siteId, gatewayId);
  if (lane && lane.allocated !== lane.published) violations.push('the lane of the gateway is held');
  const { verdict } = await verifySite({ readHead: readHead(store), walkLinks: walkLinks(store) })(siteId);
  if (!verdict.intact) violations.push(`the audit chain: ${verdict.fault}`);
  return { violations, ends };
};
