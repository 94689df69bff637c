import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MinerReading } from '../../contracts/reading.ts';
import { decodeBatch } from '../../contracts/telemetry-batch.ts';
import { batcher } from '../polling/batcher.ts';
import { assignShards } from '../polling/shards.ts';
import { place } from '../test-kit/memory-bus.ts';
import { Outbox } from './outbox.ts';
import { StateFile } from './state-file.ts';

const reading = (at: number): MinerReading => ({
  minerId: `m-${at % 97}`,
  sampledAtMs: 1_700_000_000_000 + at * 1_000,
  state: 'hashing',
  values: { hashrateThs: Math.random() * 200, powerW: Math.random() * 4_000, chipTempC: Math.random() * 100 },
});
const decoded = (outbox: Outbox) =>
  outbox.next('telemetry', 0, 10_000).map(({ payload }) => {
    const batch = decodeBatch(payload);
    if (!batch.ok) throw new Error(batch.detail);
    return { bytes: payload.length, ...batch.batch };
  });

describe('batcher', () => {
  it('splits what would be too large, loses no reading, and numbers batches without gaps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.integer({ min: 2_000, max: 60_000 }),
        (count, maxBytes) => {
          const state = new StateFile(':memory:');
          const outbox = new Outbox(state, 1e9);
          const pack = batcher({ state, outbox, place, maxBytes, nowMs: () => 5 });
          const readings = Array.from({ length: count }, (_, at) => reading(at));
          const { sequences } = pack(3, readings);
          const batches = decoded(outbox);
          expect(batches.map(({ sequence }) => sequence)).toEqual(sequences);
          expect(sequences).toEqual(sequences.map((_, at) => at + 1));
          for (const { bytes, shard } of batches) {
            expect(bytes).toBeLessThanOrEqual(maxBytes);
            expect(shard).toBe(3);
          }
          const times = batches
            .flatMap((batch) => batch.readings.map(({ sampledAtMs }) => sampledAtMs))
            .toSorted((a, b) => a - b);
          expect(times).toEqual(readings.map(({ sampledAtMs }) => sampledAtMs));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('gives no number to a batch that it could not make', () => {
    const state = new StateFile(':memory:');
    const outbox = new Outbox(state, 1e9);
    const pack = batcher({ state, outbox, place, maxBytes: 1e5, nowMs: () => 5 });
    expect(() => pack(0, [{ ...reading(1), values: { powerW: Number.NaN } }])).toThrow(RangeError);
    expect(pack(0, [reading(1)]).sequences).toEqual([1]);
    expect(pack(0, []).sequences).toEqual([]);
  });
});

describe('outbox', () => {
  it('keeps its order and what is unacknowledged over a restart, in a file for its owner alone', () => {
    const directory = mkdtempSync(join(tmpdir(), 'outbox-'));
    const first = new StateFile(directory);
    const before = new Outbox(first, 1_000);
    for (const byte of [1, 2, 3]) before.put('telemetry', 't', Uint8Array.of(byte));
    before.put('control', 'c', Uint8Array.of(9));
    before.acknowledge([1]);
    first.close();
    const second = new StateFile(directory);
    const after = new Outbox(second, 1_000);
    expect(after.next('telemetry', 0, 10).map(({ payload }) => payload[0])).toEqual([2, 3]);
    expect(after.next('control', 0, 10)).toHaveLength(1);
    expect(after.telemetryBytes).toBe(2);
    expect(statSync(join(directory, 'gateway.db')).mode & 0o077).toBe(0);
    second.close();
    rmSync(directory, { recursive: true });
  });

  it('drops the oldest telemetry past its bound, says how much, and never drops an answer', () => {
    const outbox = new Outbox(new StateFile(':memory:'), 10);
    outbox.put('control', 'c', new Uint8Array(50));
    expect(outbox.put('telemetry', 't', new Uint8Array(6))).toEqual({ dropped: 0 });
    expect(outbox.put('telemetry', 't', new Uint8Array(4))).toEqual({ dropped: 0 });
    expect(outbox.put('telemetry', 't', new Uint8Array(5))).toEqual({ dropped: 1 });
    expect(outbox.next('telemetry', 0, 9).map(({ payload }) => payload.length)).toEqual([4, 5]);
    expect(outbox.count('control')).toBe(1);
  });
});

describe('shards', () => {
  it('stay with their miners whatever is added and removed, and never exceed their size', () => {
    const lists = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(lists, (rounds) => {
        const state = new StateFile(':memory:');
        let previous: ReadonlyMap<string, number> = new Map();
        for (const ids of rounds) {
          const shards = assignShards(
            state,
            ids.map((id) => `m-${id}`),
            7,
          );
          expect(shards.size).toBe(ids.length);
          const sizes = Map.groupBy(shards.values(), (shard) => shard);
          for (const members of sizes.values()) expect(members.length).toBeLessThanOrEqual(7);
          for (const [id, shard] of shards) if (previous.has(id)) expect(shard).toBe(previous.get(id));
          previous = shards;
        }
      }),
    );
  });
});
