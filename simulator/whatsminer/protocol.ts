import type { ProtocolOf } from '../site/protocol.ts';
import { whatsminer3Service } from '../whatsminer-v3/protocol.ts';
import { WhatsminerApi } from './api.ts';

/**
 * A Whatsminer with API 2, or with API 3, which leaves API 2 its reads. The usual password here is not the factory's,
 * which cannot write.
 */
export const whatsminerProtocol: ProtocolOf = (miner, { seed, nowMs, password = 'hi-sim-1' }) => {
  const hasApi3 = miner.identity.model === 'Whatsminer M60S (API 3)';
  const api = new WhatsminerApi(miner, { password, seed, nowMs, writeSwitch: !hasApi3 });
  const rpc = {
    kind: 'rpc',
    answer: (text: string, client: string) => api.answer(text, client),
  } as const;
  if (!hasApi3)
    return {
      rpc,
      login: {
        get password() {
          return api.password;
        },
      },
    };
  return {
    rpc,
    frame: whatsminer3Service(miner, { seed, nowMs, password }),
    login: { username: 'super', password },
  };
};
