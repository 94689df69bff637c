import { lookup } from 'node:dns/promises';
import { literalAddress } from './endpoint-url.ts';
import { type AllowedNetworks, isPublicAddress } from './public-address.ts';

/** One address, resolved and judged: the connection goes to it and to no other. */
export type Target = { readonly address: string; readonly family: 4 | 6 };
export type Resolution =
  | { readonly ok: true; readonly target: Target }
  | { readonly ok: false; readonly fault: 'unresolvable' | 'private_address' };
export type ResolveHost = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

const systemResolver: ResolveHost = (hostname) => lookup(hostname, { all: true, order: 'verbatim' });

/**
 * Resolves an endpoint's host once. A host with any address that is not public is refused as a whole: a name that answers
 * with both is a trick. `http` is for allowed networks alone.
 */
export const resolveTarget =
  (allowed: AllowedNetworks, resolve: ResolveHost = systemResolver) =>
  async (url: URL): Promise<Resolution> => {
    const literal = literalAddress(url);
    const found = literal ? [{ address: literal }] : await resolve(url.hostname).catch(() => []);
    const first = found[0];
    if (!first) return { ok: false, fault: 'unresolvable' };
    const isFine = ({ address }: { readonly address: string }) =>
      allowed.has(address) || (url.protocol === 'https:' && isPublicAddress(address));
    if (!found.every(isFine)) return { ok: false, fault: 'private_address' };
    const { address } = first;
    return { ok: true, target: { address, family: address.includes(':') ? 6 : 4 } };
  };
