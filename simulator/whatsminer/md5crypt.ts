import { createHash } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The order in which the digest's bytes go into the text, three at a time. */
const triples = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

const md5 = (...parts: readonly Buffer[]) => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The checksum of MD5-crypt, `$1$salt$checksum`: 22 characters. The salt counts for at most eight. */
export const md5crypt = (password: string, saltText: string): string => {
  const pass = Buffer.from(password, 'utf8');
  const salt = Buffer.from(saltText.slice(0, 8), 'utf8');
  const alternate = md5(pass, salt, pass);
  const first: Buffer[] = [pass, Buffer.from('$1$'), salt];
  for (let left = pass.length; left > 0; left -= 16) first.push(alternate.subarray(0, Math.min(left, 16)));
  for (let bits = pass.length; bits > 0; bits >>= 1)
    first.push(bits & 1 ? Buffer.of(0) : pass.subarray(0, 1));
  let digest = md5(...first);
  for (let round = 0; round < 1000; round++) {
    digest = md5(
      round & 1 ? pass : digest,
      ...(round % 3 ? [salt] : []),
      ...(round % 7 ? [pass] : []),
      round & 1 ? digest : pass,
    );
  }
  const byte = (index: number) => digest[index] ?? 0;
  const groups = triples.map(([a, b, c]) => sextets((byte(a) << 16) | (byte(b) << 8) | byte(c), 4));
  return groups.join('') + sextets(byte(11), 2);
};

const sextets = (value: number, count: number) =>
  Array.from({ length: count }, (_, index) => alphabet.charAt((value >> (6 * index)) & 63)).join('');
