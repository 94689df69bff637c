import type { ReadingField } from '../../contracts/reading.ts';
import { scaleOf } from '../../contracts/telemetry-columns.ts';
import { classOf, type Outages, outagesOf, type WindowClass } from './availability.ts';
import {
  type CounterWindows,
  counterOf,
  type GaugeWindows,
  gaugeOf,
  historyColumnsOf,
  riseTo,
  statesOf,
} from './history-table.ts';
import type { SiteDay } from './site-days.ts';
import { type MergeRules, rowsOf, type TierTable } from './tier-table.ts';
import { windowMs } from './windows.ts';

export const dayGauges = [
  'hashrateThs',
  'powerW',
  'chipTempC',
  'inletTempC',
] as const satisfies readonly ReadingField[];
const counters = [
  'acceptedShares',
  'rejectedShares',
  'staleShares',
] as const satisfies readonly ReadingField[];
const stoppedState = 2;
const outageNames = ['up', 'down', 'planned', 'unknown', 'outages', 'longest', 'opening', 'closing'] as const;

/**
 * A miner's days of a month, in whole numbers: `d` day of the month, `n` samples, `h` hashing samples, `mwh` energy in mWh, `thh` hashrate-hours in
 * 1e-6 TH·h; of each gauge `<field>.n`, `.s` sum, `.m` minimum, `.x` maximum; the rise of each share counter; and the
 * windows' Outages (availability.ts).
 */
export const dayRules: MergeRules = {
  key: 'd',
  names: [
    'd',
    'n',
    'h',
    'mwh',
    'thh',
    ...dayGauges.flatMap((field) => ['n', 's', 'm', 'x'].map((part) => `${field}.${part}`)),
    ...counters,
    ...outageNames,
  ],
};

/** The columns of history that days are made of. */
export const columnsForDays = historyColumnsOf([...dayGauges, ...counters]);

/**
 * A day of each miner from its windows. `w` counts from `originMs`; windows outside the day have no part in it, but for the
 * one right before it: counters rise from there.
 */
export const daysOf = (history: TierTable, originMs: number, day: SiteDay): TierTable => {
  const windows = history.columns.get('w') ?? new Float64Array();
  const parts = {
    samples: history.columns.get('n') ?? new Float64Array(),
    states: statesOf(history),
    gauges: dayGauges.map((field) => gaugeOf(history, field)),
    counters: counters.map((field) => counterOf(history, field)),
  };
  const first = (day.startMs - originMs) / windowMs;
  const count = (day.endMs - day.startMs) / windowMs;
  const minerIds: string[] = [];
  const rows: Row[] = [];
  history.minerIds.forEach((minerId, miner) => {
    const [from, to] = rowsOf(history, miner);
    let start = from;
    while (start < to && (windows[start] ?? 0) < first) start++;
    let end = start;
    while (end < to && (windows[end] ?? 0) < first + count) end++;
    if (end === start) return;
    const before = start > from && windows[start - 1] === first - 1 ? start - 1 : undefined;
    minerIds.push(minerId);
    rows.push(rowOf(parts, windows, { start, end, before, first, count }, Number(day.date.slice(8))));
  });
  const columns = new Map<string, Float64Array>();
  for (const name of dayRules.names)
    columns.set(
      name,
      Float64Array.from(rows, (row) => row[name] ?? Number.NaN),
    );
  return {
    rows: rows.length,
    minerIds,
    groups: Uint32Array.from(minerIds, (_, at) => at),
    columns,
    texts: [],
  };
};

type Row = Record<string, number>;
type Parts = {
  readonly samples: Float64Array;
  readonly states: readonly Float64Array[];
  readonly gauges: readonly (GaugeWindows | undefined)[];
  readonly counters: readonly (CounterWindows | undefined)[];
};
type Span = {
  readonly start: number;
  readonly end: number;
  /** The row of the window right before the day. */
  readonly before: number | undefined;
  readonly first: number;
  readonly count: number;
};

const rowOf = (parts: Parts, windows: Float64Array, span: Span, dayOfMonth: number): Row => {
  const { start, end, before } = span;
  const [hashrate, power] = parts.gauges;
  const row: Row = {
    d: dayOfMonth,
    n: sumOf(parts.samples, start, end),
    h: sumOf(parts.states[0], start, end),
    mwh: Math.round((sumOfMeans(power, start, end) * 10) / 12),
    thh: Math.round((sumOfMeans(hashrate, start, end) * 100) / 12),
  };
  for (const [index, field] of dayGauges.entries()) addGauge(row, field, parts.gauges[index], start, end);
  for (const [index, field] of counters.entries()) {
    const counter = parts.counters[index];
    if (counter) row[field] = riseOf(counter, before ?? start, start, end);
  }
  return Object.assign(row, outagesOf(classesOf(parts, windows, span)));
};

