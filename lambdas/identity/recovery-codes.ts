import { createHash, randomBytes } from 'node:crypto';
import { toBase32 } from './totp.ts';

const howMany = 10;

/** Ten codes of 80 random bits, which need no slow hash: `ABCD-EFGH-IJKL-MNOP`. */
export const newRecoveryCodes = (): string[] =>
  Array.from({ length: howMany }, () => (toBase32(randomBytes(10)).match(/.{4}/g) ?? []).join('-'));

/** SHA-256 of a recovery code, however its person spaces and writes it. */
export const hashRecoveryCode = (code: string) =>
  createHash('sha256')
    .update(code.toUpperCase().replace(/[^A-Z2-7]/g, ''))
    .digest('hex');
