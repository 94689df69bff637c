import { useSite } from '../app/site-context.ts';
import { useLanguage } from '../i18n/language.ts';
import { siteTime } from './site-time.ts';

/** The clock of the site that is shown, in the reader's language. */
export const useSiteClock = () => {
  const { time_zone: timeZone } = useSite();
  const clock = siteTime(useLanguage(), timeZone);
  return {
    ...clock,
    /** An instant of an answer to the second; a dash where there is none. */
    at: (utc: string | undefined) => (utc ? clock.exact(Date.parse(utc)) : '–'),
  };
};
