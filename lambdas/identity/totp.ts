import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export type TotpAlgorithm = 'sha1' | 'sha256' | 'sha512';
const stepMs = 30_000;
/** Steps before and after the present one whose codes are taken too, for clocks that are off and fingers that are slow. */
const driftSteps = 1;

/** RFC 4226: the code of a counter. */
const hotp = (secret: Uint8Array, counter: number, digits: number, algorithm: TotpAlgorithm): string => {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(algorithm, secret).update(message).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const value = (mac.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits;
  return String(value).padStart(digits, '0');
};

export const stepOf = (atMs: number) => Math.floor(atMs / stepMs);

/** RFC 6238: the code of a moment. Authenticator apps know six digits and SHA-1. */
export const totp = (
  secret: Uint8Array,
  atMs: number,
  digits = 6,
  algorithm: TotpAlgorithm = 'sha1',
): string => hotp(secret, stepOf(atMs), digits, algorithm);

/** The step whose code this is, later than `lastStep`, among the present one and its neighbours; undefined where there is none. */
export const matchCode = (
  secret: Uint8Array,
  code: string,
  atMs: number,
  lastStep: number,
): number | undefined => {
  const now = stepOf(atMs);
  let found: number | undefined;
  for (let step = now - driftSteps; step <= now + driftSteps; step++) {
    const expected = Buffer.from(hotp(secret, Math.max(0, step), 6, 'sha1'));
    const given = Buffer.from(code);
    const isSame = expected.length === given.length && timingSafeEqual(expected, given);
    if (isSame && step > lastStep && step >= 0) found ??= step;
  }
  return found;
};

/** 160 bits, as RFC 4226 recommends. */
export const newTotpSecret = () => randomBytes(20);

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 base32 without padding, as authenticator apps read secrets. */
export const toBase32 = (bytes: Uint8Array): string => {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text;
};

/** What an authenticator app reads from a QR code. */
export const otpauthUri = (secret: Uint8Array, account: string) =>
  `otpauth://totp/${encodeURIComponent(`HashInsight:${account}`)}?secret=${toBase32(secret)}&issuer=HashInsight&algorithm=SHA1&digits=6&period=30`;
