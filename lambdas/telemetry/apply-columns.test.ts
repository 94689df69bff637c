import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshMemory, type Memory, reusedMemory } from '../../contracts/memory.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { decodeBatchColumns, encodeBatchColumns } from '../../contracts/telemetry-batch.ts';
import { readingAt, toColumns } from '../../contracts/telemetry-columns.ts';
import type { MinerFacts } from '../alerting/miner-facts.ts';
import { applyColumns } from './apply-columns.ts';
import { type KnownShard, unknownShard } from './known-shard.ts';
import { decodeLive, encodeLive, type LatestRows, latestRows, openLatest } from './live-codec.ts';
import { emptyState, type LiveState, watchOf } from './live-state.ts';
import { openSlots, sliceMs, slicesKept } from './slices.ts';
import { type ShardStep, stepShard } from './step-shard.ts';
import { applyBatch } from './test-apply-readings.ts';
import { healthy, minerIds, s19 } from './test-batches.ts';
import { emptyBlock, type LiveBlock } from './test-live-block.ts';

const startMs = Date.parse('2026-11-21T12:00:00.000Z');
const fleet = minerIds(14);
const gamma: MinerFacts = {
  vendor: 'bitaxe',
  model: 'Bitaxe Gamma',
  zoneId: 'desk',
  ratedHashrateThs: 95,
  ratedPowerW: 3250,
};
const m50: MinerFacts = { ...s19, vendor: 'whatsminer', model: 'Whatsminer M50', zoneId: 'B' };
const factsOf = (id: string): MinerFacts | undefined =>
  id === 'm-013' ? undefined : id === 'm-012' ? gamma : id > 'm-006' ? m50 : s19;

/** What may be the matter with one miner in one sweep. */
const faults: readonly ((reading: MinerReading) => MinerReading | undefined)[] = [
  () => undefined,
  ({ minerId, sampledAtMs }) => ({ minerId, sampledAtMs, state: 'unreachable', values: {} }),
  (r) => ({ ...r, state: 'stopped', mode: 'sleep', values: { ...r.values, hashrateThs: 0, powerW: 30 } }),
  (r) => ({ ...r, state: 'booting', values: { ...r.values, uptimeS: 20 } }),
  (r) => ({ ...r, state: 'idle', values: { ...r.values, hashrateThs: 0 } }),
  (r) => ({ ...r, values: { ...r.values, uptimeS: 5, hashrateThs: 10 } }),
  (r) => ({ ...r, values: { ...r.values, chipTempC: 99 } }),
  (r) => ({ ...r, values: { ...r.values, board2ChipTempC: 87.5 } }),
  (r) => ({ ...r, values: { ...r.values, fan2Rpm: 0 } }),
  (r) => ({ ...r, values: { ...r.values, fan1Rpm: 2_400 } }),
  (r) => ({ ...r, values: { ...r.values, fan1Rpm: 0, fan2Rpm: 0, fan3Rpm: 0, fan4Rpm: 0 } }),
  (r) => ({ ...r, values: { ...r.values, hashrateThs: 70 } }),
  (r) => ({ ...r, values: { ...r.values, hashrateThs: 1 } }),
  (r) => ({ ...r, values: { ...r.values, board1HashrateThs: 0, board1Chips: 0, hashrateThs: 63 } }),
  (r) => ({ ...r, values: { ...r.values, powerW: 4_800 } }),
  (r) => ({ ...r, values: { ...r.values, powerW: 1_200 } }),
  (r) => ({ ...r, values: { ...r.values, powerLimitW: 2_000 } }),
  (r) => ({ ...r, mode: 'low', values: omit(r, 'expectedHashrateThs') }),
  (r) => ({ ...r, mode: 'high' }),
  (r) => ({ ...r, errorCodes: ['350'] }),
  (r) => ({ ...r, errorCodes: ['111', '2010'] }),
  (r) => ({ ...r, values: omit(r, 'hashrateThs') }),
  (r) => ({ ...r, values: omit(r, 'chipTempC') }),
];
const omit = ({ values }: MinerReading, field: keyof MinerReading['values']) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name !== field));

/** Now and then a fault that lasts some sweeps; between them a miner is well, with noise. */
const troubles = fc.array(
  fc.record({
    miner: fc.nat(fleet.length - 1),
    fault: fc.nat(faults.length - 1),
    from: fc.nat(30),
    sweeps: fc.integer({ min: 1, max: 8 }),
  }),
  { maxLength: 14 },
);
const schedules = fc.record({
  troubles,
  everyS: fc.constantFrom(2, 20, 60, 150),
  noise: fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 97, maxLength: 97 }),
  /** Sweeps per batch, by turns. */
  folds: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  late: fc.array(fc.nat(20), { maxLength: 3 }),
  limited: fc.boolean(),
});
type Schedule = typeof schedules extends fc.Arbitrary<infer T> ? T : never;

const batchesOf = ({ troubles, everyS, noise, folds, late, limited }: Schedule) => {
  const sweeps = Array.from({ length: 32 }, (_, sweep) =>
    fleet.flatMap((id, miner): MinerReading[] => {
      const stray = noise[(sweep * 17 + miner * 5) % noise.length] ?? 0;
      const at = startMs + sweep * everyS * 1000 + miner * 40;
      const well = healthy(id, at, {
        hashrateThs: 95 + stray / 10,
        powerW: 3250 + stray,
        uptimeS: 500_000 + sweep * everyS,
        ...(limited && { powerLimitW: 3_300 }),
      });
      const fault = troubles.find(
        (one) => one.miner === miner && sweep >= one.from && sweep < one.from + one.sweeps,
      );
      const reading = fault ? faults[fault.fault]?.(well) : well;
      return reading ? [reading] : [];
    }),
  );
  const batches: MinerReading[][] = [];
  for (let at = 0; at < sweeps.length; ) {
    const fold = folds[batches.length % folds.length] ?? 1;
    batches.push(sweeps.slice(at, at + fold).flat());
    at += fold;
  }
  for (const from of late) {
    const [moved] = batches.splice(from % batches.length, 1);
    if (moved) batches.push(moved);
  }
  return batches.filter((batch) => batch.length > 0);
};

