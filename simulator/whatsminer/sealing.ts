import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

const block = 16;
const aesKey = (key: string) => createHash('sha256').update(key).digest();

export type Padding = 'zero' | 'pkcs7';

/** AES-256-ECB under SHA-256 of the password's checksum; base64. Firmware differs in how it fills the last block. */
export const seal = (key: string, text: string, padding: Padding): string => {
  const bytes = Buffer.from(text, 'utf8');
  const missing = block - (bytes.length % block);
  const filler = padding === 'pkcs7' ? Buffer.alloc(missing, missing) : Buffer.alloc(missing % block);
  const cipher = createCipheriv('aes-256-ecb', aesKey(key), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([bytes, filler])), cipher.final()]).toString('base64');
};

export type Opened =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: 'base64' | 'length' };

/** Opens what a client sealed, with either padding. A wrong key gives text that is not JSON. */
export const open = (key: string, data: string): Opened => {
  const packed = data.replace(/\s/g, '');
  if (packed === '' || packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(packed))
    return { ok: false, why: 'base64' };
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.length === 0 || bytes.length % block !== 0) return { ok: false, why: 'length' };
  const decipher = createDecipheriv('aes-256-ecb', aesKey(key), null).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(bytes), decipher.final()]);
  return { ok: true, text: plain.subarray(0, unpaddedLength(plain)).toString('utf8') };
};

const unpaddedLength = (plain: Buffer): number => {
  const last = plain.at(-1) ?? 0;
  if (last >= 1 && last <= block && plain.subarray(-last).every((byte) => byte === last))
    return plain.length - last;
  let length = plain.length;
  while (length > 0 && plain[length - 1] === 0) length--;
  return length;
};
