import { useQuery } from '@tanstack/react-query';
import type * as z from 'zod';
import { loopList, recommendationList } from '../../../contracts/api-advisor.ts';
import { sitesAnswer } from '../../../contracts/api-fleet.ts';
import { sessionAnswer } from '../../../contracts/api-identity.ts';
import { useLanguage } from '../i18n/language.ts';
import { call } from './client.ts';

/** How often open pages ask again, in ms. */
export const refreshMs = { fast: 2_000, normal: 5_000 } as const;

/** One GET, parsed by its contract, asked again every `everyMs`, kept by path and language. */
export const useGet = <T>(path: string | undefined, schema: z.ZodType<T>, everyMs?: number) => {
  const language = useLanguage();
  return useQuery({
    queryKey: [path, language],
    queryFn: () => call('GET', path ?? '', schema),
    enabled: path !== undefined,
    refetchInterval: everyMs ?? false,
    placeholderData: (previous) => previous,
  });
};

export const useSession = () => useGet('/api/v1/session', sessionAnswer);
export const useSites = () => useGet('/api/v1/sites', sitesAnswer);
export const useRecommendations = (siteId: number) =>
  useGet(`/api/v1/ai/recommendations?site_id=${siteId}&limit=200`, recommendationList, refreshMs.fast);
export const useLoops = (siteId: number) =>
  useGet(`/api/v1/ai/loops?site_id=${siteId}&limit=50`, loopList, refreshMs.fast);
