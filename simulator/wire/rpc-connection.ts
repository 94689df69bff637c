import type { Socket } from 'node:net';
import type { WireTrouble } from '../faults.ts';
import { deliver } from './deliver.ts';

/** cgminer reads a request into a buffer of this size. */
const maxRequestBytes = 8191;
/** A request without any terminator is taken as whole when its sender has been quiet for so long. */
const quietMs = 60;
const idleMs = 10_000;

export type RpcAnswer = {
  readonly bytes: Buffer;
  /** Whether the connection stays open for further requests. */
  readonly keepOpen: boolean;
};

export type RpcBehaviour = {
  /** Undefined hangs up without a word. */
  readonly answer: (request: string, clientAddress: string) => RpcAnswer | undefined;
  readonly trouble: () => WireTrouble | undefined;
};

/**
 * One TCP connection to a miner's API: collects a request, answers it, closes unless the firmware keeps connections.
 * JSON is whole when it parses; anything ends at a NUL or a newline after text, at the client's end of stream, or when the
 * sender falls silent.
 */
export const serveRpc = (socket: Socket, behaviour: RpcBehaviour): void => {
  let collected: Buffer = Buffer.alloc(0);
  let answered = false;
  let quiet: NodeJS.Timeout | undefined;
  const address = socket.remoteAddress ?? '';

  const answerNow = () => {
    clearTimeout(quiet);
    if (answered || collected.length === 0) return;
    const request = collected.toString('utf8');
    collected = Buffer.alloc(0);
    const answer = behaviour.answer(request, address);
    if (!answer) {
      socket.resetAndDestroy();
      return;
    }
    answered = !answer.keepOpen;
    deliver(socket, answer.bytes, behaviour.trouble(), !answer.keepOpen);
  };

  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(quiet));
  socket.on('end', () => {
    answerNow();
    if (behaviour.trouble() === undefined) socket.end();
  });
  socket.on('data', (chunk) => {
    if (answered) return;
    collected = Buffer.concat([collected, chunk]);
    if (collected.length > maxRequestBytes) {
      socket.resetAndDestroy();
      return;
    }
    clearTimeout(quiet);
    if (isWhole(collected)) answerNow();
    else quiet = setTimeout(answerNow, quietMs);
  });
};

const isWhole = (bytes: Buffer): boolean => {
  const text = bytes.toString('utf8');
  if (text.includes('\0')) return true;
  if (!text.trimStart().startsWith('{')) return text.includes('\n');
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
