import type { ProtocolOf } from '../site/protocol.ts';
import { AntminerConfiguration } from './configuration.ts';
import { DigestGate } from './digest.ts';
import { antminerWeb } from './http.ts';
import { answerAntminerRpc } from './rpc.ts';
import { webLogin } from './web-login.ts';

/** An Antminer under its maker's firmware: cgminer's API for reading, the web interface for everything. */
export const antminerProtocol: ProtocolOf = (miner, { nowMs, password = 'root' }) => {
  const configuration = new AntminerConfiguration(miner.model, miner.settings.pools);
  const login = webLogin('root', password, nowMs);
  const gate = new DigestGate(nowMs);
  return {
    rpc: {
      kind: 'rpc',
      answer: (text) => answerAntminerRpc(miner, text, nowMs(), configuration.mode),
    },
    http: { kind: 'web', ...antminerWeb({ miner, configuration }, { gate, login, nowMs }) },
    login: {
      username: login.username,
      get password() {
        return login.password;
      },
    },
  };
};
