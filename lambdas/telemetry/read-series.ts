import type { SeriesAnswer, Tier } from '../../contracts/api-telemetry.ts';
import { readingFieldNames } from '../../contracts/reading.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { presentDays, presentReadings, presentWindows } from './present-series.ts';
import { siteDaysBetween } from './site-days.ts';
import type { TierReaders } from './tier-readers.ts';
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

/** One miner's history, point by point. Fails with `validation_failed` when the interval is empty or longer than the tier allows. */
export const readSeries =
  (readers: TierReaders, timeZone: string) =>
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
      const points = presentReadings(await readers.raw(site_id, miner_id, fromMs, toMs, readingFieldNames));
      return succeed({ ...of, tier, count: points.length, points });
    }
    if (tier === '5min') {
      const points = presentWindows(
        await readers.windows(site_id, miner_id, fromMs, toMs, readingFieldNames),
      );
      return succeed({ ...of, tier, count: points.length, points });
    }
    const calendar = siteDaysBetween(timeZone, fromMs, toMs);
    const [first, last] = [calendar.at(0), calendar.at(-1)];
    const days = first && last ? await readers.days(site_id, miner_id, first.date, last.date) : [];
    return succeed({ ...of, tier, count: days.length, points: presentDays(days, calendar) });
  };
