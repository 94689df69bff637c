import type {
  FieldSeries,
  MinerSeriesAnswer,
  SeriesStatistic,
} from '../../contracts/api-telemetry-series.ts';
import { minerStates, type ReadingField, readingFields } from '../../contracts/reading.ts';
import { wireNameOf } from '../../contracts/reading-wire-names.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { type JsonText, numbersText, type Written } from '../shared/json-text.ts';
import { type CounterWindows, type GaugeWindows, riseTo } from './history-table.ts';
import type { WindowColumns } from './read-tiers.ts';

/** Steps of equal length: every window falls into one, and where none does the step is a gap. */
export type Grid = { readonly startMs: number; readonly stepMs: number; readonly count: number };

/** The steps of a multiple of five minutes that touch the interval. */
export const gridOf = (fromMs: number, toMs: number, stepMs: number): Grid => {
  const startMs = fromMs - (fromMs % stepMs);
  return { startMs, stepMs, count: Math.max(0, Math.ceil((toMs - startMs) / stepMs)) };
};

type Points = Written<
  Pick<MinerSeriesAnswer, 'count' | 'at' | 'state' | 'samples' | 'hashing_samples' | 'fields'>
>;
type Series = Written<FieldSeries>;
const about = (field: ReadingField) => ({ unit: readingFields[field].unit, kind: readingFields[field].kind });

/** Windows on a grid: counts and sums add up, extremes stay, so an hour is exact and not a mean of means. */
export const presentWindowColumns = (
  windows: WindowColumns,
  grid: Grid,
  fields: readonly ReadingField[],
  stats: readonly SeriesStatistic[],
): Points => {
  const { startMs } = windows;
  const step = new Int32Array(windows.rows);
  for (let at = 0; at < step.length; at++)
    step[at] = Math.floor(((startMs[at] as number) - grid.startMs) / grid.stepMs);
  const series: Record<string, Series> = {};
  for (const field of fields)
    series[wireNameOf(field)] =
      readingFields[field].kind === 'gauge'
        ? { ...about(field), ...gaugeSeries(windows.gauge(field), step, grid.count, field, new Set(stats)) }
        : {
            ...about(field),
            increase: numbersText(increases(windows.counter(field), step, grid.count)),
          };
  return {
    count: grid.count,
    at: timesOf(grid),
    samples: numbersText(sumOf(windows.samples, step, columnOf(0, grid.count, 0))),
    hashing_samples: numbersText(sumOf(windows.states[0], step, columnOf(0, grid.count, 0))),
    fields: series,
  };
};

/** The same grid is asked for again and again: by everybody, until the next five minutes are over. */
let latest: { readonly grid: Grid; readonly text: JsonText } | undefined;
const timesOf = (grid: Grid): JsonText => {
  const { startMs, stepMs, count } = grid;
  const known = latest?.grid;
  if (latest && known?.startMs === startMs && known.stepMs === stepMs && known.count === count)
    return latest.text;
  const times = columnOf(0, count, 0);
  for (let at = 0; at < count; at++) times[at] = startMs + at * stepMs;
  latest = { grid, text: numbersText(times) };
  return latest.text;
};

/** Memory that is used again for each column: long ones cost more to be given than to be filled. Nothing here waits. */
let scratch = new Float64Array();
const columnOf = (place: 0 | 1 | 2 | 3, count: number, value: number) => {
  if (scratch.length < 4 * count) scratch = new Float64Array(4 * count);
  return scratch.subarray(place * count, (place + 1) * count).fill(value);
};

/** Windows without a value add nothing. */
const sumOf = (values: Float64Array | undefined, step: Int32Array, sums: Float64Array) => {
  if (!values) return sums;
  for (let at = 0; at < step.length; at++) {
    const into = step[at] as number;
    const value = values[at] as number;
    if (value > 0 || value < 0) sums[into] = (sums[into] as number) + value;
  }
  return sums;
};

const keepExtremes = (
  { min: mins, max: maxs }: GaugeWindows,
  step: Int32Array,
  min: Float64Array,
  max: Float64Array,
) => {
  for (let at = 0; at < step.length; at++) {
    const into = step[at] as number;
    const least = mins[at] as number;
    const most = maxs[at] as number;
    if (least < (min[into] as number) || Number.isNaN(min[into] as number)) min[into] = least;
    if (most > (max[into] as number) || Number.isNaN(max[into] as number)) max[into] = most;
  }
};

const gaugeSeries = (
  windows: GaugeWindows | undefined,
  step: Int32Array,
  count: number,
  field: ReadingField,
  stats: ReadonlySet<SeriesStatistic>,
): Omit<Series, 'unit' | 'kind'> => {
  const n = sumOf(windows?.n, step, columnOf(0, count, 0));
  const mean = sumOf(windows?.sum, step, columnOf(1, count, 0));
  const min = columnOf(2, count, Number.NaN);
  const max = columnOf(3, count, Number.NaN);
  if (windows) keepExtremes(windows, step, min, max);
  const { decimals } = readingFields[field];
  // One decimal more than the field keeps: enough to get its sum back from mean and count. NaN where there was none.
  for (let at = 0; at < count; at++) mean[at] = Math.round((10 * (mean[at] as number)) / (n[at] as number));
  return {
    ...(stats.has('mean') && { mean: numbersText(mean, decimals + 1) }),
    ...(stats.has('min') && { min: numbersText(min, decimals) }),
    ...(stats.has('max') && { max: numbersText(max, decimals) }),
    ...(stats.has('count') && { count: numbersText(n) }),
  };
};

/**
 * How far a counter rose in each step, the way from the window before included, so that steps add up to the whole. NaN where it
 * was not heard of.
 */
export const increases = (
  windows: CounterWindows | undefined,
  step: Int32Array,
  count: number,
): Float64Array => {
  const rises = new Float64Array(count).fill(Number.NaN);
  let before = Number.NaN;
  for (let at = 0; windows && at < step.length; at++) {
    const [first, last] = [windows.first[at] ?? Number.NaN, windows.last[at] ?? Number.NaN];
    if (Number.isNaN(last)) continue;
    const into = step[at] ?? 0;
    const between = Number.isNaN(before) ? 0 : riseTo(before, first);
    rises[into] = (rises[into] || 0) + between + (windows.rise[at] ?? 0);
    before = last;
  }
  return rises;
};

/** Single samples at their own times. */
export const presentRawColumns = (
  { rows, sampledAtMs, state, values }: TelemetryColumns,
  fields: readonly ReadingField[],
): Points => ({
  count: rows,
  at: numbersText(sampledAtMs),
  state: Array.from(state, (index) => minerStates[index] ?? 'unreachable'),
  fields: Object.fromEntries(
    fields.map((field) => {
      const value = values[field] ?? new Float64Array(rows).fill(Number.NaN);
      return [
        wireNameOf(field),
        { ...about(field), value: numbersText(value, readingFields[field].decimals) },
      ];
    }),
  ),
});

/** The median distance of samples: how far apart they usually are, so that a reader can tell a gap. */
export const usualStepMs = (sampledAtMs: ArrayLike<number>): number | null => {
  if (sampledAtMs.length < 2) return null;
  const distances = new Float64Array(sampledAtMs.length - 1);
  for (let at = 0; at < distances.length; at++)
    distances[at] = (sampledAtMs[at + 1] ?? 0) - (sampledAtMs[at] ?? 0);
  distances.sort();
  return distances[distances.length >> 1] ?? null;
};