const sumOf = (column: Float64Array | undefined, from: number, to: number) => {
  let sum = 0;
  for (let at = from; at < to; at++) sum += column?.[at] ?? 0;
  return sum;
};

const sumOfMeans = (gauge: GaugeWindows | undefined, from: number, to: number) => {
  let sum = 0;
  for (let at = from; gauge && at < to; at++) {
    const n = gauge.n[at] ?? 0;
    if (n > 0) sum += (gauge.sum[at] ?? 0) / n;
  }
  return sum;
};

const addGauge = (row: Row, field: string, gauge: GaugeWindows | undefined, from: number, to: number) => {
  let [n, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = from; gauge && at < to; at++) {
    const count = gauge.n[at] ?? 0;
    if (count === 0) continue;
    n += count;
    sum += gauge.sum[at] ?? 0;
    min = Math.min(min, gauge.min[at] ?? min);
    max = Math.max(max, gauge.max[at] ?? max);
  }
  if (n === 0) return;
  row[`${field}.n`] = n;
  row[`${field}.s`] = sum;
  row[`${field}.m`] = min;
  row[`${field}.x`] = max;
};

const riseOf = ({ n, first, last, rise }: CounterWindows, before: number, from: number, to: number) => {
  let total = 0;
  let latest = Number.NaN;
  for (let at = before; at < to; at++) {
    if ((n[at] ?? 0) === 0) continue;
    if (at >= from) {
      if (!Number.isNaN(latest)) total += riseTo(latest, first[at] ?? 0);
      total += rise[at] ?? 0;
    }
    latest = last[at] ?? Number.NaN;
  }
  return total;
};

const classesOf = function* (
  { samples, states }: Parts,
  windows: Float64Array,
  { start, end, first, count }: Span,
): Generator<WindowClass> {
  let at = start;
  for (let window = first; window < first + count; window++) {
    if (at < end && windows[at] === window) {
      yield classOf(samples[at] ?? 0, states[0]?.[at] ?? 0, states[stoppedState]?.[at] ?? 0);
      at++;
    } else yield 'unknown';
  }
};

/** One day of one miner, by its site's clock. Figures are left out where the miner never said them. */
export type MinerDay = {
  readonly date: string;
  readonly samples: number;
  readonly hashingSamples: number;
  /** Mean power of every window, times the window: windows without samples count as nothing. */
  readonly energyKwh: number;
  readonly hashrateThHours: number;
  readonly acceptedShares: number;
  readonly rejectedShares: number;
  readonly staleShares: number;
  /** In five-minute windows of the whole day: those to come are unknown. */
  readonly outages: Outages;
  /** Of all samples of the day, in the fields' units. */
  readonly figures: Readonly<Partial<Record<DayGauge, DayFigures>>>;
};
export type DayGauge = (typeof dayGauges)[number];
export type DayFigures = {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
};

/** A row of a month's table as a day; `month` as `2026-11`. */
export const minerDayAt = ({ columns }: TierTable, at: number, month: string): MinerDay => {
  const of = (name: string) => columns.get(name)?.[at] || 0;
  const figures: Partial<Record<DayGauge, DayFigures>> = {};
  for (const field of dayGauges) {
    const count = of(`${field}.n`);
    const scale = scaleOf(field);
    if (count > 0)
      figures[field] = {
        count,
        mean: of(`${field}.s`) / count / scale,
        min: of(`${field}.m`) / scale,
        max: of(`${field}.x`) / scale,
      };
  }
  return {
    date: `${month}-${String(of('d')).padStart(2, '0')}`,
    samples: of('n'),
    hashingSamples: of('h'),
    energyKwh: of('mwh') / 1e6,
    hashrateThHours: of('thh') / 1e6,
    acceptedShares: of('acceptedShares'),
    rejectedShares: of('rejectedShares'),
    staleShares: of('staleShares'),
    outages: {
      up: of('up'),
      down: of('down'),
      planned: of('planned'),
      unknown: of('unknown'),
      outages: of('outages'),
      longest: of('longest'),
      opening: of('opening'),
      closing: of('closing'),
    },
    figures,
  };
};
