import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { closeServer, listenOnLoopback, readBody } from '../shared/json-service.ts';
import { getObject } from './get-object.ts';
import type { ObjectStore } from './object-store.ts';
import { putObject } from './put-object.ts';
import { noSuchBucket, S3Error } from './s3-error.ts';
import { readRequest, type S3Operation, type S3Request } from './s3-request.ts';
import { textsOf, type Xml, xmlDocument } from './s3-xml.ts';
import { type Credentials, checkSignedQuery } from './signed-query.ts';

/** One answered request, for whoever counts them: bytes are those of objects, without headers. */
export type S3Count = {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly deleted?: readonly string[];
};
export type S3ServerOptions = {
  readonly store: ObjectStore;
  /** Whose pre-signed requests are good. */
  readonly credentials: Credentials;
  readonly log: (line: string) => void;
  readonly onRequest?: (count: S3Count) => void;
  readonly nowMs?: () => number;
};

const maxKeys = 1_000;
const toToken = (key: string) => Buffer.from(key).toString('base64url');
const fromToken = (token: string) => Buffer.from(token, 'base64url').toString();

const listObjects = (store: ObjectStore, { bucket, query }: S3Request) => {
  const prefix = query.get('prefix') ?? '';
  const limit = Math.min(maxKeys, Number(query.get('max-keys') ?? maxKeys));
  if (!Number.isInteger(limit) || limit < 0)
    throw new S3Error('InvalidArgument', 'Argument max-keys must be a whole number', 400);
  const token = query.get('continuation-token');
  const from = token ? fromToken(token) : (query.get('start-after') ?? '');
  const found = store.list(bucket, prefix, from, limit + 1);
  const page = found.slice(0, limit);
  const isTruncated = limit > 0 && found.length > limit;
  const next = isTruncated ? page.at(-1)?.key : undefined;
  return {
    Name: bucket,
    Prefix: prefix,
    KeyCount: page.length,
    MaxKeys: limit,
    IsTruncated: isTruncated,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: next && toToken(next),
    Contents: page.map(({ key, size, md5, modifiedMs }) => ({
      Key: key,
      LastModified: new Date(modifiedMs).toISOString(),
      ETag: `"${md5}"`,
      Size: size,
      StorageClass: 'STANDARD',
    })),
  };
};

const deleteObjects = (store: ObjectStore, bucket: string, body: string, keys: readonly string[]): Xml => {
  if (keys.length === 0 || keys.length > maxKeys || /<VersionId>/.test(body))
    throw new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate', 400);
  for (const key of keys) store.delete(bucket, key);
  return textsOf('Quiet', body)[0] === 'true' ? {} : { Deleted: keys.map((Key) => ({ Key })) };
};

/**
 * S3 over HTTP, path style, as far as the app uses it (local/s3/s3-request.ts), on a free loopback port.
 */
export const startS3Server = async ({
  store,
  credentials,
  log,
  onRequest,
  nowMs = Date.now,
}: S3ServerOptions): Promise<{ readonly endpoint: string; readonly close: () => Promise<void> }> => {
  const sendXml = (response: ServerResponse, status: number, root: string, content: Xml) => {
    const body = xmlDocument(root, content);
    response
      .writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) })
      .end(body);
  };
  const answer = async (
    asked: S3Request,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ bytesIn?: number; bytesOut?: number; deleted?: readonly string[] }> => {
    const { operation, bucket, key } = asked;
    if (operation === 'CreateBucket') {
      store.createBucket(bucket);
      response.writeHead(200, { location: `/${bucket}` }).end();
      return {};
    }
    if (!store.hasBucket(bucket)) throw noSuchBucket();
    switch (operation) {
      case 'HeadBucket':
        response.writeHead(200).end();
        return {};
      case 'ListObjectsV2':
        sendXml(response, 200, 'ListBucketResult', listObjects(store, asked));
        return {};
      case 'DeleteObjects': {
        const body = (await readBody(request, 2 * 1024 * 1024)).toString('utf8');
        const deleted = textsOf('Key', body);
        sendXml(response, 200, 'DeleteResult', deleteObjects(store, bucket, body, deleted));
        return { deleted };
      }
      case 'DeleteObject':
        store.delete(bucket, key);
        response.writeHead(204).end();
        return { deleted: [key] };
      case 'PutObject': {
        const { size, headers } = await putObject(store, asked, request);
        response.writeHead(200, headers).end();
        return { bytesIn: size };
      }
      case 'GetObject':
      case 'HeadObject':
        return { bytesOut: await getObject(store, asked, response) };
    }
  };
  const refuse = (error: unknown, request: IncomingMessage, response: ServerResponse) => {
    const known = error instanceof S3Error;
    if (!known || error.status === 501) log(`S3: ${error instanceof Error ? error.message : String(error)}`);
    request.resume();
    if (response.headersSent || response.destroyed) return void response.destroy();
    const status = known ? error.status : 500;
    if (request.method === 'HEAD') return void response.writeHead(status).end();
    sendXml(response, status, 'Error', {
      Code: known ? error.name : 'InternalError',
      Message: known ? error.message : 'The local S3 failed',
    });
  };
  const server = createServer(async (request, response) => {
    try {
      const { method = '', url = '/', headers } = request;
      if (/[?&]X-Amz-(Signature|Algorithm|Expires)=/.test(url))
        checkSignedQuery({ method, url, headers }, credentials, nowMs());
      const asked = readRequest(method, url, headers);
      const { operation, bucket, key } = asked;
      const count = { operation, bucket, key, bytesIn: 0, bytesOut: 0 };
      try {
        const bytes = await answer(asked, request, response);
        onRequest?.({ ...count, ...bytes });
      } catch (error) {
        onRequest?.(count);
        throw error;
      }
    } catch (error) {
      refuse(error, request, response);
    }
  });
  server.keepAliveTimeout = 60_000;
  const endpoint = await listenOnLoopback(server);
  return { endpoint, close: () => closeServer(server) };
};
