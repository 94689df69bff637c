import type { Socket } from 'node:net';
import type { ProtocolOf } from '../site/protocol.ts';
import { serveRpc } from '../wire/rpc-connection.ts';
import { answerAvalon } from './api.ts';
import { avalonFirmware } from './firmware.ts';
import { AvalonSettings } from './settings.ts';

/**
 * An Avalon under Canaan's firmware (Avalon A10 API manual: one thread, no concurrent requests). A second connection
 * before the first has made its request is broken off.
 */
export const avalonProtocol: ProtocolOf = (miner, { nowMs, password = 'root' }) => {
  const login = { username: 'root', password };
  const settings = new AvalonSettings(miner, avalonFirmware(miner), login, nowMs);
  let serving: Socket | undefined;
  const serve = (socket: Socket) => {
    if (serving && miner.wireTrouble === undefined) {
      socket.resetAndDestroy();
      return;
    }
    serving = socket;
    const done = () => {
      if (serving === socket) serving = undefined;
    };
    socket.once('close', done);
    serveRpc(socket, {
      answer: (request) => {
        done();
        return answerAvalon(miner, settings, request, nowMs());
      },
      trouble: () => miner.wireTrouble,
    });
  };
  return { rpc: { kind: 'bare', serve }, login };
};
