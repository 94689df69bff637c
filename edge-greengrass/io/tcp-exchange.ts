import { connect } from 'node:net';
import { answerEnd } from './answer-end.ts';
import { MinerFault } from './miner-fault.ts';

export type IoLimits = {
  readonly connectMs: number;
  /** From the request's first byte to the answer's last. */
  readonly exchangeMs: number;
  readonly maxBytes: number;
};

/** A fault after the request left: the miner may have acted on it. */
export class LostAnswer extends MinerFault {}

/**
 * One request, one answer, one connection, as cgminer's API works. Rejects with MinerFault: `unreachable` when nothing
 * accepts, `timeout` past either deadline, `too_large` past the byte limit, `aborted` by the signal. A fault after the
 * request was sent is a LostAnswer.
 */
export const exchange = (
  endpoint: { readonly host: string; readonly port: number },
  request: string,
  limits: IoLimits,
  signal?: AbortSignal,
): Promise<string> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new MinerFault('aborted', 'stopped before the miner was asked'));
    const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    const chunks: Buffer[] = [];
    let length = 0;
    let sent = false;
    let timer = setTimeout(() => fail('timeout', 'no connection within the deadline'), limits.connectMs);

    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.destroy();
    };
    const fail = (kind: MinerFault['kind'], message: string) => {
      settle();
      reject(sent ? new LostAnswer(kind, message) : new MinerFault(kind, message));
    };
    const finish = (bytes: Buffer) => {
      settle();
      resolve(bytes.toString('utf8'));
    };
    const abort = () => fail('aborted', 'stopped while the miner was asked');
    signal?.addEventListener('abort', abort, { once: true });

    socket.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(() => fail('timeout', 'no whole answer within the deadline'), limits.exchangeMs);
      sent = true;
      socket.write(request);
    });
    socket.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limits.maxBytes) return fail('too_large', `the answer exceeds ${limits.maxBytes} bytes`);
      chunks.push(chunk);
      const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, length);
      if (chunks.length > 64) chunks.splice(0, chunks.length, bytes);
      const end = answerEnd(bytes);
      if (end !== undefined) finish(bytes.subarray(0, end));
    });
    socket.once('error', () =>
      fail('unreachable', sent ? 'the connection broke' : 'nothing accepts the connection'),
    );
    socket.once('close', () => {
      if (length === 0) return fail('unreachable', 'closed without an answer');
      finish(Buffer.concat(chunks, length));
    });
  });
