import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { WireTrouble } from '../faults.ts';

const dripIntervalMs = 250;

/**
 * Sends an answer as the miner's wire would: whole, or spoilt by its trouble. `end` closes the connection after it.
 * A half answer ends in the middle; a drip never gets to the end of anybody's patience.
 */
export const deliver = (
  socket: Socket,
  bytes: Buffer,
  trouble: WireTrouble | undefined,
  end: boolean,
): void => {
  if (socket.destroyed || !socket.writable) return;
  if (trouble === 'silence' || trouble === 'blackhole') return;
  if (trouble === 'garbage') {
    socket.end(randomBytes(96));
    return;
  }
  if (trouble === 'half_answer') {
    socket.end(bytes.subarray(0, Math.floor(bytes.length / 2)));
    return;
  }
  if (trouble === 'slow_drip') {
    drip(socket, bytes, end);
    return;
  }
  if (end) socket.end(bytes);
  else socket.write(bytes);
};

const drip = (socket: Socket, bytes: Buffer, end: boolean) => {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= bytes.length) {
      clearInterval(timer);
      if (end && !socket.destroyed) socket.end();
      return;
    }
    socket.write(bytes.subarray(at, at + 1));
    at++;
  }, dripIntervalMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
};
