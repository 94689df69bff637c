import fc from 'fast-check';
import type { MinerReading } from '../../contracts/reading.ts';
import { minerStates } from '../../contracts/reading.ts';
import { toColumns } from '../../contracts/telemetry-columns.ts';
import { compactGroups } from './roll-up-groups.ts';
import { compactShard } from './roll-up-levels.ts';
import { rollUpShard } from './roll-up-shard.ts';
import type { Shard } from './telemetry-keys.ts';
import { deliver, type TestBatch, type World } from './test-tiers.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Places and moments where days are odd: clocks change, months and years end, midnight lies within the hour. */
const moments = [
  { zone: 'UTC', at: '2027-03-31T23:20:00Z' },
  { zone: 'America/New_York', at: '2027-03-14T04:40:00Z' },
  { zone: 'America/New_York', at: '2027-11-07T03:45:00Z' },
  { zone: 'Europe/Berlin', at: '2027-03-27T22:50:00Z' },
  { zone: 'Asia/Kolkata', at: '2027-06-30T18:10:00Z' },
  { zone: 'Australia/Lord_Howe', at: '2027-10-02T13:10:00Z' },
  { zone: 'America/St_Johns', at: '2027-12-31T03:10:00Z' },
  { zone: 'Asia/Shanghai', at: '2027-02-28T15:30:00Z' },
  { zone: 'America/Santiago', at: '2027-09-05T03:30:00Z' },
] as const;

export type Step =
  | { readonly do: 'deliver'; readonly batch: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'rollUp' | 'levels' | 'groups' };
export type Schedule = {
  readonly zone: string;
  readonly startMs: number;
  readonly shards: readonly Shard[];
  readonly batches: readonly TestBatch[];
  /** Two ways in which the same batches come: every batch at least once in each. */
  readonly ways: readonly [readonly Step[], readonly Step[]];
};

/** So that a run takes a second. */
const mostBatches = 40;

const minersOf = ({ shard }: Shard) => [1, 2, 3].map((number) => `m-${shard}${number}`);

const sampleOf = (minerId: string, at: number, noise: number): MinerReading => {
  const uptime = (at / 1000) % (3 * 3600 + (noise % 7) * 600);
  const state = noise % 11 === 0 ? (minerStates[noise % minerStates.length] ?? 'idle') : 'hashing';
  return {
    minerId,
    sampledAtMs: at,
    state,
    ...(noise % 13 === 0 && { mode: 'low' as const }),
    ...(noise % 17 === 0 && { errorCodes: [`E${noise % 3}`, 'ERROR_FAN_LOST'].slice(0, 1 + (noise % 2)) }),
    values: {
      hashrateThs: 90 + (noise % 1000) / 100,
      powerW: 3_000 + (noise % 333),
      ...(noise % 5 !== 0 && { chipTempC: 60 + (noise % 20) }),
      inletTempC: 24.5,
      acceptedShares: Math.floor(uptime / 7),
      uptimeS: Math.floor(uptime),
    },
  };
};

type Plan = {
  readonly sweepMs: number;
  readonly hours: number;
  readonly sweepsABatch: number;
  readonly skewMs: number;
  readonly missing: readonly number[];
  readonly seed: number;
};
/** `bursts` of sweeps: between two of them the line or the gateway was down. */
const batchesOf = (shard: Shard, startMs: number, bursts: readonly { offsetMs: number; plan: Plan }[]) => {
  const batches: TestBatch[] = [];
  let sequence = 0;
  for (const { offsetMs, plan } of bursts) {
    const readings: MinerReading[][] = [];
    const from = startMs + offsetMs + plan.skewMs;
    for (let at = from; at < from + plan.hours * hourMs; at += plan.sweepMs)
      readings.push(
        minersOf(shard).flatMap((minerId, index) => {
          const noise = Math.abs(Math.imul(Math.floor(at / 1000) ^ (plan.seed + index), 2_654_435_761) >> 8);
          return noise % 29 === 0 ? [] : [sampleOf(minerId, at + index * 40, noise)];
        }),
      );
    for (let at = 0; at < readings.length; at += plan.sweepsABatch) {
      sequence++;
      const rows = readings.slice(at, at + plan.sweepsABatch).flat();
      if (rows.length === 0 || plan.missing.includes(sequence % 23)) continue;
      batches.push({ ...shard, sequence, columns: toColumns(rows) });
    }
  }
  return batches;
};

