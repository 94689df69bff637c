import type { Socket } from 'node:net';
import type { WireTrouble } from '../faults.ts';
import { deliver } from '../wire/deliver.ts';

const headerBytes = 4;
const longestFrame = 64 * 1024;
const idleMs = 30_000;

/** A length in four bytes, the lowest first, then the body. */
export const frameOf = (body: string): Buffer => {
  const bytes = Buffer.from(body, 'utf8');
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(bytes.length);
  return Buffer.concat([header, bytes]);
};

/** What a connection asks of its miner. An undefined answer is never sent; `drop` breaks the connection off. */
export type FrameBehaviour = {
  readonly answer: (body: string) => string | undefined;
  readonly drop: () => boolean;
  readonly trouble: () => WireTrouble | undefined;
};

/**
 * A connection of API 3: frames to and fro until the client closes or is silent for long. A frame of no length is a
 * heartbeat and comes back as one.
 */
export const serveFrames = (socket: Socket, { answer, drop, trouble }: FrameBehaviour): void => {
  let collected: Buffer = Buffer.alloc(0);
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('end', () => {
    if (trouble() === undefined) socket.end();
  });
  const takeFrame = (): string | undefined => {
    if (collected.length < headerBytes) return undefined;
    const length = collected.readUInt32LE();
    if (length > longestFrame) {
      socket.resetAndDestroy();
      return undefined;
    }
    if (collected.length < headerBytes + length) return undefined;
    const body = collected.subarray(headerBytes, headerBytes + length).toString('utf8');
    collected = collected.subarray(headerBytes + length);
    return body;
  };
  socket.on('data', (chunk) => {
    collected = Buffer.concat([collected, chunk]);
    for (let body = takeFrame(); body !== undefined; body = takeFrame()) {
      if (drop()) {
        socket.resetAndDestroy();
        return;
      }
      if (body === '') {
        deliver(socket, Buffer.alloc(headerBytes), trouble(), false);
        continue;
      }
      const reply = answer(body);
      if (reply !== undefined) deliver(socket, frameOf(reply), trouble(), false);
    }
  });
};
