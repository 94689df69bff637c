import { useLanguage } from '../i18n/language.ts';

/** Numbers and times in the reader's language. A missing figure is a dash, never zero. */
export const useFormat = () => {
  const language = useLanguage();
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  const number = (value: number | null | undefined, digits = 0, unit = '') =>
    value === null || value === undefined
      ? '–'
      : `${value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })}${unit && ` ${unit}`}`;
  const time = (utc: string | undefined | null) =>
    utc ? new Date(utc).toLocaleString(locale, { dateStyle: 'short', timeStyle: 'medium' }) : '–';
  return { number, time, percent: (fraction: number) => number(fraction * 100, 0, '%').replace(' ', '') };
};

/** A span as people say it: 840 ms, 3.2 s, 4 min. */
export const span = (ms: number) => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
};
