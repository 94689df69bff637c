import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { claimCode, deviceToken } from '../../contracts/gateway-keys.ts';

const secretText = () => randomBytes(32).toString('base64url');

/** SHA-256 in lower-case hex: all that is stored of a token or a claim. */
export const hashOf = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

/** In a time that does not depend on where they differ. */
export const sameHash = (left: string, right: string) => {
  const [a, b] = [Buffer.from(left, 'hex'), Buffer.from(right, 'hex')];
  return a.length === 32 && b.length === 32 && timingSafeEqual(a, b);
};

export const newDeviceToken = (siteId: number, gatewayId: string) =>
  `hid.${siteId}.${gatewayId}.${secretText()}`;

/** Whose token it says it is; undefined for what is not one. Nothing is proved by it. */
export const placeOfToken = (token: string): { siteId: number; gatewayId: string } | undefined => {
  if (!deviceToken.safeParse(token).success) return undefined;
  const [, siteId, ...rest] = token.split('.');
  return { siteId: Number(siteId), gatewayId: rest.slice(0, -1).join('.') };
};

export const newClaimCode = () => {
  const claimId = randomBytes(8).toString('hex');
  return { claimId, code: `hic.${claimId}.${secretText()}` };
};

export const claimIdOf = (code: string): string | undefined =>
  claimCode.safeParse(code).success ? code.split('.')[1] : undefined;

/** A command secret and its name. */
export const newCommandSecret = () => ({
  keyId: `k-${randomBytes(6).toString('hex')}`,
  secret: randomBytes(32),
});
