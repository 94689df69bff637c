import { useQuery } from '@tanstack/react-query';
import type * as z from 'zod';
import { loopList, recommendationList, ruleList } from '../../../contracts/api-advisor.ts';
import { commandList } from '../../../contracts/api-control.ts';
import { sitesAnswer } from '../../../contracts/api-fleet.ts';
import { sessionAnswer } from '../../../contracts/api-identity.ts';
import { liveAnswer } from '../../../contracts/api-telemetry.ts';
import { useLanguage } from '../i18n/language.ts';
import { call } from './client.ts';

/** How often open pages ask again, in ms. */
export const refreshMs = { fast: 2_000, normal: 5_000 } as const;

/**
 * One GET, parsed by its contract, asked again every `everyMs`, kept by path and language. A large answer that changes
 * with every call is not compared with the one before.
 */
export const useGet = <T>(
  path: string | undefined,
  schema: z.ZodType<T>,
  everyMs?: number,
  isLarge = false,
) => {
  const language = useLanguage();
  return useQuery({
    queryKey: [path, language],
    queryFn: () => call('GET', path ?? '', schema),
    enabled: path !== undefined,
    refetchInterval: everyMs ?? false,
    // The same page in the other language stays in sight until it has come; other pages' figures never stand in.
    placeholderData: (previous, query) => (query?.queryKey[0] === path ? previous : undefined),
    structuralSharing: !isLarge,
  });
};

export const useSession = () => useGet('/api/v1/session', sessionAnswer);
/** Sites, where the person may see any. */
export const useSites = (isOpen: boolean) => useGet(isOpen ? '/api/v1/sites' : undefined, sitesAnswer);
export const useRecommendations = (siteId: number) =>
  useGet(`/api/v1/ai/recommendations?site_id=${siteId}&limit=200`, recommendationList, refreshMs.fast);
export const useLoops = (siteId: number) =>
  useGet(`/api/v1/ai/loops?site_id=${siteId}&limit=50`, loopList, refreshMs.fast);
export const useLive = (siteId: number) =>
  useGet(`/api/v1/telemetry/live?site_id=${siteId}`, liveAnswer, refreshMs.normal, true);
export const useCommands = (siteId: number | undefined, everyMs: number = refreshMs.normal) =>
  useGet(
    siteId === undefined ? undefined : `/api/v1/commands?site_id=${siteId}&limit=200`,
    commandList,
    everyMs,
  );
export const useRules = (siteId: number) => useGet(`/api/v1/ai/auto/rules?site_id=${siteId}`, ruleList);
