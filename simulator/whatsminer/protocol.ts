import type { ProtocolOf } from '../site/protocol.ts';
import { WhatsminerApi } from './api.ts';

/** A Whatsminer with API 2. The usual password here is not the factory's, which cannot write. */
export const whatsminerProtocol: ProtocolOf = (miner, { seed, nowMs, password = 'hi-sim-1' }) => {
  const api = new WhatsminerApi(miner, { password, seed, nowMs });
  return { rpc: { kind: 'rpc', answer: (text, client) => api.answer(text, client) }, login: { password } };
};
