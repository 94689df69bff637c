import type * as z from 'zod';
import {
  type MinerSeriesAnswer,
  type minerSeriesQuery,
  pointLimits,
  type SeriesStatistic,
} from '../../contracts/api-telemetry-series.ts';
import type { ReadingField } from '../../contracts/reading.ts';
import type { Written } from '../shared/json-text.ts';
import { type Result, succeed } from '../shared/result.ts';
import { presentDayColumns } from './present-days.ts';
import { gridOf, presentRawColumns, presentWindowColumns, usualStepMs } from './present-points.ts';
import { finest, type Plan, planOf, rangeText, stepMs, tooManyPoints } from './query-plan.ts';
import { siteDaysBetween } from './site-days.ts';
import type { TierReaders } from './tier-readers.ts';

export type MinerSeriesRequest = z.output<typeof minerSeriesQuery>;
type Miner = { readonly siteId: number; readonly minerId: string; readonly timeZone: string };

const usualFields: readonly ReadingField[] = ['hashrateThs', 'powerW', 'chipTempC'];
const usualStats: readonly SeriesStatistic[] = ['mean', 'min', 'max'];

/** One miner's series over the tier that range and resolution ask for. Fails with the field and the limit that stand in the way. */
export const minerSeries =
  (readers: TierReaders) =>
  async (
    miner: Miner,
    request: MinerSeriesRequest,
    nowMs: number,
  ): Promise<Result<Written<MinerSeriesAnswer>>> => {
    const planned = planOf(request, nowMs, true);
    if (!planned.ok) return planned;
    if (planned.value.resolution !== 'raw')
      return succeed(await inSteps(readers, miner, request, planned.value));
    const most = request.max_points ?? (request.resolution === 'raw' ? pointLimits.most : pointLimits.usual);
    const raw = await rawSeries(readers, miner, request, planned.value);
    if (raw.count <= most) return succeed(raw);
    if (request.resolution === 'raw') return tooManyPoints(most, 'raw');
    const resolution = finest(planned.value, nowMs, most);
    return succeed(await inSteps(readers, miner, request, { ...planned.value, resolution }));
  };

const common = ({ siteId, minerId, timeZone }: Miner, plan: Plan) => ({
  site_id: siteId,
  miner_id: minerId,
  ...rangeText(plan),
  resolution: plan.resolution,
  time_zone: timeZone,
});

const rawSeries = async (
  readers: TierReaders,
  miner: Miner,
  { fields = usualFields }: MinerSeriesRequest,
  plan: Plan,
): Promise<Written<MinerSeriesAnswer>> => {
  const samples = await readers.raw(miner.siteId, miner.minerId, plan.fromMs, plan.toMs, fields);
  return {
    ...common(miner, plan),
    tier: 'raw',
    step_ms: usualStepMs(samples.sampledAtMs),
    ...presentRawColumns(samples, fields),
  };
};

const inSteps = async (
  readers: TierReaders,
  miner: Miner,
  { fields = usualFields, stats = usualStats }: MinerSeriesRequest,
  plan: Plan,
): Promise<Written<MinerSeriesAnswer>> => {
  const { siteId, minerId, timeZone } = miner;
  const { fromMs, toMs, resolution } = plan;
  if (resolution === 'day') {
    const days = siteDaysBetween(timeZone, fromMs, toMs);
    const [first, last] = [days.at(0), days.at(-1)];
    const found = first && last ? await readers.days(siteId, minerId, first.date, last.date) : [];
    return {
      ...common(miner, plan),
      tier: 'daily',
      step_ms: stepMs.day,
      ...presentDayColumns(days, found, fields, stats),
    };
  }
  const grid = gridOf(fromMs, toMs, stepMs[resolution === 'hour' ? 'hour' : '5min']);
  const endMs = grid.startMs + grid.count * grid.stepMs;
  const windows = await readers.windows(siteId, minerId, grid.startMs, endMs, fields);
  return {
    ...common(miner, plan),
    tier: '5min',
    step_ms: grid.stepMs,
    ...presentWindowColumns(windows, grid, fields, stats),
  };
};
