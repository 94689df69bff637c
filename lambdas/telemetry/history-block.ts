import * as z from 'zod';
import { epochMs } from '../../contracts/identifiers.ts';
import {
  type MinerReading,
  minerStates,
  type ReadingField,
  readingFieldNames,
  readingFields,
} from '../../contracts/reading.ts';
import { fieldsOf } from './check-batch.ts';

/**
 * One field of one miner in one window, in whole units of the field's last decimal: [samples, sum, minimum, maximum].
 * Whole numbers, so that neither order nor grouping can change a sum.
 */
const gaugeFigures = z.tuple([z.int(), z.int(), z.int(), z.int()]);
/** A counter: [time of its first sample, first value, time of its last sample, last value, highest value]. */
const counterFigures = z.tuple([epochMs, z.int(), epochMs, z.int(), z.int()]);
export type GaugeFigures = z.infer<typeof gaugeFigures>;
export type CounterFigures = z.infer<typeof counterFigures>;

export const minerWindow = z.strictObject({
  samples: z.int().positive(),
  firstMs: epochMs,
  lastMs: epochMs,
  states: z.partialRecord(z.enum(minerStates), z.int()),
  gauges: z.partialRecord(z.enum(readingFieldNames), gaugeFigures),
  counters: z.partialRecord(z.enum(readingFieldNames), counterFigures),
});
export type MinerWindow = z.infer<typeof minerWindow>;

/** Five minutes of one shard. `batches` names what is in it, so that nothing is ever counted twice. */
export const historyBlock = z.strictObject({
  batches: z.array(z.string()),
  miners: z.record(z.string(), minerWindow),
});
export type HistoryBlock = z.infer<typeof historyBlock>;

export const emptyHistory: HistoryBlock = { batches: [], miners: {} };

export type NamedBatch = { readonly name: string; readonly readings: readonly MinerReading[] };

/**
 * Adds batches to a window's block, leaving out those that are in it already. Associative, commutative and idempotent:
 * whatever the order and however often batches arrive, the block is the same.
 */
export const addBatches = (block: HistoryBlock, batches: readonly NamedBatch[]): HistoryBlock => {
  const names = new Set(block.batches);
  const miners: Record<string, MinerWindow> = { ...block.miners };
  for (const { name, readings } of batches) {
    if (names.has(name)) continue;
    names.add(name);
    for (const reading of readings) {
      const before = miners[reading.minerId];
      const one = windowOfReading(reading);
      miners[reading.minerId] = before ? merge(before, one) : one;
    }
  }
  const sorted = Object.fromEntries(Object.entries(miners).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return { batches: [...names].toSorted(), miners: sorted };
};

export const scaleOf = (field: ReadingField) => 10 ** readingFields[field].decimals;

const windowOfReading = (reading: MinerReading): MinerWindow => {
  const at = reading.sampledAtMs;
  const window: MinerWindow = {
    samples: 1,
    firstMs: at,
    lastMs: at,
    states: { [reading.state]: 1 },
    gauges: {},
    counters: {},
  };
  for (const field of fieldsOf(reading)) {
    const value = Math.round((reading.values[field] ?? 0) * scaleOf(field));
    if (readingFields[field].kind === 'counter') window.counters[field] = [at, value, at, value, value];
    else window.gauges[field] = [1, value, value, value];
  }
  return window;
};

const merge = (a: MinerWindow, b: MinerWindow): MinerWindow => ({
  samples: a.samples + b.samples,
  firstMs: Math.min(a.firstMs, b.firstMs),
  lastMs: Math.max(a.lastMs, b.lastMs),
  states: mergeBy(minerStates, a.states, b.states, (x, y) => x + y),
  gauges: mergeBy(readingFieldNames, a.gauges, b.gauges, mergeGauges),
  counters: mergeBy(readingFieldNames, a.counters, b.counters, mergeCounters),
});

const mergeBy = <K extends string, V>(
  keys: readonly K[],
  a: Partial<Record<K, V>>,
  b: Partial<Record<K, V>>,
  combine: (x: V, y: V) => V,
): Partial<Record<K, V>> => {
  const merged: Partial<Record<K, V>> = {};
  for (const key of keys) {
    const [x, y] = [a[key], b[key]];
    if (x !== undefined && y !== undefined) merged[key] = combine(x, y);
    else if (x !== undefined) merged[key] = x;
    else if (y !== undefined) merged[key] = y;
  }
  return merged;
};

const mergeGauges = (a: GaugeFigures, b: GaugeFigures): GaugeFigures => [
  a[0] + b[0],
  a[1] + b[1],
  Math.min(a[2], b[2]),
  Math.max(a[3], b[3]),
];

/** Of two samples with one time the smaller is the first and the greater the last, whichever came first. */
const mergeCounters = (a: CounterFigures, b: CounterFigures): CounterFigures => {
  const [firstMs, first] = earlier([a[0], a[1]], [b[0], b[1]]);
  const [lastMs, last] = later([a[2], a[3]], [b[2], b[3]]);
  return [firstMs, first, lastMs, last, Math.max(a[4], b[4])];
};

type Moment = readonly [atMs: number, value: number];
const earlier = (a: Moment, b: Moment) => (a[0] < b[0] || (a[0] === b[0] && a[1] <= b[1]) ? a : b);
const later = (a: Moment, b: Moment) => (a[0] > b[0] || (a[0] === b[0] && a[1] >= b[1]) ? a : b);

/** How far a counter rose within a window; lower at the end than once before means that a restart reset it. */
export const riseWithin = ([, first, , last, highest]: CounterFigures) =>
  last >= highest ? Math.max(0, last - first) : highest - first + last;
