import { pointLimits, type Resolution } from '../../contracts/api-telemetry-series.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { dayMs, keptMs, windowMs } from './windows.ts';

const hourMs = 3_600_000;
export const stepMs = { '5min': windowMs, hour: hourMs, day: dayMs } as const;

/** How far back each resolution reaches, which is also the longest span that one answer may have. */
export const reachMs: Readonly<Record<Resolution, number>> = {
  raw: keptMs.raw,
  '5min': keptMs.history,
  hour: keptMs.history,
  day: keptMs.daily,
};

export type RangeRequest = {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
};
export type Range = { readonly fromMs: number; readonly toMs: number };
export type Plan = Range & { readonly resolution: Resolution };

const refuse = (field: string, says: string) =>
  fail('validation_failed', `${field}: ${says}`, [{ field, message: `${field}: ${says}` }]);

/** The asked interval, `to` left out; without one the `usualMs` before now. Fails where it is empty. */
export const rangeOf = ({ from, to }: RangeRequest, nowMs: number, usualMs: number): Result<Range> => {
  const toMs = to === undefined ? nowMs + 1 : Date.parse(to);
  const fromMs = from === undefined ? Math.max(0, toMs - usualMs) : Date.parse(from);
  return fromMs < toMs ? succeed({ fromMs, toMs }) : refuse('from', 'must be before to');
};

/** Fails with the field and the limit where an interval is longer than the resolution is kept. */
export const checkSpan = ({ fromMs, toMs }: Range, resolution: Resolution): Result<undefined> => {
  const most = reachMs[resolution];
  // Days begin at the site's midnight: an interval of 400 of them may have an hour more, where a clock changed.
  const slack = resolution === 'day' ? hourMs : 1;
  return toMs - fromMs <= most + slack
    ? succeed(undefined)
    : refuse(
        'from',
        `from and to may be at most ${most / dayMs} days apart at the resolution ${resolution}, and are ${Math.ceil((toMs - fromMs) / dayMs)}`,
      );
};

const pointsOf = ({ fromMs, toMs }: Range, resolution: '5min' | 'hour' | 'day') =>
  Math.ceil((toMs - fromMs) / stepMs[resolution]);

const isKept = ({ fromMs }: Range, resolution: Resolution, nowMs: number) =>
  fromMs >= nowMs - reachMs[resolution] - hourMs;

/** The finest resolution whose tier still holds the interval's beginning and whose points are few enough. */
export const finest = (range: Range, nowMs: number, mostPoints: number): '5min' | 'hour' | 'day' => {
  for (const resolution of ['5min', 'hour'] as const)
    if (isKept(range, resolution, nowMs) && pointsOf(range, resolution) <= mostPoints) return resolution;
  return 'day';
};

export const rawFits = (range: Range, nowMs: number) =>
  isKept(range, 'raw', nowMs) && range.toMs - range.fromMs <= reachMs.raw + 1;

/**
 * Chooses resolution and with it the tier. `auto` takes raw samples within the last 24 hours (the caller falls back to windows
 * where those are too many), else the finest that is kept and has at most `max_points` (usually 2,500) points.
 */
export const planOf = (
  {
    resolution,
    max_points,
    ...request
  }: RangeRequest & {
    readonly resolution: 'auto' | Resolution;
    readonly max_points?: number | undefined;
  },
  nowMs: number,
  hasRaw: boolean,
): Result<Plan> => {
  const usual = resolution === 'day' ? 30 * dayMs : dayMs;
  const range = rangeOf(request, nowMs, usual);
  if (!range.ok) return range;
  const chosen =
    resolution !== 'auto'
      ? resolution
      : hasRaw && rawFits(range.value, nowMs)
        ? 'raw'
        : finest(range.value, nowMs, max_points ?? pointLimits.usual);
  const span = checkSpan(range.value, chosen);
  if (!span.ok) return span;
  const most = max_points ?? pointLimits.most;
  if (chosen !== 'raw' && pointsOf(range.value, chosen) > most) return tooManyPoints(most, chosen);
  return succeed({ ...range.value, resolution: chosen });
};

export const tooManyPoints = (most: number, resolution: Resolution) =>
  refuse(
    'max_points',
    `from and to hold more than ${most} points at the resolution ${resolution}; narrow them, or take a coarser resolution`,
  );

/** Larger answers than this no Lambda function may give (6 MB, of which the envelope needs some). */
export const mostAnswerBytes = 5_500_000;
export const tooLarge = (field: string, hint: string) =>
  refuse(field, `the answer would be larger than ${mostAnswerBytes / 1e6} MB; ${hint}`);

export const rangeText = ({ fromMs, toMs }: Range) => ({ from: toUtc(fromMs), to: toUtc(toMs) });
