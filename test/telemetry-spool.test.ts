import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../contracts/telemetry-batch.ts';
import type { TelemetryGone } from '../contracts/telemetry-receipt.ts';
import { logNothing } from '../edge-greengrass/log.ts';
import { batcher } from '../edge-greengrass/polling/batcher.ts';
import { foldSlots } from '../edge-greengrass/state/make-room.ts';
import { receiptTaker } from '../edge-greengrass/state/receipts.ts';
import { Spool } from '../edge-greengrass/state/spool.ts';
import { StateFile } from '../edge-greengrass/state/state-file.ts';
import {
  isCovered,
  noSequences,
  noteGone,
  noteSequence,
  receiptOf,
  type SequenceState,
} from '../lambdas/telemetry/sequence-state.ts';

/** A gateway's spool and the cloud's account of sequences, with a line and a cloud that lose, repeat, reorder and stop. */
const place = { siteId: 7, gatewayId: 'gw-7' };
const startMs = 5_666_667 * 300_000;
const minuteMs = 60_000;
const shards = [0, 1];

const fates = [
  'arrives',
  'arrives',
  'arrives',
  'is lost behind the broker',
  'loses its PUBACK',
  'comes late',
  'fails',
] as const;
const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('sweep' as const), minutes: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('send' as const),
      fates: fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 6 }),
      lane: fc.constantFrom('fresh' as const, 'backlog' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('late' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('receipt' as const),
      fate: fc.constantFrom('arrives' as const, 'is lost' as const, 'comes late' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('offline' as const), minutes: fc.integer({ min: 5, max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const) }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

const cloud = () => {
  const states = new Map<number, SequenceState>();
  const rows = new Map<string, number>();
  const lost: TelemetryGone['gone'][number][] = [];
  return {
    rows,
    lost,
    openGaps: () => [...states.values()].flatMap(({ gaps }) => gaps),
    take: (payload: Uint8Array, nowMs: number) => {
      const decoded = decodeBatch(payload);
      if (!decoded.ok) throw new Error(decoded.detail);
      const { shard, sequence, previousSequence = 0, readings } = decoded.batch;
      const state = states.get(shard) ?? noSequences;
      if (!isCovered(state, sequence))
        for (const { minerId, sampledAtMs } of readings) {
          const key = `${minerId} ${sampledAtMs}`;
          rows.set(key, (rows.get(key) ?? 0) + 1);
        }
      states.set(shard, noteSequence(state, sequence, previousSequence, nowMs));
    },
    gone: (gone: TelemetryGone['gone']) => {
      for (const { shard, ...gap } of gone) {
        const noted = noteGone(states.get(shard) ?? noSequences, gap);
        states.set(shard, noted.state);
        lost.push(...noted.lost.map((one) => ({ shard, ...one })));
      }
    },
    receipt: (issuedAtMs: number) =>
      states.size === 0
        ? undefined
        : new TextEncoder().encode(
            JSON.stringify({
              version: 1,
              ...place,
              issuedAtMs,
              shards: [...states].map(([shard, state]) => ({ shard, ...receiptOf(state) })),
            }),
          ),
  };
};

const play = (happenings: readonly Happening[], spoolBytes: number, loseDiskAt = -1) => {
  const sky = cloud();
  let nowMs = startMs;
  let state = new StateFile(':memory:');
  const put = new Set<string>();
  const late: Uint8Array[] = [];
  const lateReceipts: Uint8Array[] = [];

  const open = () => {
    const spool = new Spool(state, nowMs);
    const packing = { spool, place, maxBytes: 1_500 };
    const take = receiptTaker({
      spool,
      place,
      nowMs: () => nowMs,
      log: logNothing,
      gone: sky.gone,
      wake: () => undefined,
    });
    return { spool, packing, take, pack: batcher({ ...packing, spoolBytes, nowMs: () => nowMs }) };
  };
  let gateway = open();

  const sweep = (isOffline: boolean) => {
    for (const shard of shards) {
      const readings = Array.from({ length: 4 }, (_, at) => ({
        minerId: `m-${shard}-${at}`,
        sampledAtMs: nowMs + at,
        state: 'hashing' as const,
        values: {
          hashrateThs: 100 + ((nowMs / minuteMs + at * 7) % 13),
          powerW: 3_000 + ((nowMs / 777) % 91),
        },
      }));
      if (isOffline) foldSlots(gateway.packing, shard, nowMs, 5 * minuteMs);
      for (const { minerId, sampledAtMs } of readings) put.add(`${minerId} ${sampledAtMs}`);
      gateway.pack(shard, readings);
    }
  };
  const send = (lane: 'fresh' | 'backlog', outcomes: readonly (typeof fates)[number][]) => {
    const { spool } = gateway;
    spool.requeueOverdue(nowMs);
    const batches = spool.waiting(lane, lane === 'fresh' ? nowMs - 3 * minuteMs : nowMs + 1, outcomes.length);
    spool.hand(batches.map(({ sequence }) => sequence));
    batches.forEach(({ sequence }, at) => {
      const fate = outcomes[at];
      const payload = spool.payload(sequence) ?? new Uint8Array();
      if (fate === 'arrives' || fate === 'loses its PUBACK') sky.take(payload, nowMs);
      if (fate === 'comes late') late.push(payload);
      if (fate !== 'fails' && fate !== 'loses its PUBACK') spool.sent([sequence], nowMs, 15 * minuteMs);
    });
  };

  happenings.forEach((happening, at) => {
    nowMs += 1_000;
    if (at === loseDiskAt) {
      state = new StateFile(':memory:');
      gateway = open();
    }
    if (happening.what === 'sweep')
      for (let minute = 0; minute < happening.minutes; minute++) {
        nowMs += minuteMs;
        sweep(false);
      }
    else if (happening.what === 'offline')
      for (let minute = 0; minute < happening.minutes; minute++) {
        nowMs += minuteMs;
        sweep(true);
      }
    else if (happening.what === 'send') send(happening.lane, happening.fates);
    else if (happening.what === 'late') for (const payload of late.splice(0)) sky.take(payload, nowMs);
    else if (happening.what === 'restart') gateway = open();
    else {
      const receipt = sky.receipt(nowMs);
      if (receipt && happening.fate === 'arrives') gateway.take(receipt);
      if (receipt && happening.fate === 'comes late') lateReceipts.push(receipt);
      else for (const old of lateReceipts.splice(0)) gateway.take(old);
    }
  });
  for (const payload of late.splice(0)) sky.take(payload, nowMs);
  nowMs += minuteMs;
  sweep(false);
  for (
    let hour = 0;
    hour < 400 && (hour === 0 || gateway.spool.bytes > 0 || sky.openGaps().length > 0);
    hour++
  ) {
    nowMs += 5 * minuteMs;
    while (gateway.spool.waitingCount > 0)
      send(
        'backlog',
        Array.from({ length: 8 }, () => 'arrives' as const),
      );
    const receipt = sky.receipt(nowMs);
    if (receipt) gateway.take(receipt);
    gateway.spool.requeueOverdue(nowMs);
  }
  return { sky, put, spool: gateway.spool };
};

const story = fc.array(happening, { minLength: 1, maxLength: 40 });

describe("the gateway's spool and the cloud's receipts", () => {
  it('lose nothing and double nothing, whatever becomes of batches, PUBACKs and receipts', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        const { sky, put, spool } = play(happenings, 1e9);
        expect(new Set(sky.rows.keys())).toEqual(put);
        expect(Math.max(...sky.rows.values())).toBe(1);
        expect(sky.lost).toEqual([]);
        expect(sky.openGaps()).toEqual([]);
        expect(spool.bytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('declare what a full spool dropped, and keep the rest', () => {
    let thinned = 0;
    let declared = 0;
    fc.assert(
      fc.property(story, (happenings) => {
        const { sky, put, spool } = play(happenings, 3_000);
        thinned += spool.tally('thinnedRows');
        declared += sky.lost.length;
        const missing = [...put].filter((row) => !sky.rows.has(row)).length;
        const given = ['thinnedRows', 'droppedRows', 'unconfirmedRows'] as const;
        expect(missing).toBeLessThanOrEqual(given.reduce((sum, name) => sum + spool.tally(name), 0));
        expect([...sky.rows.keys()].every((row) => put.has(row))).toBe(true);
        expect(Math.max(...sky.rows.values())).toBe(1);
        expect(sky.openGaps()).toEqual([]);
        expect(spool.bytes).toBe(0);
      }),
      { numRuns: 60 },
    );
    expect(thinned).toBeGreaterThan(0);
    expect(declared).toBeGreaterThan(0);
  });

  it('go on after the loss of the disk: what comes later arrives, and no gap stays open', () => {
    fc.assert(
      fc.property(story, fc.nat(40), (happenings, at) => {
        const { sky, put, spool } = play(happenings, 1e9, at % happenings.length);
        const missing = [...put].filter((row) => !sky.rows.has(row)).length;
        expect(put.size - missing).toBeGreaterThanOrEqual(spool.tally('putRows'));
        expect(Math.max(...sky.rows.values())).toBe(1);
        expect(sky.openGaps()).toEqual([]);
        expect(spool.bytes).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
