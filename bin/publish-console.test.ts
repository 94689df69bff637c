import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { startTestS3 } from '../local/s3/test-s3.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

test('puts every file with its type and its caching, and refuses a directory without a page', async () => {
  const server = await startTestS3('console');
  const { endpoint } = server;
  const directory = mkdtempSync(join(tmpdir(), 'console-build-'));
  const env = { ...process.env, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
  const publish = () =>
    run(
      process.execPath,
      ['bin/publish-console.ts', '--bucket', 'console', '--directory', directory, '--endpoint', endpoint],
      { cwd: root, env },
    );
  await expect(publish()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no index.html'),
  });
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html>');
  writeFileSync(join(directory, 'assets', 'index-Ab12.js'), 'export {};');
  expect((await publish()).stdout).toBe('2 files published\n');
  const s3 = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const get = (Key: string) => s3.send(new GetObjectCommand({ Bucket: 'console', Key }));
  expect(await get('index.html')).toMatchObject({
    ContentType: 'text/html; charset=utf-8',
    CacheControl: 'no-cache',
  });
  expect(await get('assets/index-Ab12.js')).toMatchObject({
    ContentType: 'text/javascript; charset=utf-8',
    CacheControl: 'public, max-age=31536000, immutable',
  });
  s3.destroy();
  await server.close();
  rmSync(directory, { recursive: true });
});
