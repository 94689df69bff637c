import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damagedBatches } from '../test/bad-input/damaged-batches.ts';
import { type MinerReading, minerStates, powerModes, readingFieldNames } from './reading.ts';
import {
  decodeBatch,
  decodeBatchColumns,
  encodeBatch,
  encodeBatchColumns,
  maxBatchBytes,
  type TelemetryBatch,
  toWirePrecision,
} from './telemetry-batch.ts';
import { type TelemetryColumns, toColumns } from './telemetry-columns.ts';

const values = fc.dictionary(
  fc.constantFrom(...readingFieldNames),
  fc.double({ min: -1e6, max: 1e7, noNaN: true }),
);
const reading: fc.Arbitrary<MinerReading> = fc
  .record({
    minerId: fc.constantFrom('m-1', 'm-2', 'm-3'),
    sampledAtMs: fc.integer({ min: 0, max: 4e12 }),
    state: fc.constantFrom(...minerStates),
    mode: fc.option(fc.constantFrom(...powerModes), { nil: undefined }),
    errorCodes: fc.option(fc.array(fc.constantFrom('110', '218', '541'), { maxLength: 3 }), {
      nil: undefined,
    }),
    values,
  })
  .map(({ mode, errorCodes, ...rest }) => ({
    ...rest,
    ...(mode && { mode }),
    ...(errorCodes && { errorCodes }),
  }));
const batchOf = (readings: MinerReading[]): TelemetryBatch => ({
  siteId: 1,
  gatewayId: 'gw-1',
  shard: 0,
  sequence: 7,
  createdAtMs: 1_700_000_000_000,
  readings,
});
const asWire = ({ minerId, sampledAtMs, state, mode, errorCodes, values }: MinerReading) => ({
  minerId,
  sampledAtMs,
  state,
  mode,
  errorCodes,
  values: Object.fromEntries(
    readingFieldNames.flatMap((field) => {
      const value = values[field];
      return value === undefined ? [] : [[field, toWirePrecision(field, value) + 0]];
    }),
  ),
});
const sorted = (rows: readonly MinerReading[]) => rows.map((row) => JSON.stringify(asWire(row))).toSorted();

describe('telemetry format 2', () => {
  it('gives back every reading at its stated precision, absent staying absent', () => {
    fc.assert(
      fc.property(fc.array(reading, { minLength: 1, maxLength: 40 }), (readings) => {
        const decoded = decodeBatch(encodeBatch(batchOf(readings)));
        if (!decoded.ok) throw new Error(decoded.detail);
        expect(sorted(decoded.batch.readings)).toEqual(sorted(readings));
      }),
    );
  });

  it('names the fault of every truncation and never throws on flipped bytes', () => {
    const bytes = encodeBatch(
      batchOf([
        { minerId: 'm-1', sampledAtMs: 5, state: 'hashing', values: { powerW: 3250, hashrateThs: 110.5 } },
      ]),
    );
    for (let length = 0; length < bytes.length; length++)
      expect(decodeBatch(bytes.subarray(0, length)).ok).toBe(false);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        decodeBatch(damaged);
      }),
    );
  });

  it('refuses what is not a number instead of sending it', () => {
    const row: MinerReading = {
      minerId: 'm-1',
      sampledAtMs: 5,
      state: 'hashing',
      values: { powerW: Number.NaN },
    };
    expect(() => encodeBatch(batchOf([row]))).toThrow(/powerW of m-1/);
  });

  it('names what is wrong with a batch', () => {
    const good = encodeBatch(
      batchOf([{ minerId: 'x-1', sampledAtMs: 5, state: 'hashing', values: { hashrateThs: 100 } }]),
    );
    const found = damagedBatches(good).map(([name, bytes]) => {
      const decoded = decodeBatch(bytes);
      return [name, decoded.ok ? 'OK' : decoded.fault];
    });
    expect(found).toEqual(damagedBatches(good).map(([name, , fault]) => [name, fault]));
    expect(decodeBatch(new Uint8Array(maxBatchBytes + 1))).toMatchObject({ ok: false, fault: 'TOO_LARGE' });
  });

  it('has the same bytes whatever the order of its readings and of its error sets', () => {
    const unique = fc.uniqueArray(reading, {
      minLength: 1,
      maxLength: 20,
      selector: ({ minerId, sampledAtMs }) => `${minerId} ${sampledAtMs}`,
    });
    fc.assert(
      fc.property(unique, fc.infiniteStream(fc.nat()), (readings, order) => {
        const bytes = encodeBatch(batchOf(readings));
        const keyed = readings.map((row) => ({ row, key: order.next().value ?? 0 }));
        const shuffled = keyed.toSorted((a, b) => a.key - b.key).map(({ row }) => row);
        expect(encodeBatch(batchOf(shuffled))).toEqual(bytes);
        const decoded = decodeBatchColumns(bytes);
        if (!decoded.ok) throw new Error(decoded.detail);
        const { columns, header } = decoded;
        expect(encodeBatchColumns(header, columns)).toEqual(bytes);
        const sets = [['unused'], ...columns.errorSets.toReversed()];
        const renumbered = columns.errorSet.map((set) => (set === 0 ? 0 : sets.length + 1 - set));
        expect(encodeBatchColumns(header, { ...columns, errorSets: sets, errorSet: renumbered })).toEqual(
          bytes,
        );
      }),
    );
  });

  it('refuses rows that are out of order', () => {
    const columns = toColumns([
      { minerId: 'a', sampledAtMs: 5, state: 'idle', values: {} },
      { minerId: 'b', sampledAtMs: 5, state: 'idle', values: {} },
    ]);
    const { readings, ...header } = batchOf([]);
    expect(readings).toEqual([]);
    const encode = (changes: Partial<TelemetryColumns>) => () =>
      encodeBatchColumns(header, { ...columns, ...changes });
    expect(encode({ miner: Uint32Array.of(1, 0) })).toThrow(/not ordered/);
    expect(encode({ miner: Uint32Array.of(0, 0) })).toThrow(/b has no row/);
    expect(encode({ minerIds: ['b', 'a'] })).toThrow(/order/);
    expect(
      encode({ miner: Uint32Array.of(0, 0), minerIds: ['a'], sampledAtMs: Float64Array.of(5, 4) }),
    ).toThrow(/times/);
    expect(encode({ sampledAtMs: Float64Array.of(5, Number.NaN) })).toThrow(/no time/);
    expect(encode({ errorSet: Uint16Array.of(0, 1) })).toThrow(/error set/);
  });
});
