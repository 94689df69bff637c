import { createHash } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const md5 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const base64 = (value: number, characters: number) => {
  let text = '';
  for (let rest = value, left = characters; left > 0; left--, rest >>= 6) text += alphabet[rest & 0x3f];
  return text;
};

/**
 * The MD5-based crypt(3) scheme `$1$`: the hash alone, 22 characters, without `$1$salt$`. Whatsminer's API derives its
 * keys from it.
 */
export const md5Crypt = (password: string, salt: string) => {
  const key = Buffer.from(password, 'utf8');
  const salted = Buffer.from(salt.slice(0, 8), 'utf8');
  const inner = md5(key, salted, key);
  const seed: Uint8Array[] = [key, Buffer.from('$1$'), salted];
  for (let left = key.length; left > 0; left -= 16) seed.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = key.length; bits > 0; bits >>= 1) seed.push(bits & 1 ? Buffer.of(0) : key.subarray(0, 1));
  let digest = md5(...seed);
  for (let round = 0; round < 1000; round++) {
    const odd = round % 2 === 1;
    digest = md5(
      odd ? key : digest,
      ...(round % 3 === 0 ? [] : [salted]),
      ...(round % 7 === 0 ? [] : [key]),
      odd ? digest : key,
    );
  }
  const at = (index: number) => digest[index] ?? 0;
  const groups = [
    [0, 6, 12],
    [1, 7, 13],
    [2, 8, 14],
    [3, 9, 15],
    [4, 10, 5],
  ] as const;
  return (
    groups.map(([high, middle, low]) => base64((at(high) << 16) | (at(middle) << 8) | at(low), 4)).join('') +
    base64(at(11), 2)
  );
};