const plan: fc.Arbitrary<Plan> = fc.record({
  sweepMs: fc.constantFrom(60_000, 150_000, 290_000),
  hours: fc.constantFrom(0.1, 0.3, 0.8),
  sweepsABatch: fc.integer({ min: 2, max: 7 }),
  skewMs: fc.constantFrom(0, 0, 10 * minuteMs, -10 * minuteMs, 12_345),
  missing: fc.array(fc.nat(22), { maxLength: 4 }),
  seed: fc.nat(100_000),
});
const burst = fc.record({
  offsetMs: fc.constantFrom(0, 20 * minuteMs, 3 * hourMs, 20 * hourMs, 3 * dayMs),
  plan,
});

const roundOf: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.constantFrom<Step>({ do: 'rollUp' }, { do: 'levels' }, { do: 'groups' }),
    fc
      .constantFrom(minuteMs, 7 * minuteMs, 50 * minuteMs, 9 * hourMs)
      .map((ms): Step => ({ do: 'wait', ms })),
  ),
  { maxLength: 3 },
);

/** All batches in some order, some of them twice, and now and then a roll-up; a backlog comes at once. */
const wayOf = (count: number): fc.Arbitrary<Step[]> =>
  fc
    .tuple(
      fc.oneof(
        fc.constant(Array.from({ length: count }, (_, at) => at)),
        fc.constant(Array.from({ length: count }, (_, at) => count - 1 - at)),
        fc.shuffledSubarray(
          Array.from({ length: count }, (_, at) => at),
          { minLength: count },
        ),
      ),
      fc.array(fc.nat(Math.max(0, count - 1)), { maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(count), roundOf), { maxLength: 8 }),
    )
    .map(([order, again, rounds]) => {
      const steps = [...order, ...again].map((batch): Step[] => [{ do: 'deliver', batch }]);
      for (const [at, round] of rounds) steps[Math.min(at, steps.length - 1)]?.push(...round);
      return steps.flat();
    });

/** Days of a site, and two ways in which its batches may have come. */
export const schedule: fc.Arbitrary<Schedule> = fc
  .record({
    moment: fc.constantFrom(...moments),
    shards: fc.integer({ min: 1, max: 2 }),
    bursts: fc.array(burst, { minLength: 1, maxLength: 3 }),
  })
  .chain(({ moment, shards: count, bursts }) => {
    const startMs = Date.parse(moment.at);
    const shards = Array.from({ length: count }, (_, shard) => ({ siteId: 7, gatewayId: 'gw-1', shard }));
    const batches = shards.flatMap((shard) => batchesOf(shard, startMs, bursts));
    return fc
      .tuple(wayOf(batches.length), wayOf(batches.length))
      .map((ways): Schedule => ({ zone: moment.zone, startMs, shards, batches, ways }));
  })
  .filter(({ batches }) => batches.length > 0 && batches.length <= mostBatches);

/** Goes one of a schedule's ways; `attempt` may let a step fail, which is then not tried again here. */
export const follow = async (
  world: World & { readonly clock: { readonly nowMs: () => number; readonly advance: (ms: number) => void } },
  { shards, batches }: Schedule,
  way: readonly Step[],
  attempt: (step: () => Promise<unknown>) => Promise<unknown> = (step) => step(),
): Promise<void> => {
  for (const step of way) {
    if (step.do === 'wait') world.clock.advance(step.ms);
    else if (step.do === 'deliver') {
      const batch = batches[step.batch];
      if (batch) await deliver(world, batch);
    } else if (step.do === 'groups') await attempt(() => compactGroups(world)(7));
    else
      for (const shard of shards)
        await attempt(() => (step.do === 'rollUp' ? rollUpShard(world)(shard) : compactShard(world)(shard)));
  }
};
