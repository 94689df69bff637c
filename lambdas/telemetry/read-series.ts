import type { SeriesAnswer, Tier } from '../../contracts/api-telemetry.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { presentDays, presentReadings, presentWindows } from './present-series.ts';
import { readDailySeries, readRawSeries, readWindowSeries } from './read-telemetry.ts';
import type { TelemetryStore } from './telemetry-keys.ts';
import { dayMs } from './windows.ts';

const usualSpanMs: Readonly<Record<Tier, number>> = { raw: 60 * 60_000, '5min': dayMs, daily: 30 * dayMs };
const longestSpanMs: Readonly<Record<Tier, number>> = { raw: dayMs, '5min': 7 * dayMs, daily: 400 * dayMs };

export type SeriesRequest = {
  readonly site_id: number;
  readonly miner_id: string;
  readonly tier: Tier;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
};

/** One miner's history. Fails with `validation_failed` when the interval is empty or longer than the tier allows. */
export const readSeries =
  (store: TelemetryStore) =>
  async (
    { site_id, miner_id, tier, from, to }: SeriesRequest,
    nowMs: number,
  ): Promise<Result<SeriesAnswer>> => {
    const toMs = to === undefined ? nowMs + 1 : Date.parse(to);
    const fromMs = from === undefined ? Math.max(0, toMs - usualSpanMs[tier]) : Date.parse(from);
    if (fromMs >= toMs) return fail('validation_failed', 'from must be before to');
    if (toMs - fromMs > longestSpanMs[tier])
      return fail(
        'validation_failed',
        `from and to may be at most ${longestSpanMs[tier] / dayMs} days apart in the ${tier} tier`,
      );
    const of = { site_id, miner_id };
    if (tier === 'raw') {
      const points = presentReadings(await readRawSeries(store)(site_id, miner_id, fromMs, toMs));
      return succeed({ ...of, tier, count: points.length, points });
    }
    if (tier === '5min') {
      const points = presentWindows(await readWindowSeries(store)(site_id, miner_id, fromMs, toMs));
      return succeed({ ...of, tier, count: points.length, points });
    }
    const points = presentDays(await readDailySeries(store)(site_id, miner_id, fromMs, toMs));
    return succeed({ ...of, tier, count: points.length, points });
  };
