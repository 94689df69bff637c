#!/usr/bin/env node
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const usage = `Puts a build of the console into the bucket that its CloudFront distribution serves.

  node bin/publish-console.ts --bucket NAME [--directory dist/console] [--endpoint URL]

The bucket's name is the output ConsoleBucket of the console stack. Files go first and the page last, so a browser never
gets a page whose files are not there yet; older files stay, for pages that are open.`;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.txt': 'text/plain; charset=utf-8',
};

/** Built files carry a hash of their content in their names; whatever does not must be asked for anew each time. */
const cacheControl = (key: string) =>
  key.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';

const publish = async (bucket: string, directory: string, endpoint?: string) => {
  const s3 = new S3Client(endpoint ? { endpoint, forcePathStyle: true } : {});
  const keys = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name).slice(join(directory, sep).length).split(sep).join('/'),
    );
  if (!keys.includes('index.html'))
    throw new Error(`${directory} holds no build of the console (no index.html)`);
  const unknown = keys.find((key) => !contentTypes[extname(key)]);
  if (unknown) throw new Error(`${unknown} has no known content type; add it to bin/publish-console.ts`);
  for (const key of [...keys.filter((one) => one !== 'index.html'), 'index.html'])
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: readFileSync(join(directory, key)),
        ContentType: contentTypes[extname(key)],
        CacheControl: cacheControl(key),
      }),
    );
  return keys.length;
};

const { values: options } = parseArgs({
  options: {
    bucket: { type: 'string' },
    directory: { type: 'string', default: join('dist', 'console') },
    endpoint: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (options.help || !options.bucket) {
  console.log(usage);
  process.exitCode = options.help ? 0 : 2;
} else {
  try {
    console.log(`${await publish(options.bucket, options.directory, options.endpoint)} files published`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
