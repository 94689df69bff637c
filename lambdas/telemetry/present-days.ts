import type {
  FieldSeries,
  MinerSeriesAnswer,
  SeriesStatistic,
} from '../../contracts/api-telemetry-series.ts';
import { type ReadingField, readingFields } from '../../contracts/reading.ts';
import { wireNameOf } from '../../contracts/reading-wire-names.ts';
import { availabilityPct } from './availability.ts';
import type { DayGauge, MinerDay } from './daily-table.ts';
import type { SiteDay } from './site-days.ts';

type DayPoints = Pick<MinerSeriesAnswer, 'count' | 'at' | 'samples' | 'hashing_samples' | 'fields' | 'days'>;

const dayGauges: readonly ReadingField[] = [
  'hashrateThs',
  'powerW',
  'chipTempC',
  'inletTempC',
] satisfies readonly DayGauge[];
const isDayGauge = (field: ReadingField): field is DayGauge => dayGauges.includes(field);

/** Days on the site's calendar, null where nothing was heard; fields that days do not keep are left out. */
export const presentDayColumns = (
  calendar: readonly SiteDay[],
  days: readonly MinerDay[],
  fields: readonly ReadingField[],
  stats: readonly SeriesStatistic[],
): DayPoints => {
  const byDate = new Map(days.map((day) => [day.date, day]));
  const column = <T>(of: (day: MinerDay | undefined) => T) =>
    calendar.map(({ date }) => of(byDate.get(date)));
  const series: Record<string, FieldSeries> = {};
  for (const field of fields.filter(isDayGauge)) {
    const { unit, kind } = readingFields[field];
    const figure = (name: 'mean' | 'min' | 'max') =>
      column((day) => {
        const value = day?.figures[field]?.[name];
        return value === undefined ? null : Number(value.toFixed(readingFields[field].decimals + 1));
      });
    series[wireNameOf(field)] = {
      unit,
      kind,
      ...(stats.includes('mean') && { mean: figure('mean') }),
      ...(stats.includes('min') && { min: figure('min') }),
      ...(stats.includes('max') && { max: figure('max') }),
      ...(stats.includes('count') && { count: column((day) => day?.figures[field]?.count ?? 0) }),
    };
  }
  return {
    count: calendar.length,
    at: calendar.map(({ startMs }) => startMs),
    samples: column((day) => day?.samples ?? 0),
    hashing_samples: column((day) => day?.hashingSamples ?? 0),
    fields: series,
    days: {
      availability_pct: column((day) => (day ? availabilityPct(day.outages) : null)),
      energy_kwh: column((day) => day?.energyKwh ?? null),
      hashrate_th_hours: column((day) => day?.hashrateThHours ?? null),
      accepted_shares: column((day) => day?.acceptedShares ?? null),
      rejected_shares: column((day) => day?.rejectedShares ?? null),
      stale_shares: column((day) => day?.staleShares ?? null),
    },
  };
};
