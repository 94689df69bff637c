import type { ProtocolOf } from '../site/protocol.ts';
import { answerSealminerRpc, type SealminerMemory } from './rpc.ts';
import { sealminerWeb } from './web.ts';

/** A Sealminer under Bitdeer's firmware: cgminer's API for reading, stopping and starting; PHP pages for the rest. */
export const sealminerProtocol: ProtocolOf = (miner, { nowMs, password = 'seal' }) => {
  const memory: SealminerMemory = { powerLimitW: Math.round(miner.model.powerW), next: {} };
  const login = { username: 'seal', password };
  return {
    rpc: { kind: 'rpc', answer: (text) => answerSealminerRpc(miner, memory, text, nowMs()) },
    http: { kind: 'web', ...sealminerWeb(miner, memory, login) },
    login,
  };
};
