/** A route key of an HTTP API, taken apart. `$default` has no method and no path. */
export type RouteKey =
  | { readonly kind: 'default' }
  | { readonly kind: 'route'; readonly method: string; readonly segments: readonly string[] };

export const parseRouteKey = (key: string): RouteKey => {
  if (key === '$default') return { kind: 'default' };
  const [method = '', path = ''] = key.split(' ');
  return { kind: 'route', method, segments: segmentsOf(path) };
};

export const segmentsOf = (path: string) => path.split('/').slice(1);

export type Match<R> = { readonly route: R; readonly params: Readonly<Record<string, string>> };

/**
 * The route that API Gateway would choose: a full match before a `{proxy+}` one, the longer literal path first, a
 * method before ANY, `$default` last. Parameters are URL-decoded.
 */
export const matchRoute = <R extends { readonly key: RouteKey }>(
  routes: readonly R[],
  method: string,
  path: string,
): Match<R> | undefined => {
  const segments = segmentsOf(path);
  let best: (Match<R> & { readonly rank: readonly number[] }) | undefined;
  for (const route of routes) {
    const found = matchOne(route.key, method, segments);
    if (found && (!best || isBetter(found.rank, best.rank))) best = { route, ...found };
  }
  return best && { route: best.route, params: best.params };
};

const matchOne = (key: RouteKey, method: string, segments: readonly string[]) => {
  if (key.kind === 'default') return { params: {}, rank: [-1] };
  if (key.method !== 'ANY' && key.method !== method) return undefined;
  const params: Record<string, string> = {};
  const rank: number[] = [];
  for (const [index, pattern] of key.segments.entries()) {
    const name = /^\{([^}]+)\}$/.exec(pattern)?.[1];
    if (name?.endsWith('+')) {
      const rest = segments.slice(index);
      if (rest.length === 0 || rest[0] === '') return undefined;
      params[name.slice(0, -1)] = decode(rest.join('/'));
      return { params, rank: [...rank, 0, key.method === 'ANY' ? 0 : 1] };
    }
    const segment = segments[index];
    if (segment === undefined) return undefined;
    if (name) {
      if (segment === '') return undefined;
      params[name] = decode(segment);
      rank.push(1);
    } else {
      if (segment !== pattern) return undefined;
      rank.push(2);
    }
  }
  if (segments.length !== key.segments.length) return undefined;
  return { params, rank: [...rank, key.method === 'ANY' ? 0 : 1] };
};

const decode = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const isBetter = (one: readonly number[], other: readonly number[]) => {
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const difference = (one[index] ?? -1) - (other[index] ?? -1);
    if (difference !== 0) return difference > 0;
  }
  return false;
};
