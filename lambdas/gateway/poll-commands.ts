import { setTimeout as pause } from 'node:timers/promises';
import type * as z from 'zod';
import { mostPolled, type PollAnswer, type pollQuery } from '../../contracts/api-edge.ts';
import type { CommandEnvelope } from '../../contracts/command.ts';
import type { Device } from '../../contracts/gateway-keys.ts';
import type { HaltMessage } from '../../contracts/halt.ts';
import type { Clock } from '../shared/clock.ts';
import { type GatewayRecord, servesZone } from './gateway.ts';

type Pending = { readonly command: { readonly minerId: string }; readonly envelope: CommandEnvelope };
type Home = { readonly gatewayId: string; readonly zoneId: string };

export type PollDeps = {
  readonly pendingEnvelopes: (
    siteId: number,
    gatewayId: string,
    after: number,
    limit: number,
    nowMs: number,
  ) => Promise<readonly Pending[]>;
  readonly readMiner: (siteId: number, minerId: string) => Promise<Home | undefined>;
  readonly readGateway: (siteId: number, gatewayId: string) => Promise<GatewayRecord | undefined>;
  /** How the kill switches over the gateway stand: their epoch, and the signed message that says so. */
  readonly readHalt: (who: Device) => Promise<{
    readonly epoch: number;
    readonly message: () => Promise<HaltMessage>;
  }>;
  readonly clock: Clock;
  /** Pauses between two looks. */
  readonly wait?: (ms: number) => Promise<void>;
};

/** How often a waiting poll looks: a read of one item each time. */
const lookEveryMs = 1_000;

/**
 * What a gateway has not seen yet, at once where there is something, else when it comes or the time that it named is over. Commands
 * go to the gateway that has the miner now, in a zone that it may serve; others are left to expire.
 */
export const pollCommands =
  (deps: PollDeps) =>
  async (who: Device, query: z.output<typeof pollQuery>): Promise<PollAnswer | undefined> => {
    const { clock, wait = pause } = deps;
    const endMs = clock.nowMs() + query.wait_s * 1_000;
    for (;;) {
      const gateway = await deps.readGateway(who.siteId, who.gatewayId);
      if (gateway?.status !== 'active') return undefined;
      const [commands, halt] = await Promise.all([handOut(deps, who, query.after), deps.readHalt(who)]);
      const nowMs = clock.nowMs();
      const rotate = gateway.rotation_requested_ms !== undefined;
      const isNews = halt.epoch !== query.halt_epoch;
      if (commands.length > 0 || isNews || rotate || nowMs >= endMs)
        return { commands, ...(isNews && { halt: await halt.message() }), rotate, now_ms: nowMs };
      await wait(Math.min(lookEveryMs, endMs - nowMs));
    }
  };

const handOut = async ({ pendingEnvelopes, readMiner, clock }: PollDeps, who: Device, after: number) => {
  const { siteId, gatewayId, zoneIds } = who;
  const pending = await pendingEnvelopes(siteId, gatewayId, after, mostPolled, clock.nowMs());
  const homes = await Promise.all(pending.map(({ command }) => readMiner(siteId, command.minerId)));
  return pending.flatMap(({ envelope }, index) => {
    const home = homes[index];
    return home?.gatewayId === gatewayId && servesZone(zoneIds, home.zoneId) ? [envelope] : [];
  });
};
