import { readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { clientOf } from '../testing/peer.ts';
import { eventually, temporaryDirectory } from '../testing/test-app.ts';
import { awsChunked } from './aws-chunked.ts';
import { openObjectStore } from './object-store.ts';
import type { S3Count } from './s3-server.ts';
import type { S3Options } from './start-s3.ts';
import { startS3In } from './test-s3.ts';

const Bucket = 'blocks';
const dayMs = 86_400_000;
const directoryOfTest = () => {
  const directory = temporaryDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  return directory.path;
};
const started = async (path = directoryOfTest(), options: S3Options = {}) => {
  const service = await startS3In(path, [Bucket], options);
  const client = new S3Client(clientOf(service.endpoint));
  return {
    path,
    service,
    client,
    put: (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket, Key, Body })),
    get: async (Key: string) =>
      (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString(),
    close: async () => {
      client.destroy();
      await service.close();
    },
  };
};
const filesIn = (path: string) =>
  readdirSync(join(path, 'bytes'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile());

test('objects survive a restart; bytes that no object has do not', async () => {
  const before = await started();
  await before.put('a/b', 'kept');
  await before.put('a/b', 'kept anew');
  await before.close();
  writeFileSync(join(before.path, 'bytes', '00', '00stray'), 'left by a crash');
  expect(filesIn(before.path)).toHaveLength(2);
  const after = await started(before.path);
  expect(await after.get('a/b')).toBe('kept anew');
  expect(filesIn(before.path)).toHaveLength(1);
  await after.close();
});

test('objects expire by their prefix at the midnight after their days: unseen at once, removed by the sweep', async () => {
  let nowMs = Date.UTC(2026, 10, 21, 15);
  const store = openObjectStore(directoryOfTest(), () => nowMs);
  onTestFinished(() => store.close());
  store.createBucket(Bucket, [{ prefix: 'raw/', days: 8 }]);
  for (const key of ['raw/1', 'daily/1']) {
    const upload = store.begin();
    upload.write(Buffer.from(key));
    upload.commit(Bucket, key, {}, () => {});
  }
  const seen = () => store.list(Bucket, '', '', 10).map(({ key }) => key);
  nowMs = Date.UTC(2026, 10, 29, 23, 59);
  store.sweep(Bucket);
  expect(seen()).toEqual(['daily/1', 'raw/1']);
  nowMs = Date.UTC(2026, 10, 30);
  expect(seen()).toEqual(['daily/1']);
  expect(store.get(Bucket, 'raw/1')).toBeUndefined();
  store.sweep(Bucket);
  nowMs = Date.UTC(2026, 10, 21, 15);
  expect(seen()).toEqual(['daily/1']);
});

test('a template’s lifecycle is understood, and one that is not stops the start', async () => {
  let nowMs = Date.UTC(2026, 10, 21);
  const { service, put, get, close } = await started(undefined, { nowMs: () => nowMs });
  const create = (rule: object) =>
    service.resources['AWS::S3::Bucket']?.({
      stack: 'HashInsight',
      logicalId: 'Blocks',
      type: 'AWS::S3::Bucket',
      properties: { BucketName: Bucket, LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ...rule }] } },
    });
  await create({ Prefix: 'live/', ExpirationInDays: 2 });
  await put('live/x', '1');
  nowMs += 3 * dayMs;
  await expect(get('live/x')).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(async () => create({ ExpirationDate: '2030-01-01' })).rejects.toThrow(/ExpirationDate/);
  await close();
});

test('a bucket without a name gets one that S3 allows', async () => {
  const { service, close } = await started();
  const created = await service.resources['AWS::S3::Bucket']?.({
    stack: 'HashInsight',
    logicalId: `Quarantine${'X'.repeat(80)}`,
    type: 'AWS::S3::Bucket',
    properties: {},
  });
  await close();
  expect(created?.ref).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
});

test('an operation or an option that is not there is refused by its name', async () => {
  const { client, close } = await started();
  const tagging = new PutObjectTaggingCommand({ Bucket, Key: 'x', Tagging: { TagSet: [] } });
  await expect(client.send(tagging)).rejects.toMatchObject({
    name: 'NotImplemented',
    message: expect.stringContaining('tagging'),
  });
  const delimited = new ListObjectsV2Command({ Bucket, Delimiter: '/' });
  await expect(client.send(delimited)).rejects.toMatchObject({
    message: expect.stringContaining('delimiter'),
  });
  const locked = new PutObjectCommand({ Bucket, Key: 'x', Body: 'x', ObjectLockMode: 'COMPLIANCE' });
  await expect(client.send(locked)).rejects.toMatchObject({
    message: expect.stringContaining('object-lock'),
  });
  await close();
});

test('every request is counted with the bytes of its object', async () => {
  const counts: S3Count[] = [];
  const { client, put, get, close } = await started(undefined, { onRequest: (count) => counts.push(count) });
  await put('a', '12345');
  await get('a');
  await client.send(new GetObjectCommand({ Bucket, Key: 'a', Range: 'bytes=1-2' }));
  await get('b').catch(() => {});
  await close();
  expect(counts.map(({ operation, bytesIn, bytesOut }) => [operation, bytesIn, bytesOut])).toEqual([
    ['PutObject', 5, 0],
    ['GetObject', 0, 5],
    ['GetObject', 0, 2],
    ['GetObject', 0, 0],
  ]);
});

test('an upload that breaks off leaves the object of before, and no bytes', async () => {
  const { path, service, put, get, close } = await started();
  await put('a', 'whole');
  const half = request(`${service.endpoint}/${Bucket}/a`, {
    method: 'PUT',
    headers: { 'content-length': '100000' },
  });
  half.on('error', () => {});
  half.write('half of it');
  await eventually(() => filesIn(path).length === 2);
  half.destroy();
  await eventually(() => filesIn(path).length === 1);
  expect(await get('a')).toBe('whole');
  await close();
});

test('chunked bodies are read however they are cut, and never past their end', () => {
  const chunk = (bytes: Buffer) =>
    Buffer.concat([
      Buffer.from(`${bytes.length.toString(16)};chunk-signature=0\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ]);
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      fc.boolean(),
      (parts, cuts, isCut) => {
        const body = Buffer.concat([
          ...parts.map((part) => chunk(Buffer.from(part))),
          Buffer.from('0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'),
        ]);
        const taken: Buffer[] = [];
        const chunks = awsChunked((bytes) => taken.push(Buffer.from(bytes)));
        const whole = isCut ? body.subarray(0, body.length - 36) : body;
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          chunks.write(whole.subarray(at, at + size));
          at += size;
        }
        if (isCut) expect(() => chunks.end()).toThrow(/bytes/);
        else {
          expect(chunks.end()).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' });
          expect(Buffer.concat(taken).equals(Buffer.concat(parts))).toBe(true);
        }
      },
    ),
  );
});
