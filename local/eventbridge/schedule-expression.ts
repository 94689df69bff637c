/** When a schedule fires next, strictly after a moment; undefined when never again. Times in milliseconds since 1970. */
export type Schedule = { readonly nextAfter: (afterMs: number) => number | undefined };

export class InvalidScheduleError extends Error {
  constructor(expression: string, reason: string) {
    super(`Schedule expression ${expression} is not valid: ${reason}`);
    this.name = 'ValidationException';
  }
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/**
 * `rate(5 minutes)`, `cron(0 8 ? * MON-FRI *)` (minutes hours day-of-month month day-of-week year) or `at(2026-01-31T10:00:00)`.
 * Rates count from `anchorMs`. Times are in `timeZone` (an IANA name; UTC unless given). Throws InvalidScheduleError.
 */
export const parseSchedule = (expression: string, anchorMs: number, timeZone = 'UTC'): Schedule => {
  const [, kind, body = ''] = /^(rate|cron|at)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'rate') return rate(expression, body, anchorMs);
  if (kind === 'cron') return cron(expression, body, timeZone);
  if (kind === 'at') return at(expression, body, timeZone);
  throw new InvalidScheduleError(expression, 'it is none of rate(), cron(), at()');
};

const rate = (expression: string, body: string, anchorMs: number): Schedule => {
  const [, count = '', unit = '', plural = ''] = /^(\d+) (minute|hour|day)(s?)$/.exec(body) ?? [];
  const stepMs = Number(count) * (unitMs[unit] ?? 0);
  if (stepMs === 0)
    throw new InvalidScheduleError(expression, 'a rate is a positive number and minutes, hours or days');
  if ((Number(count) === 1) === (plural === 's'))
    throw new InvalidScheduleError(expression, 'one unit is singular, several are plural');
  return {
    nextAfter: (afterMs) => anchorMs + Math.max(1, Math.floor((afterMs - anchorMs) / stepMs) + 1) * stepMs,
  };
};

const at = (expression: string, body: string, timeZone: string): Schedule => {
  const [, ...parts] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(body) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const atMs = parts.length === 6 ? toEpochMs({ year, month, day, hour, minute }, timeZone) : undefined;
  if (atMs === undefined) throw new InvalidScheduleError(expression, 'at() takes yyyy-mm-ddThh:mm:ss');
  const whenMs = atMs + second * 1000;
  return { nextAfter: (afterMs) => (whenMs > afterMs ? whenMs : undefined) };
};

type Local = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
};
/** Days (of one month) on which a day field holds. */
type DayRule = (year: number, month: number) => ReadonlySet<number>;

const daysIn = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();
/** 1 is Sunday, as in cron. */
const weekdayOf = (year: number, month: number, day: number) =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
const allDays = (year: number, month: number) =>
  Array.from({ length: daysIn(year, month) }, (_, index) => index + 1);

