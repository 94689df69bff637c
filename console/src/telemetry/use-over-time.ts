import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type * as z from 'zod';
import { call } from '../api/client.ts';
import { useLanguage } from '../i18n/language.ts';
import { type Span, spanOf, type TimeRange, toUtc } from './range.ts';

const hourMs = 3_600_000;

/** How often a range is asked for again: one that ends now as often as its points come, a fixed one never. */
export const refreshOf = (range: TimeRange): number | false => {
  if (!('preset' in range)) return false;
  const { fromMs, toMs } = spanOf(range, 0);
  return toMs - fromMs <= 24 * hourMs ? 10_000 : 60_000;
};

export type OverTime<T> = { readonly span: Span; readonly answer: T };

/**
 * What the API knows of a range, with the span that it stands for. A preset's span is taken anew at each call, under one
 * key, so that a chart moves on without loading. While another range is on its way the one before stays in sight.
 */
export const useOverTime = <T>(path: string, range: TimeRange, schema: z.ZodType<T>) => {
  const language = useLanguage();
  const rangeKey = 'preset' in range ? range.preset : `${range.fromMs}-${range.toMs}`;
  return useQuery({
    queryKey: [path, rangeKey, language],
    queryFn: async (): Promise<OverTime<T>> => {
      const span = spanOf(range, Math.floor(Date.now() / 1_000) * 1_000);
      const limits = `from=${toUtc(span.fromMs)}&to=${toUtc(span.toMs)}`;
      return { span, answer: await call('GET', `${path}&${limits}`, schema) };
    },
    refetchInterval: refreshOf(range),
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
};
