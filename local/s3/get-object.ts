import { closeSync, createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type ObjectStore, readRange, type StoredObject } from './object-store.ts';
import { noSuchKey, preconditionFailed, S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

const atOnceBytes = 256 * 1024;

type Range = { readonly start: number; readonly end: number };

/** One range of bytes, end included; undefined for the whole. Several ranges are answered with the whole, as S3 does. */
export const readRangeHeader = (text: string | undefined, size: number): Range | undefined => {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(text ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < start) return undefined;
  if (start >= size) throw new S3Error('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
};

const describe = ({ md5, crc32, modifiedMs, headers }: StoredObject, isWhole: boolean) => ({
  'content-type': 'application/octet-stream',
  ...headers,
  'accept-ranges': 'bytes',
  etag: `"${md5}"`,
  'last-modified': new Date(modifiedMs).toUTCString(),
  ...(isWhole && { 'x-amz-checksum-crc32': crc32, 'x-amz-checksum-type': 'FULL_OBJECT' }),
});

const overrides = (query: URLSearchParams) =>
  Object.fromEntries(
    [...query].flatMap(([name, value]) =>
      name.startsWith('response-') ? [[name.slice('response-'.length), value]] : [],
    ),
  );

const isNamed = (list: string, md5: string) =>
  list === '*' || list.split(',').some((one) => one.trim().replaceAll('"', '') === md5);

/** Answers GetObject or HeadObject. Answers the bytes sent. Throws S3Error before anything was sent. */
export const getObject = async (
  store: ObjectStore,
  { operation, bucket, key, query, headers }: S3Request,
  response: ServerResponse,
): Promise<number> => {
  const found = store.get(bucket, key);
  if (!found) throw noSuchKey();
  const { 'if-match': match, 'if-none-match': none } = headers;
  if (match !== undefined && !isNamed(match, found.md5)) throw preconditionFailed();
  if (none !== undefined && isNamed(none, found.md5)) {
    response.writeHead(304, { etag: `"${found.md5}"` }).end();
    return 0;
  }
  const range = readRangeHeader(headers.range, found.size);
  const { start, end } = range ?? { start: 0, end: found.size - 1 };
  const length = end - start + 1;
  const isWhole = !range && headers['x-amz-checksum-mode'] === 'ENABLED';
  const head = {
    ...describe(found, isWhole),
    ...overrides(query),
    'content-length': length,
    ...(range && { 'content-range': `bytes ${start}-${end}/${found.size}` }),
  };
  const status = range ? 206 : 200;
  if (operation === 'HeadObject' || length === 0) {
    response.writeHead(status, head).end();
    return 0;
  }
  const fd = store.open(found);
  if (length <= atOnceBytes) {
    try {
      response.writeHead(status, head).end(readRange(fd, start, length));
    } finally {
      closeSync(fd);
    }
    return length;
  }
  response.writeHead(status, head);
  await pipeline(createReadStream('', { fd, start, end }), response);
  return length;
};
