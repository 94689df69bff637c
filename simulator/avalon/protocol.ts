import type { Socket } from 'node:net';
import type { ProtocolOf } from '../site/protocol.ts';
import { serveRpc } from '../wire/rpc-connection.ts';
import { answerAvalon } from './api.ts';
import { avalonFirmware } from './firmware.ts';
import { AvalonSettings } from './settings.ts';

const backlog = 100;

/**
 * An Avalon under Canaan's firmware (Avalon A10 API manual: one thread, no concurrent requests). As in cgminer's API, of which it is
 * (`api.c`: one loop of accept, receive, answer, with a backlog of 100), connections wait until those before them are answered or gone.
 */
export const avalonProtocol: ProtocolOf = (miner, { nowMs, password = 'root' }) => {
  const login = { username: 'root', password };
  const settings = new AvalonSettings(miner, avalonFirmware(miner), login, nowMs);
  const waiting: Socket[] = [];
  let serving: Socket | undefined;
  const next = () => {
    serving = waiting.shift();
    if (serving) take(serving);
  };
  const take = (socket: Socket) => {
    const done = () => {
      if (serving === socket) next();
    };
    if (socket.destroyed) return done();
    socket.once('close', done);
    serveRpc(socket, {
      answer: (request) => {
        setImmediate(done);
        return answerAvalon(miner, settings, request, nowMs());
      },
      trouble: () => miner.wireTrouble,
    });
  };
  const serve = (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    if (serving && miner.wireTrouble === undefined) {
      if (waiting.length < backlog) waiting.push(socket);
      else socket.resetAndDestroy();
      return;
    }
    serving = socket;
    take(socket);
  };
  return { rpc: { kind: 'bare', serve }, login };
};
