import { connect } from 'node:net';
import { AnswerEnd } from './answer-end.ts';
import { Gathered } from './gathered.ts';
import { asMinerFault, MinerFault } from './miner-fault.ts';
import { onAbort } from './on-abort.ts';

export type IoLimits = {
  readonly connectMs: number;
  /** From the request's first byte to the answer's last. */
  readonly exchangeMs: number;
  readonly maxBytes: number;
};

/** A fault after the request left: the miner may have acted on it. */
export class LostAnswer extends MinerFault {}

/** Nothing took the connection, so nothing left. */
export class NotTaken extends MinerFault {
  constructor() {
    super('unreachable', 'nothing accepts the connection');
  }
}

/**
 * Where bytes arrive, of all connections: a read ends before the next begins, so what came is copied out of it and nothing waits in it. A
 * buffer for each read would be 64 KB for an answer of two.
 */
const arrival = Buffer.alloc(64 * 1024);

type Endpoint = { readonly host: string; readonly port: number };

/** The answer in all that has arrived, or undefined while more must come; `ended` when no more will. Of one exchange. May throw MinerFault. */
type AnswerIn = (bytes: Buffer, ended: boolean) => Buffer | undefined;

/**
 * One request, one answer, one connection. Rejects with MinerFault: `unreachable` when nothing accepts, `timeout` past
 * either deadline, `too_large` past the byte limit, `aborted` by the signal. A fault after the request was sent is a
 * LostAnswer.
 */
const converse = (
  endpoint: Endpoint,
  request: string | Buffer,
  answerIn: AnswerIn,
  limits: IoLimits,
  signal?: AbortSignal,
): Promise<string> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new MinerFault('aborted', 'stopped before the miner was asked'));
    const socket = connect({
      host: endpoint.host,
      port: endpoint.port,
      onread: { buffer: arrival, callback: (count) => take(arrival.subarray(0, count)) },
    });
    const arrived = new Gathered();
    let sent = false;
    let isSettled = false;
    let timer = setTimeout(() => fail('timeout', 'no connection within the deadline'), limits.connectMs);

    const settle = () => {
      isSettled = true;
      clearTimeout(timer);
      unheard();
      socket.destroy();
    };
    const fail = (kind: MinerFault['kind'], message: string) => {
      // The connection's own end comes after every answer, and an error is dear to make.
      if (isSettled) return;
      settle();
      reject(sent ? new LostAnswer(kind, message) : new MinerFault(kind, message));
    };
    /** False while more must come. */
    const finish = (bytes: Buffer, ended: boolean) => {
      try {
        const answer = answerIn(bytes, ended);
        if (!answer) return false;
        settle();
        resolve(answer.toString('utf8'));
      } catch (error) {
        const { kind, message } = asMinerFault(error);
        fail(kind, message);
      }
      return true;
    };
    const unheard = onAbort(signal, () => fail('aborted', 'stopped while the miner was asked'));

    socket.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(() => fail('timeout', 'no whole answer within the deadline'), limits.exchangeMs);
      sent = true;
      socket.write(request);
    });
    /** False once no more is to be read. */
    const take = (chunk: Buffer): boolean => {
      if (arrived.length + chunk.length > limits.maxBytes) {
        fail('too_large', `the answer exceeds ${limits.maxBytes} bytes`);
        return false;
      }
      // Most answers come in one piece, and are read where they lie.
      const isFirst = arrived.length === 0;
      if (isFirst && finish(chunk, false)) return false;
      arrived.add(chunk);
      return isFirst || !finish(arrived.bytes(), false);
    };
    socket.once('error', () => {
      if (sent) return fail('unreachable', 'the connection broke');
      settle();
      reject(new NotTaken());
    });
    socket.once('close', () => {
      if (isSettled) return;
      if (arrived.length === 0) return fail('unreachable', 'closed without an answer');
      if (!finish(arrived.bytes(), true)) fail('unreachable', 'closed within an answer');
    });
  });

const plainAnswer = (): AnswerIn => {
  const end = new AnswerEnd();
  return (bytes, ended) => {
    const at = end.in(bytes);
    if (at !== undefined) return bytes.subarray(0, at);
    return ended ? bytes : undefined;
  };
};

/** As cgminer's API works: text, ended by NUL, by the end of its JSON, or by the connection's. Rejects as `converse` does. */
export const exchange = (endpoint: Endpoint, request: string, limits: IoLimits, signal?: AbortSignal) =>
  converse(endpoint, request, plainAnswer(), limits, signal);

/** Frames of no length are heartbeats between answers. */
const framedAnswer = (maxBytes: number): AnswerIn => {
  let at = 0;
  return (bytes) => {
    for (; bytes.length >= at + 4; at += 4) {
      const length = bytes.readUInt32LE(at);
      if (length === 0) continue;
      if (length > maxBytes) throw new MinerFault('too_large', `the answer exceeds ${maxBytes} bytes`);
      return bytes.length < at + 4 + length ? undefined : bytes.subarray(at + 4, at + 4 + length);
    }
    return undefined;
  };
};

/** Text behind its length in four bytes, least first, both ways. Rejects as `converse` does. */
export const framedExchange = (
  endpoint: Endpoint,
  request: string,
  limits: IoLimits,
  signal?: AbortSignal,
) => {
  const text = Buffer.from(request, 'utf8');
  const head = Buffer.alloc(4);
  head.writeUInt32LE(text.length);
  return converse(endpoint, Buffer.concat([head, text]), framedAnswer(limits.maxBytes), limits, signal);
};
