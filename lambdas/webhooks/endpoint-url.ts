import { isIP } from 'node:net';
import { type AllowedNetworks, isPublicAddress } from './public-address.ts';

/** The address that a URL names itself, or undefined where it names a host. */
export const literalAddress = ({ hostname }: URL): string | undefined => {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? undefined : bare;
};

const isLocalName = (hostname: string) => /(^|\.)localhost\.?$/i.test(hostname);
const isInternalName = (hostname: string) =>
  !hostname.replace(/\.$/, '').includes('.') ||
  /\.(local|internal|intranet|home\.arpa|onion|invalid|test)\.?$/i.test(hostname);

/**
 * Why a URL cannot be an endpoint, or undefined. It must be https on port 443 or one above 1023, without user, password
 * and fragment, and not name a private address or an internal host. Where networks are allowed, http to an address in
 * them, or to `localhost`, is too. What a host resolves to is checked at each attempt (resolve-target.ts).
 */
export const urlFault = (text: string, allowed: AllowedNetworks): string | undefined => {
  const url = URL.parse(text);
  if (!url) return 'must be a URL';
  const address = literalAddress(url);
  const isAllowed =
    address === undefined ? !allowed.isEmpty && isLocalName(url.hostname) : allowed.has(address);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed)) return 'must be an https URL';
  if (url.username || url.password) return 'must not hold a user or a password';
  if (url.hash) return 'must not hold a fragment';
  if (isAllowed) return undefined;
  const port = url.port === '' ? 443 : Number(url.port);
  if (port !== 443 && port < 1024) return 'must use port 443 or one above 1023';
  if (address !== undefined)
    return isPublicAddress(address) ? undefined : 'must not name a private or reserved address';
  return isLocalName(url.hostname) || isInternalName(url.hostname)
    ? 'must name a host of the public internet'
    : undefined;
};
