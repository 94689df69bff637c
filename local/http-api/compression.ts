import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);
const smallest = 1_000;
const compressible =
  /^(text\/|image\/svg|application\/(json|javascript|xml|manifest|wasm|[\w.-]+\+(json|xml)))/i;

export type Encoding = 'br' | 'gzip';

/** The encoding that CloudFront would choose for this content and client; undefined for none. */
export const chooseEncoding = (
  accepted: string | undefined,
  contentType: string | undefined,
  bytes: number,
): Encoding | undefined => {
  if (bytes < smallest || !contentType || !compressible.test(contentType) || !accepted) return undefined;
  const allowed = accepted
    .split(',')
    .map((one) => one.trim())
    .filter((one) => !/;\s*q=0(\.0*)?$/.test(one))
    .map((one) => one.split(';')[0]);
  if (allowed.includes('br')) return 'br';
  return allowed.includes('gzip') ? 'gzip' : undefined;
};

/** `effort` is brotli's quality: 3 for what is made once per request, 9 for what is kept. */
export const compress = (body: Buffer, encoding: Encoding, effort: 3 | 9): Promise<Buffer> =>
  encoding === 'br'
    ? brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: effort } })
    : gzipped(body, { level: effort === 9 ? 9 : 4 });
