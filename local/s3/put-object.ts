import type { IncomingMessage } from 'node:http';
import { awsChunked } from './aws-chunked.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import { badDigest, incompleteBody, noSuchKey, preconditionFailed, S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

const kept = /^(content-(type|disposition|language)|cache-control|expires|x-amz-meta-.+)$/;

/** The headers that an object is answered with as it was put with them. */
const headersToKeep = (headers: IncomingMessage['headers']) => {
  const encoding = String(headers['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked')
    .join(',');
  return {
    ...Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        kept.test(name) && value !== undefined ? [[name, String(value)]] : [],
      ),
    ),
    ...(encoding && { 'content-encoding': encoding }),
  };
};

/** `If-None-Match: *` and `If-Match`, asked at the moment of the change. */
const precondition = (headers: IncomingMessage['headers']) => {
  const { 'if-none-match': none, 'if-match': match } = headers;
  if (none !== undefined && none !== '*')
    throw new S3Error('NotImplemented', 'The local S3 knows If-None-Match with * alone for PutObject', 501);
  return (present: StoredObject | undefined) => {
    if (none === '*' && present) throw preconditionFailed();
    if (match === undefined) return;
    if (!present) throw noSuchKey();
    if (match.replaceAll('"', '') !== present.md5) throw preconditionFailed();
  };
};

const checksumName = /^x-amz-checksum-(?!mode$|algorithm$|type$)(.+)$/;

/**
 * Takes in a body as it comes, checks every checksum that came with it, and makes it the object. Answers its ETag.
 * Throws S3Error: BadDigest, IncompleteBody, PreconditionFailed; the present object then stays.
 */
export const putObject = async (
  store: ObjectStore,
  { bucket, key, headers }: S3Request,
  body: IncomingMessage,
) => {
  const allow = precondition(headers);
  const upload = store.begin();
  try {
    const isChunked = String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
    const chunks = isChunked ? awsChunked(upload.write) : undefined;
    for await (const bytes of body) (chunks ?? upload).write(bytes);
    if (!body.complete) throw incompleteBody();
    const trailers = chunks?.end() ?? {};
    const { size, md5, crc32, sha256 } = upload.digests();
    const announced = headers['x-amz-decoded-content-length'];
    if (isChunked && announced !== undefined && Number(announced) !== size) throw incompleteBody();
    const sums: Readonly<Record<string, string>> = {
      crc32,
      sha256: Buffer.from(sha256, 'hex').toString('base64'),
    };
    for (const [name, value] of Object.entries({ ...headers, ...trailers })) {
      const algorithm = checksumName.exec(name)?.[1];
      if (!algorithm) continue;
      const sum = sums[algorithm];
      if (sum === undefined)
        throw new S3Error('NotImplemented', `The local S3 does not know the checksum ${algorithm}`, 501);
      if (sum !== value) throw badDigest(algorithm.toUpperCase());
    }
    const md5Given = headers['content-md5'];
    if (md5Given !== undefined && md5Given !== Buffer.from(md5, 'hex').toString('base64'))
      throw badDigest('Content-MD5');
    const shaGiven = String(headers['x-amz-content-sha256'] ?? '');
    if (/^[0-9a-f]{64}$/.test(shaGiven) && shaGiven !== sha256)
      throw new S3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        400,
      );
    upload.commit(bucket, key, headersToKeep(headers), allow);
    return { size, headers: { etag: `"${md5}"`, 'x-amz-checksum-crc32': crc32 } };
  } catch (error) {
    upload.discard();
    throw error;
  }
};
