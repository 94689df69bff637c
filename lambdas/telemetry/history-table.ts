import { minerStates, type ReadingField, readingFieldNames, readingFields } from '../../contracts/reading.ts';
import { type MergeRules, rowsOf, type TierTable } from './tier-table.ts';
import { windowMs } from './windows.ts';

/**
 * Columns of a miner's windows, so chosen that what never changes costs nothing: `w` window since the block's first, `n` samples, `s1`… samples
 * in each state but hashing (absent: none); by number of the field:
 * a gauge's `m` minimum, `x` maximum − minimum, `s` sum − minimum × samples; a counter's `l` last, `d` last − first, `r` rise − (last − first)
 * (absent: 0); of both `n` samples − the field's samples (absent: 0).
 */
export const historyRules: MergeRules = {
  key: 'w',
  names: [
    'w',
    'n',
    ...minerStates.slice(1).map((_, index) => `s${index + 1}`),
    ...readingFieldNames.flatMap((field, index) =>
      (readingFields[field].kind === 'gauge' ? ['m', 'x', 's', 'n'] : ['l', 'd', 'r', 'n']).map(
        (part) => `${index}${part}`,
      ),
    ),
  ],
};

/** The columns to read for these fields; windows, samples and states always. */
export const historyColumnsOf = (fields: readonly ReadingField[]): ReadonlySet<string> => {
  const wanted = new Set(fields.map((field) => String(readingFieldNames.indexOf(field))));
  return new Set(historyRules.names.filter((name) => !/^\d/.test(name) || wanted.has(name.slice(0, -1))));
};

/** Where each window of each miner begins among the rows: rows of raw blocks are in the order of time. */
const cutWindows = (raw: TierTable, baseMs: number) => {
  const times = raw.columns.get('t') ?? new Float64Array();
  const starts: number[] = [];
  const windows: number[] = [];
  const groups = new Uint32Array(raw.minerIds.length);
  for (let miner = 0; miner < raw.minerIds.length; miner++) {
    const [from, to] = rowsOf(raw, miner);
    groups[miner] = starts.length;
    let before = Number.NaN;
    for (let at = from; at < to; at++) {
      const window = Math.floor((baseMs + (times[at] ?? 0)) / windowMs);
      if (window === before) continue;
      before = window;
      starts.push(at);
      windows.push(window);
    }
  }
  return { starts, windows, groups };
};

/** The windows of raw rows (whole windows only); `w` counts from the window at `firstMs`. */
export const historyOf = (raw: TierTable, baseMs: number, firstMs: number): TierTable => {
  const { starts, windows, groups } = cutWindows(raw, baseMs);
  const rows = starts.length;
  const first = firstMs / windowMs;
  const columns = new Map<string, Float64Array>();
  columns.set(
    'w',
    Float64Array.from(windows, (window) => window - first),
  );
  const samples = Float64Array.from(starts, (start, at) => (starts[at + 1] ?? raw.rows) - start);
  columns.set('n', samples);
  addStates(columns, raw.columns.get('s'), starts, raw.rows);
  readingFieldNames.forEach((field, index) => {
    const column = raw.columns.get(String(index));
    if (!column) return;
    const add = readingFields[field].kind === 'gauge' ? addGauge : addCounter;
    add(columns, String(index), column, starts, samples);
  });
  return { rows, minerIds: raw.minerIds, groups, columns, texts: [] };
};

type Columns = Map<string, Float64Array>;
const absent = (rows: number) => new Float64Array(rows).fill(Number.NaN);

const addStates = (
  into: Columns,
  states: Float64Array | undefined,
  starts: readonly number[],
  end: number,
) => {
  if (!states) return;
  starts.forEach((start, window) => {
    for (let at = start; at < (starts[window + 1] ?? end); at++) {
      const state = states[at] ?? Number.NaN;
      if (Number.isNaN(state)) continue;
      const name = `s${state}`;
      const column = into.get(name) ?? absent(starts.length);
      into.set(name, column);
      column[window] = (column[window] || 0) + 1;
    }
  });
};

const setMissing = (into: Columns, field: string, window: number, rows: number, missing: number) => {
  if (missing === 0) return;
  const column = into.get(`${field}n`) ?? absent(rows);
  into.set(`${field}n`, column);
  column[window] = missing;
};

