import { windowMs } from './windows.ts';

/** A day as a site's clocks show it: 23 or 25 hours where they are changed in it. `date` as `2026-11-21`. */
export type SiteDay = { readonly date: string; readonly startMs: number; readonly endMs: number };

const hourMs = 60 * 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const formatOf = (timeZone: string) => {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  formats.set(timeZone, format);
  return format;
};

/** The date at a site at an instant. */
export const dateAt = (timeZone: string, atMs: number): string => formatOf(timeZone).format(atMs);

const nextDate = (date: string) => new Date(Date.parse(date) + 24 * hourMs).toISOString().slice(0, 10);

const starts = new Map<string, number>();
/** The first window of a date, or of the next that the site has. */
const startOfDate = (timeZone: string, date: string): number => {
  const name = `${timeZone}/${date}`;
  const known = starts.get(name);
  if (known !== undefined) return known;
  const noon = Date.parse(date);
  let [low, high] = [(noon - 15 * hourMs) / windowMs, (noon + 15 * hourMs) / windowMs];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (dateAt(timeZone, middle * windowMs) < date) low = middle + 1;
    else high = middle;
  }
  if (starts.size > 10_000) starts.clear();
  starts.set(name, low * windowMs);
  return low * windowMs;
};

export const siteDay = (timeZone: string, date: string): SiteDay => ({
  date,
  startMs: startOfDate(timeZone, date),
  endMs: startOfDate(timeZone, nextDate(date)),
});

/** The days of a site that have a part of [fromMs, toMs), in order. */
export const siteDaysBetween = (timeZone: string, fromMs: number, toMs: number): SiteDay[] => {
  const days: SiteDay[] = [];
  if (toMs <= fromMs) return days;
  const last = dateAt(timeZone, toMs - 1);
  for (let date = dateAt(timeZone, fromMs); date <= last; date = nextDate(date))
    days.push(siteDay(timeZone, date));
  return days.filter(({ startMs, endMs }) => endMs > startMs);
};

/** The days of a site from one date to another, both with it. */
export const siteDaysFrom = (timeZone: string, fromDate: string, toDate: string): SiteDay[] => {
  const days: SiteDay[] = [];
  for (let date = fromDate; date <= toDate; date = nextDate(date)) days.push(siteDay(timeZone, date));
  return days.filter(({ startMs, endMs }) => endMs > startMs);
};
