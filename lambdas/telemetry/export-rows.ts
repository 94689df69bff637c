import { minerStates, powerModes, type ReadingField, readingFields } from '../../contracts/reading.ts';
import { wireNameOf } from '../../contracts/reading-wire-names.ts';
import { scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { availabilityPct } from './availability.ts';
import type { DayGauge, MinerDay } from './daily-table.ts';
import type { ExportMiner, ExportOrder } from './export-order.ts';
import type { ExportColumn, ExportPart } from './export-table.ts';
import type { ExportSource } from './make-export.ts';
import { increases } from './present-points.ts';
import type { WindowColumns } from './read-tiers.ts';
import { dateAt } from './site-days.ts';
import type { TierReaders } from './tier-readers.ts';
import { windowMs } from './windows.ts';

type Heading = Pick<ExportColumn, 'name' | 'kind'>;
const text = (name: string, value: string | undefined, rows: number): ExportColumn => ({
  name,
  kind: 'text',
  values: new Array<string | null>(rows).fill(value ?? null),
});
const aboutMiner = ({ minerId, zoneId, model, customerId }: ExportMiner, rows: number): ExportColumn[] => [
  text('miner_id', minerId, rows),
  text('zone_id', zoneId, rows),
  text('model', model, rows),
  text('customer_id', customerId, rows),
];
const column = (
  name: string,
  kind: 'time' | 'number' | 'whole',
  rows: number,
  of: (at: number) => number | null | undefined,
): ExportColumn => ({
  name,
  kind,
  values: Array.from({ length: rows }, (_, at) => {
    const value = of(at);
    return value === undefined || value === null || Number.isNaN(value) ? null : value;
  }),
});

const noWindows: WindowColumns = {
  rows: 0,
  startMs: new Float64Array(),
  samples: new Float64Array(),
  states: [],
  gauge: () => undefined,
  counter: () => undefined,
};
const kindOf = (field: ReadingField) => (readingFields[field].decimals === 0 ? 'whole' : 'number');

const samplesPart = (
  miner: ExportMiner,
  samples: TelemetryColumns | undefined,
  fields: readonly ReadingField[],
): ExportPart => {
  const rows = samples?.rows ?? 0;
  const textOf = (of: (at: number) => string | null): (string | null)[] =>
    Array.from({ length: rows }, (_, at) => of(at));
  return {
    rows,
    columns: [
      ...aboutMiner(miner, rows),
      column('at', 'time', rows, (at) => samples?.sampledAtMs[at]),
      { name: 'state', kind: 'text', values: textOf((at) => minerStates[samples?.state[at] ?? 0] ?? null) },
      {
        name: 'power_mode',
        kind: 'text',
        values: textOf((at) => powerModes[(samples?.mode[at] ?? 0) - 1] ?? null),
      },
      {
        name: 'error_codes',
        kind: 'text',
        values: textOf((at) => samples?.errorSets[(samples.errorSet[at] ?? 0) - 1]?.join(' ') ?? null),
      },
      ...fields.map((field) =>
        column(
          wireNameOf(field),
          kindOf(field),
          rows,
          (at) => (samples?.values[field]?.[at] ?? Number.NaN) / scaleOf(field),
        ),
      ),
    ],
  };
};

const windowsPart = (
  miner: ExportMiner,
  windows: WindowColumns,
  fields: readonly ReadingField[],
): ExportPart => {
  const { rows } = windows;
  const eachRow = Int32Array.from({ length: rows }, (_, at) => at);
  return {
    rows,
    columns: [
      ...aboutMiner(miner, rows),
      column('at', 'time', rows, (at) => windows.startMs[at]),
      column('samples', 'whole', rows, (at) => windows.samples[at]),
      column('hashing_samples', 'whole', rows, (at) => windows.states[0]?.[at]),
      ...fields.flatMap((field) => {
        const name = wireNameOf(field);
        if (readingFields[field].kind === 'counter') {
          const rises = increases(windows.counter(field), eachRow, rows);
          return [column(`${name}_increase`, 'whole', rows, (at) => rises[at])];
        }
        const gauge = windows.gauge(field);
        const scale = scaleOf(field);
        const mean = (at: number) =>
          Math.round((10 * (gauge?.sum[at] ?? Number.NaN)) / (gauge?.n[at] ?? 0)) / (10 * scale);
        return [
          column(`avg_${name}`, 'number', rows, mean),
          column(`min_${name}`, 'number', rows, (at) => (gauge?.min[at] ?? Number.NaN) / scale),
          column(`max_${name}`, 'number', rows, (at) => (gauge?.max[at] ?? Number.NaN) / scale),
          column(`count_${name}`, 'whole', rows, (at) => gauge?.n[at] ?? 0),
        ];
      }),
    ],
  };
};

const daysPart = (miner: ExportMiner, days: readonly MinerDay[]): ExportPart => {
  const rows = days.length;
  const of = (name: string, kind: 'number' | 'whole', value: (day: MinerDay) => number | null | undefined) =>
    column(name, kind, rows, (at) => {
      const day = days[at];
      return day && value(day);
    });
  const figure = (field: DayGauge, part: 'mean' | 'min' | 'max') => (day: MinerDay) => {
    const value = day.figures[field]?.[part];
    return value === undefined ? null : Number(value.toFixed(readingFields[field].decimals + 1));
  };
  return {
    rows,
    columns: [
      ...aboutMiner(miner, rows),
      { name: 'date', kind: 'text', values: days.map(({ date }) => date) },
      of('samples', 'whole', ({ samples }) => samples),
      of('availability_pct', 'number', ({ outages }) => availabilityPct(outages)),
      of('outages', 'whole', ({ outages }) => outages.outages),
      of('down_minutes', 'whole', ({ outages }) => (outages.down * windowMs) / 60_000),
      of('planned_minutes', 'whole', ({ outages }) => (outages.planned * windowMs) / 60_000),
      of('unknown_minutes', 'whole', ({ outages }) => (outages.unknown * windowMs) / 60_000),
      of('energy_kwh', 'number', ({ energyKwh }) => energyKwh),
      of('hashrate_th_hours', 'number', ({ hashrateThHours }) => hashrateThHours),
      of('avg_hashrate_ths', 'number', figure('hashrateThs', 'mean')),
      of('avg_power_w', 'number', figure('powerW', 'mean')),
      of('min_chip_temp_c', 'number', figure('chipTempC', 'min')),
      of('max_chip_temp_c', 'number', figure('chipTempC', 'max')),
      of('min_inlet_temp_c', 'number', figure('inletTempC', 'min')),
      of('max_inlet_temp_c', 'number', figure('inletTempC', 'max')),
      of('accepted_shares', 'whole', ({ acceptedShares }) => acceptedShares),
      of('rejected_shares', 'whole', ({ rejectedShares }) => rejectedShares),
      of('stale_shares', 'whole', ({ staleShares }) => staleShares),
    ],
  };
};

/** Miners that are read at the same time. */
const atOnce = 8;

/** An export's rows from the tiers, miner by miner in their order. Columns bear the documented names: `avg_hashrate_ths`. */
export const exportSource = (readers: TierReaders): ExportSource => {
  const partOf = async (order: ExportOrder, miner: ExportMiner): Promise<ExportPart> => {
    const { siteId, timeZone, tier, fromMs, toMs, fields } = order;
    if (tier === 'raw')
      return samplesPart(miner, await readers.raw(siteId, miner.minerId, fromMs, toMs, fields), fields);
    if (tier === '5min')
      return windowsPart(miner, await readers.windows(siteId, miner.minerId, fromMs, toMs, fields), fields);
    const [from, to] = [dateAt(timeZone, fromMs), dateAt(timeZone, toMs - 1)];
    return daysPart(miner, await readers.days(siteId, miner.minerId, from, to));
  };
  return {
    columnsOf: ({ tier, fields }): readonly Heading[] => {
      const nobody = { minerId: '' };
      if (tier === 'raw') return samplesPart(nobody, undefined, fields).columns;
      return (tier === '5min' ? windowsPart(nobody, noWindows, fields) : daysPart(nobody, [])).columns;
    },
    read: async function* (order, miners) {
      for (let at = 0; at < miners.length; at += atOnce)
        yield* await Promise.all(miners.slice(at, at + atOnce).map((miner) => partOf(order, miner)));
    },
  };
};
