import type {
  FieldSeries,
  MinerSeriesAnswer,
  SeriesStatistic,
} from '../../contracts/api-telemetry-series.ts';
import { minerStates, type ReadingField, readingFields } from '../../contracts/reading.ts';
import { wireNameOf } from '../../contracts/reading-wire-names.ts';
import { type Column, scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { type CounterWindows, type GaugeWindows, riseTo } from './history-table.ts';
import type { WindowColumns } from './read-tiers.ts';

/** Steps of equal length: every window falls into one, and where none does the step is a gap. */
export type Grid = { readonly startMs: number; readonly stepMs: number; readonly count: number };

/** The steps of a multiple of five minutes that touch the interval. */
export const gridOf = (fromMs: number, toMs: number, stepMs: number): Grid => {
  const startMs = fromMs - (fromMs % stepMs);
  return { startMs, stepMs, count: Math.max(0, Math.ceil((toMs - startMs) / stepMs)) };
};

type Points = Pick<MinerSeriesAnswer, 'count' | 'at' | 'state' | 'samples' | 'hashing_samples' | 'fields'>;
const about = (field: ReadingField) => ({ unit: readingFields[field].unit, kind: readingFields[field].kind });

/** Windows on a grid: counts and sums add up, extremes stay, so an hour is exact and not a mean of means. */
export const presentWindowColumns = (
  windows: WindowColumns,
  grid: Grid,
  fields: readonly ReadingField[],
  stats: readonly SeriesStatistic[],
): Points => {
  const step = Int32Array.from(windows.startMs, (at) => Math.floor((at - grid.startMs) / grid.stepMs));
  const add = (from: Float64Array | undefined) => {
    const into = new Array<number>(grid.count).fill(0);
    if (from)
      for (let at = 0; at < windows.rows; at++)
        into[step[at] ?? 0] = (into[step[at] ?? 0] ?? 0) + (from[at] ?? 0);
    return into;
  };
  const series: Record<string, FieldSeries> = {};
  for (const field of fields)
    series[wireNameOf(field)] =
      readingFields[field].kind === 'gauge'
        ? {
            ...about(field),
            ...gaugeSeries(windows.gauge(field), step, grid.count, scaleOf(field), new Set(stats)),
          }
        : { ...about(field), increase: increases(windows.counter(field), step, grid.count) };
  return {
    count: grid.count,
    at: Array.from({ length: grid.count }, (_, at) => grid.startMs + at * grid.stepMs),
    samples: add(windows.samples),
    hashing_samples: add(windows.states[0]),
    fields: series,
  };
};

const gaugeSeries = (
  windows: GaugeWindows | undefined,
  step: Int32Array,
  count: number,
  scale: number,
  stats: ReadonlySet<SeriesStatistic>,
): Omit<FieldSeries, 'unit' | 'kind'> => {
  const n = new Float64Array(count);
  const sum = new Float64Array(count);
  const min = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  if (windows)
    for (let at = 0; at < step.length; at++) {
      const samples = windows.n[at] ?? 0;
      if (samples === 0) continue;
      const into = step[at] ?? 0;
      n[into] = (n[into] ?? 0) + samples;
      sum[into] = (sum[into] ?? 0) + (windows.sum[at] ?? 0);
      if ((windows.min[at] ?? 0) < (min[into] ?? 0)) min[into] = windows.min[at] ?? 0;
      if ((windows.max[at] ?? 0) > (max[into] ?? 0)) max[into] = windows.max[at] ?? 0;
    }
  const values = (of: (at: number, samples: number) => number) => {
    const figures = new Array<number | null>(count);
    for (let at = 0; at < count; at++) {
      const samples = n[at] ?? 0;
      figures[at] = samples === 0 ? null : of(at, samples);
    }
    return figures;
  };
  return {
    // One decimal more than the field keeps: enough to get its sum back from mean and count.
    ...(stats.has('mean') && {
      mean: values((at, samples) => Math.round((10 * (sum[at] ?? 0)) / samples) / (10 * scale)),
    }),
    ...(stats.has('min') && { min: values((at) => (min[at] ?? 0) / scale) }),
    ...(stats.has('max') && { max: values((at) => (max[at] ?? 0) / scale) }),
    ...(stats.has('count') && { count: Array.from(n) }),
  };
};

/** How far a counter rose in each step, the way from the window before included, so that steps add up to the whole. */
const increases = (
  windows: CounterWindows | undefined,
  step: Int32Array,
  count: number,
): (number | null)[] => {
  const rises = new Array<number | null>(count).fill(null);
  if (!windows) return rises;
  let before = Number.NaN;
  for (let at = 0; at < step.length; at++) {
    const [first, last] = [windows.first[at] ?? Number.NaN, windows.last[at] ?? Number.NaN];
    if (Number.isNaN(last)) continue;
    const into = step[at] ?? 0;
    const between = Number.isNaN(before) ? 0 : riseTo(before, first);
    rises[into] = (rises[into] ?? 0) + between + (windows.rise[at] ?? 0);
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
  at: Array.from(sampledAtMs),
  state: Array.from(state, (index) => minerStates[index] ?? 'unreachable'),
  fields: Object.fromEntries(
    fields.map((field) => [
      wireNameOf(field),
      { ...about(field), value: scaled(values[field], rows, scaleOf(field)) },
    ]),
  ),
});

const scaled = (column: Column | undefined, rows: number, scale: number): (number | null)[] => {
  const figures = new Array<number | null>(rows).fill(null);
  if (column)
    for (let at = 0; at < rows; at++) {
      const value = column[at] ?? Number.NaN;
      if (!Number.isNaN(value)) figures[at] = value / scale;
    }
  return figures;
};

/** The median distance of samples: how far apart they usually are, so that a reader can tell a gap. */
export const usualStepMs = (sampledAtMs: ArrayLike<number>): number | null => {
  if (sampledAtMs.length < 2) return null;
  const distances = new Float64Array(sampledAtMs.length - 1);
  for (let at = 0; at < distances.length; at++)
    distances[at] = (sampledAtMs[at + 1] ?? 0) - (sampledAtMs[at] ?? 0);
  distances.sort();
  return distances[distances.length >> 1] ?? null;
};
