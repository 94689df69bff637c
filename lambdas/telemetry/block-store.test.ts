import { createServer } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { startS3In } from '../../local/s3/test-s3.ts';
import { closeServer, listenOnLoopback } from '../../local/shared/json-service.ts';
import { clientOf } from '../../local/testing/peer.ts';
import { temporaryDirectory } from '../../local/testing/test-app.ts';
import { BytesGone, maxInlineBytes, s3BlockStore } from './block-store.ts';

const bytes = Uint8Array.from({ length: 4 * maxInlineBytes }, (_, at) => (at * 31) % 251);
const range = { start: 700, end: 9_000 };

const started = async (cacheBytes?: number) => {
  const directory = temporaryDirectory();
  const asked: string[] = [];
  const service = await startS3In(directory.path, ['blocks'], {
    onRequest: ({ operation }) => asked.push(operation),
  });
  const s3 = new S3Client(clientOf(service.endpoint));
  onTestFinished(async () => {
    s3.destroy();
    await service.close();
    directory[Symbol.dispose]();
  });
  return { asked, store: s3BlockStore(s3, 'blocks', cacheBytes) };
};

test('blocks are read whole and in part, small ones from the item itself', async () => {
  const { store, asked } = await started();
  const stored = await store.put('raw', '7/gw 1/ü', bytes);
  expect(await store.get(stored)).toEqual(Buffer.from(bytes));
  expect(await store.get(stored, range)).toEqual(Buffer.from(bytes.subarray(700, 9_000)));
  const small = await store.put('raw', '7/gw-1/0', bytes.subarray(0, 10));
  expect(await store.get(small, { start: 2, end: 4 })).toEqual(bytes.subarray(2, 4));
  expect(asked).toEqual(['PutObject', 'GetObject', 'GetObject']);
});

test('an object that was removed is gone, but what was read of it is remembered', async () => {
  const { store, asked } = await started(1_000_000);
  const stored = await store.put('raw', 'a', bytes);
  const part = await store.get(stored, range);
  await store.remove(stored);
  expect(await store.get(stored, range)).toBe(part);
  await expect(store.get(stored, { start: 0, end: 5 })).rejects.toThrow(BytesGone);
  await expect(store.get(stored)).rejects.toThrow(BytesGone);
  expect(asked.filter((one) => one === 'GetObject').length).toBeGreaterThan(2);
});

test('an answer that is refused or too short is asked for again', async () => {
  const answers = [
    [503, ''],
    [206, 'short'],
    [206, 'the whole part'],
  ] as const;
  const heads: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    heads.push(request.headers.authorization?.split(' ')[0], request.headers.range);
    const [status, body] = answers[Math.min(heads.length / 2, answers.length) - 1] ?? [500, ''];
    response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
  });
  const s3 = new S3Client({ ...clientOf(await listenOnLoopback(server)), maxAttempts: 3 });
  onTestFinished(async () => {
    s3.destroy();
    await closeServer(server);
  });
  const store = s3BlockStore(s3, 'blocks');
  const read = () => store.get({ key: 'a/b', bytes: 100 }, { start: 3, end: 17 });
  // The first way is refused; then the client asks, and takes what it is given.
  expect(Buffer.from(await read()).toString()).toBe('short');
  expect(Buffer.from(await read()).toString()).toBe('the whole part');
  expect(new Set(heads)).toEqual(new Set(['AWS4-HMAC-SHA256', 'bytes=3-16']));
});
