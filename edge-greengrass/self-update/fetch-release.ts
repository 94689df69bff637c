import { readFileSync, statSync } from 'node:fs';
import { maxArchiveBytes } from './archive.ts';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);
const fetchMs = 10 * 60_000;

/**
 * The archive's bytes: of a file, or over HTTPS (plain HTTP from this machine alone). Never more than 64 MB. What it is, its signature
 * says; HTTPS keeps to itself which version a site runs.
 */
export const fetchRelease = async (from: string): Promise<Uint8Array> => {
  if (!/^https?:\/\//.test(from)) {
    if (statSync(from).size > maxArchiveBytes) throw new Error('the file is too large');
    return readFileSync(from);
  }
  const url = new URL(from);
  if (url.protocol === 'http:' && !loopback.has(url.hostname)) throw new Error('releases come over https');
  const answer = await fetch(url, { signal: AbortSignal.timeout(fetchMs), redirect: 'error' });
  if (!answer.ok || !answer.body) throw new Error(`the server answered ${answer.status}`);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body) {
    bytes += part.length;
    if (bytes > maxArchiveBytes) throw new Error('the answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
};
