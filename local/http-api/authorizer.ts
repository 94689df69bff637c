import * as z from 'zod';
import type { InvokeFunction } from '../ports.ts';
import { type ApiPlace, type ApiRequest, authorizerEvent } from './event.ts';

export type Authorizer = {
  readonly functionArn: string;
  /** `$request.header.Authorization`, `$request.querystring.token`; all must be there, or the answer is 401. */
  readonly identitySource: readonly string[];
  readonly cacheSeconds: number;
};

export type Verdict =
  | { readonly kind: 'allowed'; readonly context: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'failed' };

const simpleResponse = z.object({
  isAuthorized: z.boolean(),
  context: z.record(z.string(), z.unknown()).nullish(),
});

/** Lambda authorizers with simple responses, each with its cache of results by identity source. */
export const createAuthorizers = (invoke: InvokeFunction, nowMs: () => number = Date.now) => {
  const cache = new Map<string, { readonly verdict: Verdict; readonly untilMs: number }>();
  return async (
    id: string,
    authorizer: Authorizer,
    request: ApiRequest,
    place: ApiPlace,
    matched: { readonly routeKey: string; readonly params: Readonly<Record<string, string>> },
    routeArn: string,
  ): Promise<Verdict> => {
    const identity = authorizer.identitySource.map((source) => identityOf(source, request, matched.routeKey));
    if (identity.some((one) => !one)) return { kind: 'unauthorized' };
    const known = identity.map((one) => one ?? '');
    const cached = authorizer.cacheSeconds > 0 && known.length > 0;
    const key = JSON.stringify([id, ...known]);
    const hit = cached ? cache.get(key) : undefined;
    if (hit && hit.untilMs > nowMs()) return hit.verdict;
    const outcome = await invoke(
      authorizer.functionArn,
      authorizerEvent(request, place, matched, routeArn, known),
    );
    const parsed = outcome.ok ? simpleResponse.safeParse(outcome.payload) : undefined;
    if (!parsed?.success) return { kind: 'failed' };
    const verdict: Verdict = parsed.data.isAuthorized
      ? { kind: 'allowed', context: parsed.data.context ?? {} }
      : { kind: 'forbidden' };
    if (cached) {
      if (cache.size > 10_000) cache.clear();
      cache.set(key, { verdict, untilMs: nowMs() + authorizer.cacheSeconds * 1000 });
    }
    return verdict;
  };
};

const identityOf = (source: string, request: ApiRequest, routeKey: string): string | undefined => {
  const [, kind, name = ''] = /^\$(request\.header|request\.querystring|context)\.(.+)$/.exec(source) ?? [];
  if (kind === 'request.header')
    return name.toLowerCase() === 'cookie'
      ? request.cookies.join('; ') || undefined
      : request.headers[name.toLowerCase()];
  if (kind === 'request.querystring') return new URLSearchParams(request.query).get(name) ?? undefined;
  if (source === '$context.routeKey') return routeKey;
  throw new Error(`The local API does not know the identity source ${source}`);
};
