import type { SeriesAnswer } from '../../contracts/api-telemetry.ts';
import { type ReadingField, readingFieldNames, readingFields } from '../../contracts/reading.ts';
import { wireNameOf } from '../../contracts/reading-wire-names.ts';
import { readingAt, scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { toUtc } from '../shared/clock.ts';
import { availabilityPct } from './availability.ts';
import type { DayGauge, MinerDay } from './daily-table.ts';
import type { WindowColumns } from './read-tiers.ts';
import type { SiteDay } from './site-days.ts';

type PointsOf<T extends SeriesAnswer['tier']> = Extract<SeriesAnswer, { tier: T }>['points'];

export const presentReadings = (samples: TelemetryColumns): PointsOf<'raw'> =>
  Array.from({ length: samples.rows }, (_, at) => {
    const { sampledAtMs, state, errorCodes, values } = readingAt(samples, at);
    return {
      at: toUtc(sampledAtMs),
      state,
      ...(errorCodes && { error_codes: errorCodes }),
      values: Object.fromEntries(
        readingFieldNames.flatMap((field) => {
          const value = values[field];
          return value === undefined ? [] : [[wireNameOf(field), value]];
        }),
      ),
    };
  });

const fieldsOfKind = (kind: 'gauge' | 'counter') =>
  readingFieldNames.filter((field) => readingFields[field].kind === kind);

export const presentWindows = (windows: WindowColumns): PointsOf<'5min'> => {
  const gauges = columnsOf(fieldsOfKind('gauge'), windows.gauge);
  const counters = columnsOf(fieldsOfKind('counter'), windows.counter);
  return Array.from({ length: windows.rows }, (_, at) => ({
    at: toUtc(windows.startMs[at] ?? 0),
    samples: windows.samples[at] ?? 0,
    hashing_samples: windows.states[0]?.[at] ?? 0,
    values: Object.fromEntries(
      gauges.flatMap(({ field, of }) => {
        const count = of.n[at] ?? 0;
        const scale = scaleOf(field);
        const figures = () => ({
          count,
          mean: (of.sum[at] ?? 0) / count / scale,
          min: (of.min[at] ?? 0) / scale,
          max: (of.max[at] ?? 0) / scale,
        });
        return count === 0 ? [] : [[wireNameOf(field), figures()]];
      }),
    ),
    increases: Object.fromEntries(
      counters.flatMap(({ field, of }) =>
        (of.n[at] ?? 0) === 0 ? [] : [[wireNameOf(field), of.rise[at] ?? 0]],
      ),
    ),
  }));
};

const columnsOf = <T>(fields: readonly ReadingField[], read: (field: ReadingField) => T | undefined) =>
  fields.flatMap((field) => {
    const of = read(field);
    return of ? [{ field, of }] : [];
  });

export const presentDays = (days: readonly MinerDay[], calendar: readonly SiteDay[]): PointsOf<'daily'> => {
  const starts = new Map(calendar.map(({ date, startMs }) => [date, startMs]));
  return days.map((day) => {
    const figure = (field: DayGauge, name: 'mean' | 'min' | 'max') => day.figures[field]?.[name] ?? null;
    return {
      at: toUtc(starts.get(day.date) ?? Date.parse(day.date)),
      samples: day.samples,
      availability_pct: availabilityPct(day.outages) ?? 0,
      energy_kwh: day.energyKwh,
      hashrate_th_hours: day.hashrateThHours,
      avg_hashrate_ths: figure('hashrateThs', 'mean'),
      avg_power_w: figure('powerW', 'mean'),
      min_chip_temp_c: figure('chipTempC', 'min'),
      max_chip_temp_c: figure('chipTempC', 'max'),
      min_inlet_temp_c: figure('inletTempC', 'min'),
      max_inlet_temp_c: figure('inletTempC', 'max'),
      accepted_shares: day.acceptedShares,
      rejected_shares: day.rejectedShares,
      stale_shares: day.staleShares,
    };
  });
};
