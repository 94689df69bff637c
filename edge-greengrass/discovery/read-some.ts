import { connect } from 'node:net';

/** `closed`: refused. `silent`: nothing accepted in time. `starved`: this machine has no socket left for it. */
export type Heard =
  | { readonly kind: 'closed' | 'silent' | 'starved' }
  | { readonly kind: 'open'; readonly bytes: Buffer };

export type ReadSomeLimits = {
  readonly connectMs: number;
  /** From the connection to the last byte that is waited for. */
  readonly answerMs: number;
  readonly maxBytes: number;
};

/** Faults of our own system, after which the same address may be asked again. */
const starving = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'EAGAIN', 'EADDRNOTAVAIL', 'ENOMEM']);
const codeOf = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

/**
 * Says one thing on one connection and takes what comes back: up to where `isWhole` says so, the other side's end, the deadline or the
 * byte limit, whichever is first. Never rejects; what came before a limit counts, because a beginning is enough to know a machine by.
 */
export const readSome = (
  endpoint: { readonly host: string; readonly port: number },
  request: string | Uint8Array,
  limits: ReadSomeLimits,
  isWhole: (bytes: Buffer) => boolean,
  signal?: AbortSignal,
): Promise<Heard> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve({ kind: 'silent' });
    const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    const chunks: Buffer[] = [];
    let length = 0;
    let open = false;
    const settle = (heard: Heard) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      // A reset leaves no port of ours waiting for the other side's last word: a scan has thousands of them.
      if (open) socket.resetAndDestroy();
      else socket.destroy();
      resolve(heard);
    };
    const heardSoFar = (): Heard =>
      open ? { kind: 'open', bytes: Buffer.concat(chunks, length) } : { kind: 'silent' };
    const stop = () => settle(heardSoFar());
    let timer = setTimeout(stop, limits.connectMs);
    signal?.addEventListener('abort', stop, { once: true });

    socket.once('connect', () => {
      open = true;
      clearTimeout(timer);
      timer = setTimeout(stop, limits.answerMs);
      socket.write(request);
    });
    socket.on('data', (chunk: Buffer) => {
      const wanted = chunk.subarray(0, limits.maxBytes - length);
      chunks.push(wanted);
      length += wanted.length;
      if (length >= limits.maxBytes || isWhole(Buffer.concat(chunks, length))) stop();
    });
    socket.on('error', (error) => {
      if (open) return stop();
      settle({ kind: starving.has(codeOf(error)) ? 'starved' : 'closed' });
    });
    socket.once('close', stop);
  });