const addGauge = (
  into: Columns,
  field: string,
  column: Float64Array,
  starts: readonly number[],
  samples: Float64Array,
) => {
  const rows = starts.length;
  const [least, spread, above] = [absent(rows), absent(rows), absent(rows)];
  for (let window = 0; window < rows; window++) {
    const start = starts[window] ?? 0;
    const end = start + (samples[window] ?? 0);
    let [n, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = start; at < end; at++) {
      const value = column[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      n++;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (n === 0) continue;
    least[window] = min;
    spread[window] = max - min;
    above[window] = sum - n * min;
    setMissing(into, field, window, rows, end - start - n);
  }
  into.set(`${field}m`, least);
  into.set(`${field}x`, spread);
  into.set(`${field}s`, above);
};

const addCounter = (
  into: Columns,
  field: string,
  column: Float64Array,
  starts: readonly number[],
  samples: Float64Array,
) => {
  const rows = starts.length;
  const [lasts, distances] = [absent(rows), absent(rows)];
  for (let window = 0; window < rows; window++) {
    const start = starts[window] ?? 0;
    const end = start + (samples[window] ?? 0);
    let [n, rise, first, last] = [0, 0, 0, 0];
    for (let at = start; at < end; at++) {
      const value = column[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      if (n === 0) first = value;
      else rise += riseTo(last, value);
      last = value;
      n++;
    }
    if (n === 0) continue;
    lasts[window] = last;
    distances[window] = last - first;
    setMissing(into, field, window, rows, end - start - n);
    const restarts = rise - (last - first);
    if (restarts === 0) continue;
    const corrections = into.get(`${field}r`) ?? absent(rows);
    into.set(`${field}r`, corrections);
    corrections[window] = restarts;
  }
  into.set(`${field}l`, lasts);
  into.set(`${field}d`, distances);
};

/** How far a counter rose from one sample to the next: a lower one was reset by a restart and has risen from zero. */
export const riseTo = (before: number, value: number) => (value >= before ? value - before : value);

/** One field of windows, in whole units of its last decimal. NaN where the window has no sample of it. */
export type GaugeWindows = {
  readonly kind: 'gauge';
  readonly n: Float64Array;
  readonly sum: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
};
export type CounterWindows = {
  readonly kind: 'counter';
  readonly n: Float64Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Within the window; between two windows it is riseTo(last of the one, first of the next). */
  readonly rise: Float64Array;
};

// Ninety days of a miner are 26,000 windows: loops are written out.

/** Samples of a field in each window: those of the window without the missing ones. */
const countsOf = ({ rows, columns }: TierTable, missing: Float64Array | undefined, present: Float64Array) => {
  const samples = columns.get('n');
  const n = new Float64Array(rows);
  for (let at = 0; at < rows; at++)
    if (!Number.isNaN(present[at] as number))
      n[at] = (samples?.[at] as number) - (missing ? missing[at] || 0 : 0);
  return n;
};

/** A gauge of a history table; undefined where no window has it. */
export const gaugeOf = (table: TierTable, field: ReadingField): GaugeWindows | undefined => {
  const { rows, columns } = table;
  const index = readingFieldNames.indexOf(field);
  const min = columns.get(`${index}m`);
  if (!min || !columns.has('n')) return undefined;
  const [spread, above] = [columns.get(`${index}x`), columns.get(`${index}s`)];
  const n = countsOf(table, columns.get(`${index}n`), min);
  const max = new Float64Array(rows);
  const sum = new Float64Array(rows);
  for (let at = 0; at < rows; at++) {
    const least = min[at] as number;
    max[at] = least + (spread ? (spread[at] as number) : Number.NaN);
    sum[at] = (n[at] as number) * least + (above ? (above[at] as number) : Number.NaN);
  }
  return { kind: 'gauge', n, min, max, sum };
};

/** A counter of a history table; undefined where no window has it. */
export const counterOf = (table: TierTable, field: ReadingField): CounterWindows | undefined => {
  const { rows, columns } = table;
  const index = readingFieldNames.indexOf(field);
  const [last, distance] = [columns.get(`${index}l`), columns.get(`${index}d`)];
  if (!last || !columns.has('n')) return undefined;
  const restarts = columns.get(`${index}r`);
  const n = countsOf(table, columns.get(`${index}n`), last);
  const first = new Float64Array(rows);
  const rise = new Float64Array(rows);
  for (let at = 0; at < rows; at++) {
    const between = distance ? (distance[at] as number) : Number.NaN;
    first[at] = (last[at] as number) - between;
    rise[at] = between + (restarts ? restarts[at] || 0 : 0);
  }
  return { kind: 'counter', n, last, first, rise };
};

/** How many samples of each window were in each state, in the order of minerStates. */
export const statesOf = ({ rows, columns }: TierTable): Float64Array[] => {
  const hashing = Float64Array.from(columns.get('n') ?? new Float64Array(rows));
  const others = minerStates.slice(1).map((_, index) => {
    const counts = new Float64Array(rows);
    const column = columns.get(`s${index + 1}`);
    for (let at = 0; column && at < rows; at++) {
      const count = column[at] || 0;
      counts[at] = count;
      hashing[at] = (hashing[at] as number) - count;
    }
    return counts;
  });
  return [hashing, ...others];
};
