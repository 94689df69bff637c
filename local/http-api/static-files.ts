import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { chooseEncoding, compress, type Encoding } from './compression.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

const hashedName = /[.-][\w-]{8,}\.\w+$/;
type Kept = {
  readonly mtimeMs: number;
  readonly body: Buffer;
  readonly etag: string;
  readonly encoded: Map<Encoding, Buffer>;
};

/**
 * The console's files as CloudFront and S3 serve them: names with a hash under /assets/ for a year, everything else asked
 * for anew each time, compressed, and index.html for every path of the single-page app. Answers false when it has nothing.
 */
export const createStaticFiles = (directory: string) => {
  const kept = new Map<string, Kept>();

  const load = async (file: string): Promise<Kept | undefined> => {
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    const before = kept.get(file);
    if (before?.mtimeMs === found.mtimeMs) return before;
    const body = await readFile(file);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const loaded = { mtimeMs: found.mtimeMs, body, etag, encoded: new Map<Encoding, Buffer>() };
    kept.set(file, loaded);
    return loaded;
  };

  const resolve = (path: string): string | undefined => {
    let decoded: string;
    try {
      decoded = decodeURIComponent(path);
    } catch {
      return undefined;
    }
    if (decoded.includes('\0')) return undefined;
    const file = join(directory, decoded.endsWith('/') ? `${decoded}index.html` : decoded);
    return file.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`) ? file : undefined;
  };

  return async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    response: ServerResponse,
  ): Promise<boolean> => {
    if (method !== 'GET' && method !== 'HEAD') return false;
    const wanted = resolve(path);
    if (!wanted) return false;
    let file = wanted;
    let found = await load(wanted);
    if (!found && extname(path) === '') {
      file = join(directory, 'index.html');
      found = await load(file);
    }
    if (!found) return false;
    const contentType = contentTypes[extname(file).toLowerCase()] ?? 'application/octet-stream';
    const cached = path.startsWith('/assets/') && hashedName.test(path);
    const common = {
      'cache-control': cached ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-type': contentType,
      etag: found.etag,
      'referrer-policy': 'same-origin',
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    };
    if (headers['if-none-match'] === found.etag) {
      response.writeHead(304, common).end();
      return true;
    }
    const encoding = chooseEncoding(String(headers['accept-encoding'] ?? ''), contentType, found.body.length);
    let body = found.body;
    if (encoding) {
      body = found.encoded.get(encoding) ?? (await compress(found.body, encoding, 9));
      found.encoded.set(encoding, body);
    }
    response.writeHead(200, {
      ...common,
      'content-length': body.length,
      ...(encoding && { 'content-encoding': encoding }),
    });
    response.end(method === 'HEAD' ? undefined : body);
    return true;
  };
};
