import { randomFrom, seedOf } from '../physics/random.ts';
import type { ProtocolOf } from '../site/protocol.ts';
import { BraiinsDevice } from './device.ts';
import { BraiinsTokens } from './login.ts';
import { restAnswer } from './rest.ts';
import { braiinsRpc } from './rpc.ts';

const software = 'boser-buildroot 0.1.0-75912fc7';

/** Braiins OS 25.11: the Public REST API on HTTP, and cgminer's reports on TCP. */
export const braiinsProtocol: ProtocolOf = (miner, { seed, nowMs, password = 'root' }) => {
  const device = new BraiinsDevice(miner, nowMs);
  const random = randomFrom(seedOf(seed, 'braiins', miner.identity.index));
  const tokens = new BraiinsTokens({ random, nowMs });
  const login = { username: 'root', password };
  return {
    rpc: { kind: 'rpc', answer: (text) => braiinsRpc(device, software, text) },
    http: { kind: 'web', miner, answer: (request) => restAnswer(device, request, { tokens, login }) },
    login,
  };
};