const place = { siteId: 1, gatewayId: 'gw', shard: 0 };

/** Either form of the state, miner by miner. */
const ofBlock = (block: LiveBlock) =>
  [...block.miners]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { reading, slices, watch }]) => ({ reading, slices, watch }));
const ofState = (live: LiveState) =>
  live.minerIds.map((_, miner) => {
    if (!live.latest) throw new Error('no latest rows');
    const newest = Math.floor((live.latestMs[miner] ?? 0) / sliceMs);
    openSlots(live.slices);
    const slices = Array.from({ length: slicesKept }, (__, back) => newest - slicesKept + 1 + back).flatMap(
      (slice) => {
        const at = (slice % slicesKept) * live.minerIds.length + miner;
        const { hashrateCount, hashrateSum, powerCount, powerSum } = live.slices;
        const entry = [slice, hashrateCount[at], hashrateSum[at], powerCount[at], powerSum[at]];
        return (hashrateCount[at] ?? 0) + (powerCount[at] ?? 0) > 0 ? [entry] : [];
      },
    );
    return { reading: readingAt(live.latest, miner), slices, watch: watchOf(live, miner) };
  });

describe('a batch in columns', () => {
  it('comes to the same as reading by reading', () => {
    let findings = 0;
    fc.assert(
      fc.property(schedules, (schedule) => {
        let block = emptyBlock(1, 'gw', 0);
        let live = emptyState(place);
        for (const readings of batchesOf(schedule)) {
          const receivedAtMs = Math.max(...readings.map(({ sampledAtMs }) => sampledAtMs));
          const expected = applyBatch(block, readings, receivedAtMs, factsOf);
          const found = applyColumns(live, toColumns(readings), receivedAtMs, factsOf);
          expect(found.anomalies).toEqual(expected.anomalies);
          expect(found.recoveries).toEqual(expected.recoveries);
          expect(ofState(found.live)).toEqual(ofBlock(expected.block));
          expect(found.live).toMatchObject({
            newestMs: expected.block.newestMs,
            intervalMs: expected.block.intervalMs,
          });
          findings += found.anomalies.length + found.recoveries.length;
          ({ block } = expected);
          ({ live } = found);
        }
      }),
      { numRuns: 60 },
    );
    expect(findings).toBeGreaterThan(500);
  });

  it('comes to the same bytes with and without the screen, and from its own bytes', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        let screened = emptyState(place);
        let judged = emptyState(place);
        let rows: LatestRows = { batch: undefined, others: undefined };
        for (const readings of batchesOf(schedule)) {
          const batch = toColumns(readings);
          const one = applyColumns(screened, batch, startMs, factsOf);
          judged = applyColumns(judged, batch, startMs, factsOf, { withoutScreen: true }).live;
          const batchBytes = encodeBatchColumns({ ...place, sequence: 1, createdAtMs: 0 }, batch);
          rows = latestRows(one.live, rows, one.fromBatch, batchBytes, batch.rows);
          const aside = { batch: undefined, others: judged.latest };
          expect(encodeLive(one.live, aside)).toEqual(encodeLive(judged, aside));
          const { rows: stored, ...parts } = decodeLive(encodeLive(one.live, rows));
          screened = { ...one.live, ...parts, latest: openLatest(stored) };
          expect(ofState(screened)).toEqual(ofState(one.live));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('comes to the same bytes in memory that is used again', () => {
    const memory = reusedMemory(1024 * 1024);
    fc.assert(
      fc.property(schedules, (schedule) => {
        let [one, other] = [unknownShard(place), unknownShard(place)];
        batchesOf(schedule).forEach((readings, sequence) => {
          const header = { ...place, sequence: sequence + 1, createdAtMs: startMs };
          const bytes = encodeBatchColumns(header, toColumns(readings));
          const [fresh, reused] = [stepped(one, bytes, freshMemory), stepped(other, bytes, memory)];
          expect(reused.found).toEqual(fresh.found);
          expect(Buffer.compare(reused.bytes, fresh.bytes)).toBe(0);
          memory.takeBack();
          // Whoever looked at what was lent before, or counts on zeros, comes to something else.
          memory.uint8(512 * 1024).fill(0xa5);
          memory.takeBack();
          [one, other] = [knownFrom(one, fresh), knownFrom(other, reused)];
        });
      }),
      { numRuns: 20 },
    );
  });
});

const stepped = (known: KnownShard, bytes: Uint8Array, memory: Memory): ShardStep => {
  const batch = decodeBatchColumns(bytes, memory);
  if (!batch.ok) throw new Error(batch.detail);
  return stepShard(known, { ...batch, bytes }, startMs, factsOf, memory);
};

const knownFrom = ({ shard }: KnownShard, { live, sequences, bytes }: ShardStep): KnownShard => {
  const { version, newestMs, receivedAtMs, intervalMs, minerIds } = live;
  const head = { version: version + 1, newestMs, receivedAtMs, intervalMs, sequences };
  return { shard, head, bytes, minerIds };
};
