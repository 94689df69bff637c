import type { Socket } from 'node:net';
import type { Service } from '../site/protocol.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { WhatsminerApi3 } from './api.ts';
import { serveFrames } from './frames.ts';

/** As many clients at a time as API 3 takes. */
const maxClients = 10;

/** The port of API 3: frames, at most ten clients. */
export const whatsminer3Service = (
  miner: SimulatedMiner,
  options: { readonly seed: number; readonly nowMs: () => number; readonly password: string },
): Service => {
  const api = new WhatsminerApi3(miner, options);
  const clients = new Set<Socket>();
  const serve = (socket: Socket) => {
    if (clients.size >= maxClients) {
      socket.resetAndDestroy();
      return;
    }
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
    serveFrames(socket, {
      answer: (body) => api.answer(body),
      drop: () => !miner.processUp,
      trouble: () => miner.wireTrouble,
    });
  };
  return { kind: 'bare', serve };
};
