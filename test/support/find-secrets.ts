import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';

type Needle = { readonly secret: string; readonly form: string; readonly bytes: Buffer };

/** What a text looks like inside base64, at each of the three places where it may begin within a group. */
const inBase64 = (bytes: Buffer): Buffer[] =>
  [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = shift === 0 ? 0 : shift + 1;
    const whole = text.slice(from, Math.floor(((shift + bytes.length) * 8) / 6));
    return whole.length >= 8 ? [Buffer.from(whole)] : [];
  });

const formsOf = (secret: string): Needle[] => {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const base64 = inBase64(bytes);
  const url = base64.map((one) =>
    Buffer.from(one.toString('latin1').replaceAll('+', '-').replaceAll('/', '_')),
  );
  return [
    { secret, form: 'clear', bytes },
    { secret, form: 'utf-16', bytes: Buffer.from(secret, 'utf16le') },
    { secret, form: 'url', bytes: Buffer.from(encodeURIComponent(secret)) },
    { secret, form: 'hex', bytes: Buffer.from(hex) },
    { secret, form: 'hex', bytes: Buffer.from(hex.toUpperCase()) },
    ...[...base64, ...url].map((one) => ({ secret, form: 'base64', bytes: one })),
  ];
};

/** A MAC address in the spellings that miners and tools use. */
export const spellingsOf = (mac: string): string[] => {
  const plain = mac.replaceAll(/[:-]/g, '');
  const dashed = mac.replaceAll(':', '-');
  return [mac, dashed, plain].flatMap((one) => [one.toUpperCase(), one.toLowerCase()]);
};

const opened = (bytes: Buffer): Buffer[] =>
  [gunzipSync, inflateSync, inflateRawSync, brotliDecompressSync, zstdDecompressSync].flatMap((open) => {
    try {
      return [open(bytes)];
    } catch {
      return [];
    }
  });

/** Where any of the secrets stands, in clear, in base64 or in hex, also within what is compressed as a whole. */
export const secretFinder = (secrets: readonly string[]) => {
  const needles = [...new Set(secrets)].flatMap(formsOf);
  const seenIn = (bytes: Buffer) => needles.filter((needle) => bytes.includes(needle.bytes));
  return (where: string, bytes: Buffer): string[] =>
    [bytes, ...opened(bytes)].flatMap((one) =>
      seenIn(one).map(({ secret, form }) => `${where}: ${secret} in ${form}`),
    );
};
