import type { Language } from '../../../contracts/text.ts';
import { useLanguage } from '../i18n/language.ts';

const locales: Record<Language, string> = { en: 'en-GB', zh: 'zh-CN' };
const numberFormats = new Map<string, Intl.NumberFormat>();

const numberFormat = (locale: string, digits: number, most = digits) => {
  const key = `${locale} ${digits} ${most}`;
  const kept = numberFormats.get(key);
  if (kept) return kept;
  const made = new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: most,
  });
  numberFormats.set(key, made);
  return made;
};

/** Numbers and times of one language. A missing figure is a dash, never zero; a time of today goes without its date. */
export const formatsOf = (language: Language) => {
  const locale = locales[language];
  const number = (value: number | null | undefined, digits = 0, unit = '') =>
    value === null || value === undefined
      ? '–'
      : `${numberFormat(locale, digits).format(value)}${unit && ` ${unit}`}`;
  /** All decimal places that the API gives, `digits` of them at least. */
  const exact = (value: number | null | undefined, digits = 0, unit = '') =>
    value === null || value === undefined
      ? '–'
      : `${numberFormat(locale, digits, Math.max(6, digits)).format(value)}${unit && ` ${unit}`}`;
  const time = (utc: string | undefined | null, now = new Date()) => {
    if (!utc) return '–';
    const at = new Date(utc);
    const isToday = at.toDateString() === now.toDateString();
    return at.toLocaleString(locale, { ...(!isToday && { dateStyle: 'short' }), timeStyle: 'medium' });
  };
  return { number, exact, time, percent: (fraction: number) => `${number(fraction * 100)}%` };
};

/** Numbers and times in the reader's language. */
export const useFormat = () => formatsOf(useLanguage());

/** A span as people say it: 840 ms, 3.2 s, 4 min. */
export const span = (ms: number) => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
};
