import type { ProtocolOf } from '../site/protocol.ts';
import { AntminerConfiguration } from './configuration.ts';
import { DigestGate } from './digest.ts';
import { FormConfiguration } from './form-configuration.ts';
import { isFormGeneration } from './form-reports.ts';
import { formWeb } from './form-web.ts';
import { antminerWeb } from './http.ts';
import { answerAntminerRpc } from './rpc.ts';
import { webLogin } from './web-login.ts';

/** An Antminer under its maker's firmware: cgminer's API for reading, the web interface for everything. */
export const antminerProtocol: ProtocolOf = (miner, { nowMs, password = 'root' }) => {
  const login = webLogin('root', password, nowMs);
  const gate = new DigestGate(nowMs);
  const credentials = {
    username: login.username,
    get password() {
      return login.password;
    },
  };
  if (isFormGeneration(miner)) {
    const configuration = new FormConfiguration(miner.model, miner.settings.pools);
    return {
      rpc: {
        kind: 'rpc',
        answer: (text) => answerAntminerRpc(miner, text, nowMs(), configuration.isAsleep ? '254' : '1'),
      },
      http: { kind: 'web', ...formWeb(miner, configuration, { gate, login, nowMs }) },
      login: credentials,
    };
  }
  const configuration = new AntminerConfiguration(miner.model, miner.settings.pools);
  return {
    rpc: {
      kind: 'rpc',
      answer: (text) => answerAntminerRpc(miner, text, nowMs(), configuration.mode),
    },
    http: { kind: 'web', ...antminerWeb({ miner, configuration }, { gate, login, nowMs }) },
    login: credentials,
  };
};