const cron = (expression: string, body: string, timeZone: string): Schedule => {
  const fields = body.trim().split(/\s+/);
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = '', yearText = ''] =
    fields;
  const refuse = (reason: string) => new InvalidScheduleError(expression, reason);
  if (fields.length !== 6) throw refuse('cron takes six fields');
  if ((dayText === '?') === (weekdayText === '?'))
    throw refuse('exactly one of day-of-month and day-of-week is ?');
  const numbers = (text: string, low: number, high: number, names: readonly string[] = []) => {
    const found = new Set<number>();
    const value = (one: string) => {
      const named = names.indexOf(one.toUpperCase());
      const number = named >= 0 ? named + 1 : /^\d+$/.test(one) ? Number(one) : Number.NaN;
      if (!(number >= low && number <= high)) throw refuse(`${one} is not between ${low} and ${high}`);
      return number;
    };
    for (const part of text.split(',')) {
      const [range = '', step] = part.split('/');
      const [from, to] = range === '*' ? [low, high] : range.split('-').map(value);
      if (from === undefined) throw refuse(`${part} is empty`);
      const last = to ?? (step === undefined ? from : high);
      const stride = step === undefined ? 1 : Number(step);
      if (!Number.isInteger(stride) || stride < 1) throw refuse(`${part} has no valid step`);
      // A range such as FRI-MON runs over the end.
      const span = last >= from ? last - from : high - low + 1 - (from - last);
      for (let offset = 0; offset <= span; offset += stride)
        found.add(((from - low + offset) % (high - low + 1)) + low);
    }
    return [...found].sort((a, b) => a - b);
  };
  const minutes = numbers(minuteText, 0, 59);
  const hours = numbers(hourText, 0, 23);
  const months = numbers(monthText, 1, 12, monthNames);
  const years = numbers(yearText, 1970, 2199);
  const days = dayText === '?' ? weekdayRule(weekdayText) : dayRule(dayText);

  function dayRule(text: string): DayRule {
    if (text === 'L') return (year, month) => new Set([daysIn(year, month)]);
    const [, nearest] = /^(\d+|L)W$/.exec(text) ?? [];
    if (nearest !== undefined) {
      if (nearest !== 'L' && !(Number(nearest) >= 1 && Number(nearest) <= 31))
        throw refuse(`${text} is not a day`);
      return (year, month) =>
        nearestWeekday(year, month, nearest === 'L' ? daysIn(year, month) : Number(nearest));
    }
    const wanted = new Set(numbers(text, 1, 31));
    return (year, month) => new Set(allDays(year, month).filter((day) => wanted.has(day)));
  }
  function weekdayRule(text: string): DayRule {
    const [, lastName] = /^(\w+?)L$/.exec(text) ?? [];
    const [, nthName, nth] = /^(\w+)#(\d)$/.exec(text) ?? [];
    const only = (name: string) => numbers(name, 1, 7, dayNames)[0] ?? 0;
    const on = (year: number, month: number, weekday: number) =>
      allDays(year, month).filter((day) => weekdayOf(year, month, day) === weekday);
    if (text === 'L') return (year, month) => new Set(on(year, month, 7));
    if (lastName !== undefined) {
      const weekday = only(lastName);
      return (year, month) => new Set(on(year, month, weekday).slice(-1));
    }
    if (nthName !== undefined) {
      const weekday = only(nthName);
      const place = Number(nth);
      if (place < 1 || place > 5) throw refuse(`${text} asks for a week that no month has`);
      return (year, month) => new Set(on(year, month, weekday).slice(place - 1, place));
    }
    const wanted = new Set(numbers(text, 1, 7, dayNames));
    return (year, month) =>
      new Set(allDays(year, month).filter((day) => wanted.has(weekdayOf(year, month, day))));
  }

  const nextAfter = (afterMs: number): number | undefined => {
    const start = toLocal(afterMs, timeZone);
    for (const year of years) {
      if (year < start.year) continue;
      for (const month of months) {
        if (year === start.year && month < start.month) continue;
        for (const day of [...days(year, month)].sort((a, b) => a - b)) {
          if (year === start.year && month === start.month && day < start.day) continue;
          for (const hour of hours)
            for (const minute of minutes) {
              const atMs = toEpochMs({ year, month, day, hour, minute }, timeZone);
              if (atMs !== undefined && atMs > afterMs) return atMs;
            }
        }
      }
    }
    return undefined;
  };
  return { nextAfter };
};

/** The weekday (Monday to Friday) nearest to a day, within its month. */
const nearestWeekday = (year: number, month: number, day: number): ReadonlySet<number> => {
  const last = daysIn(year, month);
  if (day > last) return new Set();
  const weekday = weekdayOf(year, month, day);
  if (weekday === 7) return new Set([day > 1 ? day - 1 : day + 2]);
  if (weekday === 1) return new Set([day < last ? day + 1 : day - 2]);
  return new Set([day]);
};

const formats = new Map<string, Intl.DateTimeFormat>();
const toLocal = (atMs: number, timeZone: string): Local => {
  const known = formats.get(timeZone);
  const format =
    known ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  if (!known) formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
  };
};

/** The moment of a local time; undefined for one that a change of the clocks leaves out. */
const toEpochMs = ({ year, month, day, hour, minute }: Local, timeZone: string): number | undefined => {
  const asUtcMs = Date.UTC(year, month - 1, day, hour, minute);
  if (timeZone === 'UTC') return asUtcMs;
  const offsetAt = (atMs: number) => {
    const local = toLocal(atMs, timeZone);
    return (
      Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute) -
      Math.floor(atMs / 60_000) * 60_000
    );
  };
  for (const offsetMs of [offsetAt(asUtcMs - 86_400_000), offsetAt(asUtcMs + 86_400_000)]) {
    const atMs = asUtcMs - offsetMs;
    const back = toLocal(atMs, timeZone);
    if (back.day === day && back.hour === hour && back.minute === minute) return atMs;
  }
  return undefined;
};
