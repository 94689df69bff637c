import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFauxqsServer } from '../shared/fauxqs-server.ts';
import { clientOf, peerEndpoint } from '../testing/peer.ts';
import { temporaryDirectory } from '../testing/test-app.ts';
import { startS3 } from './start-s3.ts';

const startLocal = async () => {
  const directory = temporaryDirectory();
  const server = await startFauxqsServer(directory.path);
  const close = async () => {
    await server.close();
    directory[Symbol.dispose]();
  };
  return { endpoint: server.endpoint, close };
};

/** What every S3 must do; ours, and any other that is reachable. */
const contract =
  (start: () => Promise<{ readonly endpoint: string; readonly close: () => Promise<void> }>) => () => {
    let s3: S3Client;
    let close: () => Promise<void>;
    const Bucket = `b-${randomUUID()}`;
    beforeAll(async () => {
      const service = await start();
      ({ close } = service);
      s3 = new S3Client({ ...clientOf(service.endpoint), forcePathStyle: true });
      await s3.send(new CreateBucketCommand({ Bucket }));
    });
    afterAll(() => close?.());
    const bytesOf = async (Key: string) =>
      Buffer.from(
        (await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray()) ?? [],
      );

    it('keeps the bytes of any object under any key', async () => {
      const key = fc
        .string({
          minLength: 1,
          maxLength: 40,
          unit: fc.constantFrom(...'abcXYZ019-_./ =+&@:,$ä☃'.split('')),
        })
        .filter((one) => !/^\/|\/\/|\/$|(^|\/)\.{1,2}(\/|$)/.test(one));
      await fc.assert(
        fc.asyncProperty(key, fc.uint8Array({ maxLength: 5_000 }), async (Key, body) => {
          await s3.send(new PutObjectCommand({ Bucket, Key, Body: body }));
          expect((await bytesOf(Key)).equals(Buffer.from(body))).toBe(true);
        }),
        { numRuns: 40 },
      );
    });

    it('keeps type, encoding and metadata', async () => {
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key: 'meta',
          Body: 'x',
          ContentType: 'application/json',
          ContentEncoding: 'gzip',
          Metadata: { reason: 'truncated' },
        }),
      );
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'meta' }));
      expect(head).toMatchObject({
        ContentLength: 1,
        ContentType: 'application/json',
        ContentEncoding: 'gzip',
        Metadata: { reason: 'truncated' },
      });
    });

    it('lists by prefix, page by page, in order', async () => {
      for (const name of ['c', 'a', 'b'])
        await s3.send(new PutObjectCommand({ Bucket, Key: `list/${name}`, Body: name }));
      const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', MaxKeys: 2 }));
      const rest = await s3.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'list/', ContinuationToken: first.NextContinuationToken }),
      );
      const keys = [...(first.Contents ?? []), ...(rest.Contents ?? [])].map(({ Key }) => Key);
      expect([first.IsTruncated, keys]).toEqual([true, ['list/a', 'list/b', 'list/c']]);
    });

    it('does not overwrite under If-None-Match', async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'first', IfNoneMatch: '*' }));
      await expect(
        s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'second', IfNoneMatch: '*' })),
      ).rejects.toMatchObject({ name: 'PreconditionFailed' });
      expect((await bytesOf('once')).toString()).toBe('first');
    });

    it('has no object after its deletion', async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: 'x' }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
      await expect(bytesOf('gone')).rejects.toMatchObject({ name: 'NoSuchKey' });
    });
  };

describe('the S3 contract, local', contract(startLocal));
const peer = peerEndpoint('S3');
describe.skipIf(!peer)(
  'the S3 contract, peer',
  contract(async () => ({ endpoint: peer ?? '', close: async () => {} })),
);

it('a bucket without a name gets one that S3 allows', async () => {
  using directory = temporaryDirectory();
  const server = await startFauxqsServer(directory.path);
  const s3 = await startS3({ region: 'us-east-1' }, server);
  const logicalId = `Quarantine${'X'.repeat(80)}`;
  const created = await s3.resources['AWS::S3::Bucket']?.({
    stack: 'HashInsight',
    logicalId,
    type: 'AWS::S3::Bucket',
    properties: {},
  });
  await server.close();
  expect(created?.ref).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
});
