import { constants, inflateSync, unzipSync } from 'node:zlib';

/** The beginning of what a web server said, as far as it says who it is. */
export type WebPage = {
  readonly status: number;
  readonly body: string;
  readonly realm: string;
  readonly location: string;
};

export const webRequest = (host: string, path: string) =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: hashinsight',
    'Accept: */*',
    'Accept-Encoding: identity',
    'Connection: close',
    '',
    '',
  ].join('\r\n');

const headEnd = (bytes: Buffer) => bytes.indexOf('\r\n\r\n');
const headerOf = (head: string, name: string) =>
  new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'im').exec(head)?.[1] ?? '';

/** Whether a web server's answer is here as a whole, by its own words. */
export const isWholePage = (bytes: Buffer): boolean => {
  const end = headEnd(bytes);
  if (end < 0) return false;
  const head = bytes.subarray(0, end).toString('latin1');
  if (/chunked/i.test(headerOf(head, 'transfer-encoding'))) return bytes.includes('\r\n0\r\n\r\n', end);
  const length = headerOf(head, 'content-length');
  return /^\d+$/.test(length) && bytes.length >= end + 4 + Number(length);
};

/** The chunks' content, as far as it has come. */
const dechunked = (bytes: Buffer): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size =
      lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (!(size > 0)) break;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
};

/** AxeOS sends its pages compressed whether asked to or not (bitaxeorg/ESP-Miner, http_server.c). */
const decompressed = (bytes: Buffer, encoding: string): Buffer => {
  const limits = { maxOutputLength: 256 * 1024, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    if (/gzip/i.test(encoding)) return unzipSync(bytes, limits);
    return /deflate/i.test(encoding) ? inflateSync(bytes, limits) : bytes;
  } catch {
    return bytes;
  }
};

/** Reads an HTTP answer as leniently as it takes; undefined where the bytes are none. */
export const pageOf = (bytes: Buffer): WebPage | undefined => {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(bytes.subarray(0, 16).toString('latin1'))?.[1];
  if (status === undefined) return undefined;
  const end = headEnd(bytes);
  const head = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
  const raw = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
  const whole = /chunked/i.test(headerOf(head, 'transfer-encoding')) ? dechunked(raw) : raw;
  return {
    status: Number(status),
    body: decompressed(whole, headerOf(head, 'content-encoding')).toString('utf8'),
    realm: /realm="([^"]*)"/i.exec(headerOf(head, 'www-authenticate'))?.[1] ?? '',
    location: headerOf(head, 'location'),
  };
};
