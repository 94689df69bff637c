import { type SeriesAnswer, seriesAnswer } from '../../contracts/api-telemetry.ts';
import { type MinerReading, type ReadingField, readingFields } from '../../contracts/reading.ts';
import { toWirePrecision } from '../../contracts/telemetry-batch.ts';
import type { ApiClient } from '../api-client.ts';

export type TierCheck = {
  readonly minerId: string;
  readonly tier: 'raw' | '5min' | 'daily';
  readonly samplesInFile: number;
  readonly samplesInTier: number;
  readonly means: readonly {
    readonly field: string;
    readonly inFile: number;
    readonly inTier: number;
    readonly equal: boolean;
  }[];
  readonly equal: boolean;
};

const comparedFields = [
  'hashrateThs',
  'powerW',
  'chipTempC',
  'fan1Rpm',
] as const satisfies readonly ReadingField[];
const wireName = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

type Sums = { samples: number; readonly sums: Map<string, { sum: number; count: number }> };
const addTo = (into: Sums, field: string, sum: number, count: number) => {
  const known = into.sums.get(field) ?? { sum: 0, count: 0 };
  into.sums.set(field, { sum: known.sum + sum, count: known.count + count });
};

const dayMs = 24 * 3_600_000;

/** What a tier holds of a miner on these days, as sums that a file can be compared with. */
const sumTier = async (
  api: ApiClient,
  siteId: number,
  minerId: string,
  tier: TierCheck['tier'],
  days: Iterable<number>,
): Promise<Sums> => {
  const found: Sums = { samples: 0, sums: new Map() };
  for (const dayStartMs of days) {
    const from = new Date(dayStartMs).toISOString();
    const to = new Date(dayStartMs + dayMs).toISOString();
    const path = `/api/v1/telemetry/series?site_id=${siteId}&miner_id=${minerId}&tier=${tier}&from=${from}&to=${to}`;
    addAnswer(found, await api.call('GET', path, seriesAnswer));
  }
  return found;
};

const addAnswer = (found: Sums, answer: SeriesAnswer) => {
  if (answer.tier === 'raw')
    for (const { values } of answer.points) {
      found.samples += 1;
      for (const [field, value] of Object.entries(values)) addTo(found, field, value, 1);
    }
  else if (answer.tier === '5min')
    for (const { samples, values } of answer.points) {
      found.samples += samples;
      for (const [field, { mean, count }] of Object.entries(values)) addTo(found, field, mean * count, count);
    }
  else for (const { samples } of answer.points) found.samples += samples;
};

/**
 * Compares what each tier holds of each miner with the recording: samples must be equal in number, means equal at the
 * precision that the wire keeps (daily keeps hashing means only, so its samples alone are compared).
 */
export const checkTiers = async (
  api: ApiClient,
  siteId: number,
  readings: readonly MinerReading[],
): Promise<TierCheck[]> => {
  const checks: TierCheck[] = [];
  for (const [minerId, rows] of Map.groupBy(readings, (reading) => reading.minerId)) {
    const days = new Set(rows.map(({ sampledAtMs }) => Math.floor(sampledAtMs / dayMs) * dayMs));
    for (const tier of ['raw', '5min', 'daily'] as const) {
      const found = await sumTier(api, siteId, minerId, tier, days);
      const means = (tier === 'daily' ? [] : comparedFields).flatMap((field) => {
        const values = rows.flatMap(({ values: { [field]: value } }) =>
          value === undefined ? [] : [toWirePrecision(field, value)],
        );
        if (values.length === 0) return [];
        const known = found.sums.get(wireName(field));
        const inFile = meanOf(values);
        const inTier = known ? known.sum / known.count : Number.NaN;
        const equal =
          known?.count === values.length &&
          Math.abs(inFile - inTier) < 0.5 * 10 ** -readingFields[field].decimals;
        return [{ field: wireName(field), inFile, inTier, equal }];
      });
      const equal = found.samples === rows.length && means.every((mean) => mean.equal);
      checks.push({ minerId, tier, samplesInFile: rows.length, samplesInTier: found.samples, means, equal });
    }
  }
  return checks;
};
