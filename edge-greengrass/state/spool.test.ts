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
import { foldSlots } from './make-room.ts';
import { Outbox } from './outbox.ts';
import { Spool } from './spool.ts';
import { StateFile } from './state-file.ts';

const startMs = 5_666_667 * 300_000;
const reading = (at: number): MinerReading => ({
  minerId: `m-${at % 97}`,
  sampledAtMs: startMs + at * 1_000,
  state: 'hashing',
  values: { hashrateThs: Math.random() * 200, powerW: Math.random() * 4_000, chipTempC: Math.random() * 100 },
});
const sweep = (miners: number, minute: number): MinerReading[] =>
  Array.from({ length: miners }, (_, at) => ({
    ...reading(at),
    minerId: `m-${at}`,
    sampledAtMs: startMs + minute * 60_000 + at,
  }));
const everything = Number.MAX_SAFE_INTEGER;
const decoded = (spool: Spool) =>
  spool.waiting('backlog', everything, 10_000).map(({ sequence }) => {
    const payload = spool.payload(sequence) ?? new Uint8Array();
    const batch = decodeBatch(payload);
    if (!batch.ok) throw new Error(batch.detail);
    return { bytes: payload.length, ...batch.batch };
  });
const identities = (rows: readonly MinerReading[]) =>
  rows.map(({ minerId, sampledAtMs }) => `${minerId} ${sampledAtMs}`).toSorted();

/** A spool on a clock of its own, one sweep a minute. */
const anOffline = ({ spoolBytes = 1e9, maxBytes = 120 * 1_024, directory = ':memory:' } = {}) => {
  let atMs = startMs;
  const state = new StateFile(directory);
  const spool = new Spool(state, startMs);
  const fold = { spool, place, maxBytes };
  const pack = batcher({ ...fold, spoolBytes, nowMs: () => atMs });
  return {
    state,
    spool,
    pack,
    setClock: (ms: number) => {
      atMs = ms;
    },
    sweep: (shard: number, miners: number, minute: number) => {
      atMs = startMs + minute * 60_000;
      foldSlots(fold, shard, atMs, 5 * 60_000);
      return pack(shard, sweep(miners, minute));
    },
  };
};

/** Every batch links to the one before it in its shard, and the first to `from`. */
const expectChain = (batches: readonly { sequence: number; previousSequence?: number }[], from = 0) => {
  let link = from;
  for (const { sequence, previousSequence } of batches) {
    expect(previousSequence).toBe(link);
    expect(sequence).toBeGreaterThan(link);
    link = sequence;
  }
};

describe('batcher', () => {
  it('splits what would be too large, loses no reading, and numbers and links batches without gaps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.integer({ min: 2_000, max: 60_000 }),
        (count, maxBytes) => {
          const { spool, pack } = anOffline({ maxBytes });
          const readings = Array.from({ length: count }, (_, at) => reading(at));
          const { sequences } = pack(3, readings);
          const batches = decoded(spool);
          expect(batches.map(({ sequence }) => sequence)).toEqual(sequences);
          expect(sequences).toEqual(sequences.map((_, at) => startMs + at + 1));
          expectChain(batches);
          for (const { bytes, shard } of batches) {
            expect(bytes).toBeLessThanOrEqual(maxBytes);
            expect(shard).toBe(3);
          }
          expect(identities(batches.flatMap((batch) => batch.readings))).toEqual(identities(readings));
        },
      ),
      { numRuns: 12 },
    );
  });

  it('gives no number to a batch that it could not make', () => {
    const { pack } = anOffline();
    expect(() => pack(0, [{ ...reading(1), values: { powerW: Number.NaN } }])).toThrow(RangeError);
    expect(pack(0, [reading(1)]).sequences).toEqual([startMs + 1]);
    expect(pack(0, []).sequences).toEqual([]);
  });

  it('says in every batch how deep the spool was', () => {
    const { spool, sweep: next } = anOffline();
    next(0, 3, 0);
    next(0, 3, 2);
    expect(decoded(spool).map(({ spool: depth }) => depth)).toEqual([
      { waiting: 0, oldestMs: 0, bytes: 0, thinnedRows: 0, droppedRows: 0 },
      { waiting: 1, oldestMs: 120_000, bytes: expect.any(Number), thinnedRows: 0, droppedRows: 0 },
    ]);
  });
});

describe('spool', () => {
  it('keeps what has no receipt over a restart, never repeats a sequence, and is for its owner alone', () => {
    const directory = mkdtempSync(join(tmpdir(), 'spool-'));
    const first = anOffline({ directory });
    const [one = 0, two = 0, three = 0] = [0, 1, 2].flatMap((minute) => first.sweep(0, 2, minute).sequences);
    first.spool.hand([one, two]);
    first.spool.sent([one], startMs, 60_000);
    first.spool.forgetCovered(0, 0, two);
    first.state.close();
    const second = anOffline({ directory });
    expect(decoded(second.spool).map(({ sequence }) => sequence)).toEqual([three]);
    expect(second.spool.bytes).toBe(second.spool.payload(three)?.length);
    expect(second.sweep(0, 2, 3).sequences).toEqual([three + 1]);
    expectChain(decoded(second.spool), two);
    expect(statSync(join(directory, 'gateway.db')).mode & 0o077).toBe(0);
    second.state.close();
    rmSync(directory, { recursive: true });
  });

  it('begins above the sequences of a disk that was lost, and jumps over those that the cloud knows', () => {
    const { spool, pack } = anOffline();
    expect(pack(0, [reading(1)]).sequences).toEqual([startMs + 1]);
    expect(spool.skipTo(startMs)).toBe(false);
    expect(spool.skipTo(startMs + 50)).toBe(true);
    expect(pack(0, [reading(1)]).sequences).toEqual([startMs + 51]);
  });

  it('sends again what no receipt covers, at growing intervals, and in the end leaves it', () => {
    const { spool, pack } = anOffline();
    const [sequence = 0] = pack(0, [reading(1)]).sequences;
    spool.state.setCounter('receipt_issued_ms', 1);
    const times: number[] = [];
    for (let minute = 0; minute < 6_000; minute++) {
      spool.requeueOverdue(minute * 60_000);
      if (spool.waitingCount === 0) continue;
      times.push(minute);
      spool.hand([sequence]);
      spool.sent([sequence], minute * 60_000, 15 * 60_000);
    }
    expect(times).toEqual([0, 15, 45, 105, 225, 465, 825, 1_185]);
  });
});

