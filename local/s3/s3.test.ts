import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, peerEndpoint } from '../testing/peer.ts';
import { startTestS3 } from './test-s3.ts';

/** What every S3 must do; ours, and any other that is reachable. */
const contract =
  (
    start: () => Promise<{ readonly endpoint: string; readonly close: () => Promise<void> }>,
    { isLenient = false } = {},
  ) =>
  () => {
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

    it('replaces what is there, under If-Match only what is expected', async () => {
      const first = await s3.send(new PutObjectCommand({ Bucket, Key: 'change', Body: 'first' }));
      const second = new PutObjectCommand({ Bucket, Key: 'change', Body: 'second', IfMatch: first.ETag });
      const { ETag } = await s3.send(second);
      await expect(s3.send(second)).rejects.toMatchObject({ name: 'PreconditionFailed' });
      await expect(
        s3.send(new PutObjectCommand({ Bucket, Key: 'not there', Body: 'x', IfMatch: ETag })),
      ).rejects.toMatchObject({ name: 'NoSuchKey' });
      await s3.send(new PutObjectCommand({ Bucket, Key: 'change', Body: 'third' }));
      expect((await bytesOf('change')).toString()).toBe('third');
    });

    it('answers ranges of bytes, and refuses those beyond the end', async () => {
      const body = Buffer.from(Array.from({ length: 300 }, (_, at) => at % 256));
      await s3.send(new PutObjectCommand({ Bucket, Key: 'range', Body: body }));
      const ranged = async (Range: string) => {
        const answer = await s3.send(new GetObjectCommand({ Bucket, Key: 'range', Range }));
        return [answer.ContentRange, Buffer.from((await answer.Body?.transformToByteArray()) ?? [])];
      };
      expect(await ranged('bytes=10-19')).toEqual(['bytes 10-19/300', body.subarray(10, 20)]);
      expect(await ranged('bytes=290-')).toEqual(['bytes 290-299/300', body.subarray(290)]);
      expect(await ranged('bytes=-5')).toEqual(['bytes 295-299/300', body.subarray(295)]);
      expect(await ranged('bytes=250-9999')).toEqual(['bytes 250-299/300', body.subarray(250)]);
      await expect(ranged('bytes=300-310')).rejects.toMatchObject({ name: 'InvalidRange' });
    });

    it('takes in streams, whose checksum comes after them', async () => {
      const body = randomBytes(3_000_000);
      const parts = Array.from({ length: 300 }, (_, at) => body.subarray(at * 10_000, (at + 1) * 10_000));
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key: 'stream',
          Body: Readable.from(parts),
          ContentLength: body.length,
          ContentEncoding: 'zstd',
          ChecksumAlgorithm: 'CRC32',
        }),
      );
      expect((await bytesOf('stream')).equals(body)).toBe(true);
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'stream' }));
      expect([head.ContentLength, head.ContentEncoding]).toEqual([body.length, 'zstd']);
    });

    it.skipIf(isLenient)('refuses bytes that are not those which were announced', async () => {
      const put = new PutObjectCommand({ Bucket, Key: 'altered', Body: 'x', ChecksumCRC32: 'AAAAAA==' });
      await expect(s3.send(put)).rejects.toMatchObject({ name: 'BadDigest' });
      await expect(bytesOf('altered')).rejects.toMatchObject({ name: 'NoSuchKey' });
    });

    it('lets one of many who put the same name at once win', async () => {
      const puts = await Promise.allSettled(
        Array.from({ length: 8 }, (_, at) =>
          s3.send(new PutObjectCommand({ Bucket, Key: 'race', Body: `${at}`, IfNoneMatch: '*' })),
        ),
      );
      const won = puts.flatMap(({ status }, at) => (status === 'fulfilled' ? [`${at}`] : []));
      expect(won).toEqual([(await bytesOf('race')).toString()]);
    });

    it('deletes many at once, and knows no bucket that was not made', async () => {
      const names = ['many/<1>', 'many/&2', 'many/3'];
      for (const Key of names) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
      const Objects = names.slice(0, 2).map((Key) => ({ Key }));
      await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      const left = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'many/' }));
      expect(left.Contents?.map(({ Key }) => Key)).toEqual(['many/3']);
      await expect(
        s3.send(new GetObjectCommand({ Bucket: `${Bucket}-not`, Key: 'x' })),
      ).rejects.toMatchObject({ name: 'NoSuchBucket' });
    });

    it.skipIf(isLenient)(
      'hands objects to whoever has a pre-signed address, while it lasts and as it was signed',
      async () => {
        await s3.send(new PutObjectCommand({ Bucket, Key: 'export/a b.csv', Body: 'miner,power' }));
        const get = new GetObjectCommand({
          Bucket,
          Key: 'export/a b.csv',
          ResponseContentDisposition: 'attachment; filename="a b.csv"',
        });
        const url = await getSignedUrl(s3, get, { expiresIn: 60 });
        const answer = await fetch(url);
        expect([answer.status, await answer.text()]).toEqual([200, 'miner,power']);
        expect(answer.headers.get('content-disposition')).toBe('attachment; filename="a b.csv"');
        const codeOf = async (address: string) => {
          const refused = await fetch(address);
          return [refused.status, /<Code>(\w+)<\/Code>/.exec(await refused.text())?.[1]];
        };
        expect(await codeOf(url.replace('a%20b.csv?', 'other.csv?'))).toEqual([403, 'SignatureDoesNotMatch']);
        const signingDate = new Date(Date.now() - 120_000);
        const old = await getSignedUrl(s3, get, { expiresIn: 60, signingDate });
        expect(await codeOf(old)).toEqual([403, 'AccessDenied']);
      },
    );

    it('has no object after its deletion', async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: 'x' }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
      await expect(bytesOf('gone')).rejects.toMatchObject({ name: 'NoSuchKey' });
    });
  };

describe('the S3 contract, local', contract(startTestS3));
const peer = peerEndpoint('S3');
describe.skipIf(!peer)(
  'the S3 contract, peer',
  // Emulators let altered bytes and forged addresses pass, which S3 does not.
  contract(async () => ({ endpoint: peer ?? '', close: async () => {} }), { isLenient: true }),
);
