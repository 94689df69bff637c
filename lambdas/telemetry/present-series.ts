import type { SeriesAnswer } from '../../contracts/api-telemetry.ts';
import { type MinerReading, type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import { toUtc } from '../shared/clock.ts';
import { fieldsOf } from './check-batch.ts';
import type { MinerDay } from './daily-block.ts';
import { type MinerWindow, riseWithin, scaleOf } from './history-block.ts';
import type { Point } from './read-telemetry.ts';

type PointsOf<T extends SeriesAnswer['tier']> = Extract<SeriesAnswer, { tier: T }>['points'];

const wireNames = new Map(
  readingFieldNames.map((field) => [field, field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
);
const wireName = (field: ReadingField) => wireNames.get(field) ?? field;

export const presentReadings = (readings: readonly MinerReading[]): PointsOf<'raw'> =>
  readings.map((reading) => ({
    at: toUtc(reading.sampledAtMs),
    state: reading.state,
    ...(reading.errorCodes && { error_codes: reading.errorCodes }),
    values: Object.fromEntries(
      fieldsOf(reading).map((field) => [wireName(field), reading.values[field] ?? 0]),
    ),
  }));

export const presentWindows = (points: readonly Point<MinerWindow>[]): PointsOf<'5min'> =>
  points.map(({ startMs, of }) => ({
    at: toUtc(startMs),
    samples: of.samples,
    hashing_samples: of.states.hashing ?? 0,
    values: Object.fromEntries(
      readingFieldNames.flatMap((field) => {
        const [count, sum, min, max] = of.gauges[field] ?? [0, 0, 0, 0];
        const scale = scaleOf(field);
        return count === 0
          ? []
          : [[wireName(field), { count, mean: sum / count / scale, min: min / scale, max: max / scale }]];
      }),
    ),
    increases: Object.fromEntries(
      readingFieldNames.flatMap((field) => {
        const figures = of.counters[field];
        return figures ? [[wireName(field), riseWithin(figures)]] : [];
      }),
    ),
  }));

export const presentDays = (points: readonly Point<MinerDay>[]): PointsOf<'daily'> =>
  points.map(({ startMs, of }) => ({
    at: toUtc(startMs),
    samples: of.samples,
    availability_pct: of.availabilityPct,
    energy_kwh: of.energyKwh,
    hashrate_th_hours: of.hashrateThHours,
    avg_hashrate_ths: of.avgHashrateThs ?? null,
    avg_power_w: of.avgPowerW ?? null,
    min_chip_temp_c: of.minChipTempC ?? null,
    max_chip_temp_c: of.maxChipTempC ?? null,
    min_inlet_temp_c: of.minInletTempC ?? null,
    max_inlet_temp_c: of.maxInletTempC ?? null,
    accepted_shares: of.acceptedShares,
    rejected_shares: of.rejectedShares,
    stale_shares: of.staleShares,
  }));
