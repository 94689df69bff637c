import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';

export type S3Operation =
  | 'CreateBucket'
  | 'HeadBucket'
  | 'ListObjectsV2'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'DeleteObjects';

export type S3Request = {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
};

/** What makes a query an operation of its own, and what may stand beside it. */
const operations: readonly {
  readonly name: S3Operation;
  readonly method: string;
  readonly of: 'bucket' | 'object';
  readonly sub?: string;
  readonly may?: RegExp;
}[] = [
  {
    name: 'ListObjectsV2',
    method: 'GET',
    of: 'bucket',
    sub: 'list-type',
    may: /^(prefix|max-keys|continuation-token|start-after)$/,
  },
  { name: 'DeleteObjects', method: 'POST', of: 'bucket', sub: 'delete' },
  { name: 'CreateBucket', method: 'PUT', of: 'bucket' },
  { name: 'HeadBucket', method: 'HEAD', of: 'bucket' },
  { name: 'PutObject', method: 'PUT', of: 'object' },
  {
    name: 'GetObject',
    method: 'GET',
    of: 'object',
    may: /^response-(content-(type|disposition|encoding|language)|cache-control|expires)$/,
  },
  { name: 'HeadObject', method: 'HEAD', of: 'object' },
  { name: 'DeleteObject', method: 'DELETE', of: 'object' },
];

const always = /^(x-id|X-Amz-[A-Za-z0-9-]+)$/;
/** Headers of S3's own that change nothing here, or that an operation reads; pre-signed requests have them in the query. */
const headersKnown =
  /^x-amz-(content-sha256|date|security-token|user-agent|decoded-content-length|trailer|expected-bucket-owner|meta-.+|checksum-.+|sdk-checksum-algorithm|server-side-encryption.*)$/;

/**
 * What a request asks for. Throws S3Error (NotImplemented, with the operation's name) for anything that this S3 does not
 * do, so that nothing is half done in silence.
 */
export const readRequest = (method: string, url: string, headers: IncomingMessage['headers']): S3Request => {
  const [path = '/', queryText = ''] = url.split('?');
  const query = new URLSearchParams(queryText);
  const slash = path.indexOf('/', 1);
  const bucket = unescapePath(slash === -1 ? path.slice(1) : path.slice(1, slash));
  const key = slash === -1 ? '' : unescapePath(path.slice(slash + 1));
  const kind = key === '' ? 'bucket' : 'object';
  const asked = query.get('x-id') ?? `${method} of a${kind === 'object' ? 'n object' : ' bucket'}`;
  const names = [...query.keys()].filter((name) => !always.test(name) && !headersKnown.test(name));
  const found = operations.find(
    (one) => one.method === method && one.of === kind && (!one.sub || query.has(one.sub)),
  );
  const strange =
    names.find((name) => name !== found?.sub && !found?.may?.test(name)) ??
    Object.keys(headers).find((name) => name.startsWith('x-amz-') && !headersKnown.test(name));
  if (!found || bucket === '' || strange !== undefined)
    throw new S3Error(
      'NotImplemented',
      `The local S3 does not know ${asked}${strange === undefined ? '' : ` with ${strange}`}`,
      501,
    );
  if (Buffer.byteLength(key) > 1_024) throw new S3Error('KeyTooLongError', 'Your key is too long', 400);
  return { operation: found.name, bucket, key, query, headers };
};

const unescapePath = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', 'Could not parse the specified URI.', 400);
  }
};
