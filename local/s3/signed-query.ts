import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './s3-error.ts';

export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };
export type SignedRequest = {
  readonly method: string;
  /** As it was sent: path and query, escaped. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const escapeQuery = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
const maxExpirySeconds = 7 * 24 * 60 * 60;

/** `20261121T093000Z` in ms since 1970, NaN where it is none. */
const signedAtMs = (text: string) =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/**
 * Checks a pre-signed request (Signature Version 4 in the query): its signature over method, path, query and signed headers, and its time.
 * Throws S3Error: AuthorizationQueryParametersError, InvalidAccessKeyId, AccessDenied once it is over, SignatureDoesNotMatch.
 */
export const checkSignedQuery = (
  { method, url, headers }: SignedRequest,
  { accessKeyId, secretAccessKey }: Credentials,
  nowMs: number,
) => {
  const [path = '', queryText = ''] = url.split('?');
  const query = new URLSearchParams(queryText);
  const at = query.get('X-Amz-Date') ?? '';
  const expires = Number(query.get('X-Amz-Expires') ?? Number.NaN);
  const credential = query.get('X-Amz-Credential') ?? '';
  const [key = '', date = '', region = '', service = '', end = ''] = credential.split('/');
  const signedHeaders = query.get('X-Amz-SignedHeaders') ?? '';
  const fault =
    query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256'
      ? 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"'
      : !at.startsWith(date) || Number.isNaN(signedAtMs(at)) || service !== 's3' || end !== 'aws4_request'
        ? 'Error parsing the X-Amz-Credential or X-Amz-Date parameter'
        : !(expires >= 0 && expires <= maxExpirySeconds)
          ? 'X-Amz-Expires must be a number of seconds of at most a week'
          : !signedHeaders.split(';').includes('host')
            ? 'The host must be signed'
            : undefined;
  if (fault) throw new S3Error('AuthorizationQueryParametersError', fault, 400);
  if (key !== accessKeyId)
    throw new S3Error(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      403,
    );
  if (nowMs > signedAtMs(at) + expires * 1_000) throw new S3Error('AccessDenied', 'Request has expired', 403);
  const canonical = [
    method,
    path,
    [...query]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => [escapeQuery(name), escapeQuery(value)] as const)
      .toSorted(([a, av], [b, bv]) => (a < b || (a === b && av < bv) ? -1 : 1))
      .map((pair) => pair.join('='))
      .join('&'),
    ...signedHeaders.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    signedHeaders,
    query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const signingKey = [date, region, service, end].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const expected = hmac(
    signingKey,
    ['AWS4-HMAC-SHA256', at, [date, region, service, end].join('/'), digest].join('\n'),
  );
  const given = Buffer.from(query.get('X-Amz-Signature') ?? '', 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
      403,
    );
};
