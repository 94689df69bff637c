import { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { HttpRequest } from '@smithy/core/protocols';
import type { ByteRange } from './block-store.ts';

const encodePath = (key: string) => key.split('/').map(encodeURIComponent).join('/');

const collect = (body: Readable): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    body.on('data', (chunk: Buffer) => chunks.push(chunk));
    body.once('error', reject);
    body.once('end', () => resolve(Buffer.concat(chunks)));
  });

/**
 * Reads objects with the S3 client's own endpoint, signer and connections, but past its other layers: a query reads some twenty ranges, and
 * these layers take several times as long as the request itself. Answers undefined where the plain answer is not
 * there, whatever the reason: then it is for the client to ask, which knows of retries and errors.
 */
export const objectReader = (s3: S3Client, bucket: string) => {
  const { config } = s3;
  let endpoint: Promise<URL> | undefined;
  const locate = async () => {
    const { url } = await getEndpointFromInstructions({ Bucket: bucket, Key: '-' }, GetObjectCommand, config);
    return url;
  };
  return async (key: string, range: ByteRange | undefined): Promise<Uint8Array | undefined> => {
    try {
      endpoint ??= locate();
      const { protocol, hostname, port, host, pathname } = await endpoint;
      const request = new HttpRequest({
        method: 'GET',
        protocol,
        hostname,
        ...(port && { port: Number(port) }),
        path: `${pathname.replace(/\/$/, '')}/${encodePath(key)}`,
        headers: {
          host,
          'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          ...(range && { range: `bytes=${range.start}-${range.end - 1}` }),
        },
      });
      const signer = await config.signer();
      const signed = HttpRequest.clone(await signer.sign(request));
      const { response } = await config.requestHandler.handle(signed);
      if (!(response.body instanceof Readable)) return undefined;
      const bytes = await collect(response.body);
      if (response.statusCode !== (range ? 206 : 200)) return undefined;
      return !range || bytes.length === range.end - range.start ? bytes : undefined;
    } catch {
      endpoint = undefined;
      return undefined;
    }
  };
};