describe('folding', () => {
  it('puts past slots of five minutes into fewer, smaller batches with every row, and whole links', () => {
    const { spool, sweep: next } = anOffline({ maxBytes: 16 * 1_024 });
    const plain = anOffline({ maxBytes: 16 * 1_024 });
    for (let minute = 0; minute < 23; minute++)
      for (const shard of [0, 1]) {
        next(shard, 400, minute);
        plain.pack(shard, sweep(400, minute));
      }
    const batches = decoded(spool);
    for (const shard of [0, 1]) expectChain(batches.filter((batch) => batch.shard === shard));
    expect(identities(batches.flatMap(({ readings }) => readings))).toEqual(
      identities(decoded(plain.spool).flatMap(({ readings }) => readings)),
    );
    expect(spool.bytes).toBeLessThan(plain.spool.bytes);
    expect(spool.waitingCount).toBeLessThan(plain.spool.waitingCount);
    expect(spool.bytes).toBe(batches.reduce((sum, { bytes }) => sum + bytes, 0));
    const slots = batches.map(({ readings }) =>
      readings.map(({ sampledAtMs }) => Math.floor(sampledAtMs / 300_000)),
    );
    for (const slot of slots) expect(new Set(slot).size).toBe(1);
  });

  it('leaves alone what was handed to the line', () => {
    const { spool, sweep: next } = anOffline();
    const sequences = [0, 1, 2].flatMap((minute) => next(0, 5, minute).sequences);
    spool.hand(sequences.slice(1, 2));
    const [, before] = decoded(spool);
    next(0, 5, 9);
    const [, after] = decoded(spool);
    expect(after).toEqual(before);
    expectChain(decoded(spool));
    expect(decoded(spool)).toHaveLength(4);
  });
});

describe('a full spool', () => {
  it('thins the oldest first, by two, four, eight, and drops whole batches only then', () => {
    const { spool, sweep: next } = anOffline({ spoolBytes: 48 * 1_024 });
    let firstThinned = 0;
    let firstDropped = 0;
    for (let minute = 0; minute < 3_000 && firstDropped === 0; minute++) {
      const { room } = next(0, 40, minute);
      expect(spool.bytes).toBeLessThanOrEqual(48 * 1_024);
      if (room.thinnedRows > 0) firstThinned ||= minute;
      if (room.droppedBatches > 0) firstDropped = minute;
    }
    expect(firstThinned).toBeGreaterThan(10);
    expect(firstDropped).toBeGreaterThan(firstThinned * 5);
    const batches = decoded(spool);
    expectChain(batches, batches[0]?.previousSequence);
    const rows = batches.reduce((sum, { readings }) => sum + readings.length, 0);
    expect(rows + spool.tally('thinnedRows') + spool.tally('droppedRows')).toBe(spool.tally('putRows'));
    expect(spool.bytes).toBe(batches.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('keeps what tells of a change when it thins', () => {
    const { spool, pack, setClock } = anOffline({ spoolBytes: 64 * 1_024 });
    const states = ['hashing', 'hashing', 'hashing', 'fault', 'hashing', 'hashing'] as const;
    for (let minute = 0; minute < 120 && spool.tally('thinnedRows') === 0; minute++) {
      setClock(startMs + minute * 60_000);
      pack(
        0,
        sweep(60, minute).map((row) => ({ ...row, state: states[minute % states.length] ?? 'idle' })),
      );
    }
    expect(spool.tally('thinnedRows')).toBeGreaterThan(0);
    const rows = decoded(spool).flatMap(({ readings }) => readings);
    const faults = rows.filter(({ state }) => state === 'fault').length;
    expect(faults).toBe(60 * Math.floor((spool.tally('putRows') / 60 + 2) / 6));
  });

  it('gives up what the broker has acknowledged before anything that it has not', () => {
    const { spool, sweep: next } = anOffline({ spoolBytes: 64 * 1_024 });
    for (let minute = 0; spool.tally('unconfirmedRows') === 0; minute++) {
      const { sequences } = next(0, 100, minute);
      if (minute < 2) {
        spool.hand(sequences);
        spool.sent(sequences, 0, 1e6);
      }
    }
    expect(spool.tally('thinnedRows')).toBe(0);
    expect(spool.tally('droppedRows')).toBe(0);
  });
});

describe('outbox', () => {
  it('keeps its order over a restart', () => {
    const directory = mkdtempSync(join(tmpdir(), 'outbox-'));
    const first = new StateFile(directory);
    const before = new Outbox(first);
    for (const byte of [1, 2, 3]) before.put('c', Uint8Array.of(byte));
    before.acknowledge([1]);
    first.close();
    const second = new StateFile(directory);
    expect(new Outbox(second).next(10).map(({ payload }) => payload[0])).toEqual([2, 3]);
    second.close();
    rmSync(directory, { recursive: true });
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
