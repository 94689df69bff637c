import { type ClientRequest, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { attemptOutcomes } from '../../contracts/api-webhooks.ts';
import type { Resolution, Target } from './resolve-target.ts';
import type { SignedHeaders } from './sign-message.ts';

export type AttemptOutcome = (typeof attemptOutcomes)[number];
export type SendResult = {
  readonly outcome: AttemptOutcome;
  readonly statusCode?: number;
  /** The receiver's `Retry-After`, in milliseconds from now. */
  readonly retryAfterMs?: number;
};

export type SendDeps = {
  readonly resolve: (url: URL) => Promise<Resolution>;
  readonly nowMs: () => number;
  /** For everything: resolution, connection, TLS, request and the head of the answer. */
  readonly timeoutMs: number;
  /** Certificates to trust beside the system's. */
  readonly ca?: string;
};

/** An answer may have so large a head; of its body nothing is kept, and reading ends here. */
const mostHeadBytes = 16 * 1024;
const mostBodyBytes = 64 * 1024;

/**
 * Posts a signed message to the one address that its host was resolved to. Follows no redirect, keeps no connection, reads
 * the status and no body. Never throws: every failure is an outcome.
 */
export const sendMessage =
  (deps: SendDeps) =>
  async (endpoint: string, body: string, headers: SignedHeaders): Promise<SendResult> => {
    const url = new URL(endpoint);
    const signal = AbortSignal.timeout(deps.timeoutMs);
    const resolution = await withSignal(deps.resolve(url), signal);
    if (resolution === undefined) return { outcome: 'timeout' };
    if (!resolution.ok) return { outcome: resolution.fault };
    const bytes = Buffer.from(body, 'utf8');
    return new Promise((resolve) => {
      const request = open(url, {
        method: 'POST',
        agent: false,
        signal,
        lookup: pinned(resolution.target),
        maxHeaderSize: mostHeadBytes,
        headers: {
          ...headers,
          'content-type': 'application/json; charset=utf-8',
          'content-length': bytes.length,
          'user-agent': 'HashInsight-Webhooks/1',
          accept: '*/*',
          connection: 'close',
        },
        ...(deps.ca !== undefined && { ca: deps.ca }),
      });
      request.on('response', (response) => {
        const retryAfterMs = readRetryAfter(response.headers['retry-after'], deps.nowMs());
        const statusCode = response.statusCode ?? 0;
        resolve({ outcome: 'response', statusCode, ...(retryAfterMs !== undefined && { retryAfterMs }) });
        let read = 0;
        response.on('data', (chunk: Buffer) => {
          read += chunk.length;
          if (read > mostBodyBytes) request.destroy();
        });
        response.on('error', () => {});
      });
      request.on('error', (error) => resolve({ outcome: signal.aborted ? 'timeout' : faultOf(error) }));
      request.end(bytes);
    });
  };

const open = (url: URL, options: RequestOptions & { readonly ca?: string }): ClientRequest =>
  url.protocol === 'https:'
    ? requestHttps(url, { ...options, minVersion: 'TLSv1.2' })
    : requestHttp(url, options);

/** Whatever name the socket asks for, it gets the address that was judged. */
const pinned =
  ({ address, family }: Target): NonNullable<RequestOptions['lookup']> =>
  (_hostname, options, callback) =>
    options.all ? callback(null, [{ address, family }]) : callback(null, address, family);

const withSignal = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  Promise.race([
    work,
    new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    }),
  ]);

const faultOf = (error: Error): AttemptOutcome => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(code)
    ? 'tls_failed'
    : 'connection_failed';
};

/** Seconds or an HTTP date; undefined where it is neither. */
const readRetryAfter = (text: string | undefined, nowMs: number): number | undefined => {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
};
