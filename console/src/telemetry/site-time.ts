import type { Language } from '../../../contracts/text.ts';

const locales: Record<Language, string> = { en: 'en-GB', zh: 'zh-CN' };
const formats = new Map<string, Intl.DateTimeFormat>();

const formatIn = (locale: string, timeZone: string, options: Intl.DateTimeFormatOptions) => {
  const key = JSON.stringify([locale, timeZone, options]);
  const kept = formats.get(key);
  if (kept) return kept;
  const made = new Intl.DateTimeFormat(locale, { timeZone, hourCycle: 'h23', ...options });
  formats.set(key, made);
  return made;
};

const date = { year: 'numeric', month: 'short', day: 'numeric' } as const;
const clock = { hour: '2-digit', minute: '2-digit' } as const;
const dayMs = 24 * 3_600_000;

/** Instants as the site's clocks show them, in the reader's language. */
export const siteTime = (language: Language, timeZone: string) => {
  const write = (ms: number, options: Intl.DateTimeFormatOptions, zone = timeZone) =>
    formatIn(locales[language], zone, options).format(ms);
  const zoneNow = (ms: number) =>
    formatIn(locales[language], timeZone, { timeZoneName: 'short' })
      .formatToParts(ms)
      .find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
  return {
    /** To the second, with the zone's name. */
    exact: (ms: number) => `${write(ms, { ...date, ...clock, second: '2-digit' })} ${zoneNow(ms)}`,
    utc: (ms: number) => `${write(ms, { ...date, ...clock, second: '2-digit' }, 'UTC')} UTC`,
    minute: (ms: number) => write(ms, { ...date, ...clock }),
    day: (ms: number) => write(ms, date),
    zoneNow,
    /** For an axis whose ticks are `stepMs` apart: as short as tells them from one another. */
    tick: (ms: number, stepMs: number) => {
      if (stepMs >= 27 * dayMs) return write(ms, { year: 'numeric', month: 'short' });
      if (stepMs >= dayMs) return write(ms, { month: 'short', day: 'numeric' });
      const isMidnight = write(ms, { hour: '2-digit', minute: '2-digit', second: '2-digit' }) === '00:00:00';
      if (isMidnight) return write(ms, { month: 'short', day: 'numeric' });
      return write(ms, stepMs < 60_000 ? { ...clock, second: '2-digit' } : clock);
    },
    /** From one instant to another; the date is said once where both are of one day. */
    between: (fromMs: number, toMs: number) => {
      const isLong = toMs - fromMs >= 3 * dayMs;
      const options = isLong ? date : { ...date, ...clock };
      const isShort = toMs - fromMs < 30 * 60_000;
      return formatIn(
        locales[language],
        timeZone,
        isShort ? { ...options, second: '2-digit' } : options,
      ).formatRange(fromMs, toMs);
    },
  };
};
export type SiteTime = ReturnType<typeof siteTime>;
