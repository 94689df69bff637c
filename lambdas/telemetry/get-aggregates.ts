import type * as z from 'zod';
import type { AggregatesAnswer, aggregatesQuery } from '../../contracts/api-telemetry-series.ts';
import type { ReadingField } from '../../contracts/reading.ts';
import { scaleOf } from '../../contracts/telemetry-columns.ts';
import { type Result, succeed } from '../shared/result.ts';
import { gridOf } from './present-points.ts';
import { planOf, rangeText, stepMs, tooLarge } from './query-plan.ts';
import type { GroupQuery, GroupSeries } from './read-tier-groups.ts';
import { siteDaysBetween } from './site-days.ts';

/** The windows of a site's groups that start in [fromMs, toMs); all groups where no key is given. */
export type ReadGroups = (
  siteId: number,
  query: GroupQuery,
  fromMs: number,
  toMs: number,
) => Promise<readonly GroupSeries[]>;
export type AggregatesRequest = Omit<z.output<typeof aggregatesQuery>, 'site_id'>;
type Site = { readonly siteId: number; readonly timeZone: string };
type Steps = {
  readonly count: number;
  readonly at: readonly number[];
  readonly stepOf: (atMs: number) => number;
};

/** Numbers of one answer: about 5 MB. */
const mostNumbers = 600_000;
const columnsPerGroup = 12;

/** A site's groups over time. Fails with the field and the limit where the answer would be too large. */
export const aggregatesOf =
  (readGroups: ReadGroups) =>
  async (
    { siteId, timeZone }: Site,
    request: AggregatesRequest,
    nowMs: number,
  ): Promise<Result<AggregatesAnswer>> => {
    const planned = planOf(request, nowMs, false);
    if (!planned.ok) return planned;
    const { fromMs, toMs } = planned.value;
    const resolution = planned.value.resolution === 'raw' ? '5min' : planned.value.resolution;
    const steps =
      resolution === 'day' ? stepsOfDays(timeZone, fromMs, toMs) : stepsOf(fromMs, toMs, stepMs[resolution]);
    const [startMs = fromMs] = steps.at;
    const groups = await readGroups(
      siteId,
      { by: request.by, key: request.by === 'site' ? '' : request.key },
      startMs,
      steps.endMs,
    );
    if (groups.length * steps.count * columnsPerGroup > mostNumbers)
      return tooLarge('key', `name one of the ${groups.length} groups, or narrow from and to`);
    return succeed({
      site_id: siteId,
      by: request.by,
      ...rangeText({ fromMs, toMs }),
      resolution,
      step_ms: stepMs[resolution],
      time_zone: timeZone,
      count: steps.count,
      at: [...steps.at],
      groups: groups.map((group) => ({ key: group.key || 'site', ...foldGroup(group, steps) })),
    });
  };

const stepsOf = (fromMs: number, toMs: number, length: number) => {
  const grid = gridOf(fromMs, toMs, length);
  return {
    count: grid.count,
    at: Array.from({ length: grid.count }, (_, at) => grid.startMs + at * length),
    endMs: grid.startMs + grid.count * length,
    stepOf: (atMs: number) => Math.floor((atMs - grid.startMs) / length),
  };
};

const stepsOfDays = (timeZone: string, fromMs: number, toMs: number) => {
  const days = siteDaysBetween(timeZone, fromMs, toMs);
  const at = days.map(({ startMs }) => startMs);
  const stepOf = (atMs: number) => {
    let [low, high] = [0, at.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((at[middle] ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  return { count: days.length, at, endMs: days.at(-1)?.endMs ?? toMs, stepOf };
};

type Folded = Omit<AggregatesAnswer['groups'][number], 'key'>;

/** Sums over the rows of each step. What is a sum over miners becomes its mean over the windows that were heard of. */
const foldGroup = ({ rows, startMs, columns }: GroupSeries, { count, stepOf }: Steps): Folded => {
  const windows = new Float64Array(count);
  const sums = (): Float64Array => new Float64Array(count);
  const of = {
    i: sums(),
    j: sums(),
    n: sums(),
    h: sums(),
    hs: sums(),
    es: sums(),
    ps: sums(),
    cs: sums(),
    cn: sums(),
    is: sums(),
    in: sums(),
  };
  const most = { cx: sums().fill(Number.NaN), ix: sums().fill(Number.NaN) };
  for (let at = 0; at < rows; at++) {
    const step = stepOf(startMs[at] ?? 0);
    if (step < 0 || step >= count) continue;
    windows[step] = (windows[step] ?? 0) + 1;
    for (const name of sumNames) of[name][step] = (of[name][step] ?? 0) + (columns[name][at] || 0);
    for (const name of mostNames) {
      const value = columns[name][at] ?? Number.NaN;
      if (!(value <= (most[name][step] ?? Number.NaN)) && !Number.isNaN(value)) most[name][step] = value;
    }
  }
  const each = <T>(value: (step: number, windows: number) => T, none: T): T[] =>
    Array.from({ length: count }, (_, step) => {
      const heard = windows[step] ?? 0;
      return heard === 0 ? none : value(step, heard);
    });
  const perWindow = (name: 'i' | 'j') => each((step, heard) => Math.round((of[name][step] ?? 0) / heard), 0);
  const total = (name: 'hs' | 'es' | 'ps', field: ReadingField) =>
    each<number | null>((step, heard) => rounded((of[name][step] ?? 0) / heard / scaleOf(field), 3), null);
  const temperature = (sum: 'cs' | 'is', samples: 'cn' | 'in', field: ReadingField) =>
    each<number | null>((step) => {
      const heard = of[samples][step] ?? 0;
      return heard === 0 ? null : rounded((of[sum][step] ?? 0) / heard / scaleOf(field), 2);
    }, null);
  const highest = (name: 'cx' | 'ix', field: ReadingField) =>
    Array.from(most[name], (value) => (Number.isNaN(value) ? null : value / scaleOf(field)));
  const hashrate = total('hs', 'hashrateThs');
  const power = total('ps', 'powerW');
  return {
    miners: perWindow('i'),
    hashing_miners: perWindow('j'),
    samples: Array.from(of.n),
    hashing_pct: each<number | null>(
      (step) => rounded((100 * (of.h[step] ?? 0)) / (of.n[step] || 1), 2),
      null,
    ),
    hashrate_ths: hashrate,
    expected_hashrate_ths: total('es', 'expectedHashrateThs'),
    power_w: power,
    efficiency_jth: hashrate.map((ths, step) => (ths && power[step] ? rounded(power[step] / ths, 2) : null)),
    mean_chip_temp_c: temperature('cs', 'cn', 'chipTempC'),
    max_chip_temp_c: highest('cx', 'chipTempC'),
    mean_inlet_temp_c: temperature('is', 'in', 'inletTempC'),
    max_inlet_temp_c: highest('ix', 'inletTempC'),
  };
};

const sumNames = ['i', 'j', 'n', 'h', 'hs', 'es', 'ps', 'cs', 'cn', 'is', 'in'] as const;
const mostNames = ['cx', 'ix'] as const;
const rounded = (value: number, decimals: number) => Math.round(value * 10 ** decimals) / 10 ** decimals;
