import { randomFrom, seedOf } from '../physics/random.ts';
import type { ProtocolOf } from '../site/protocol.ts';
import { BraiinsDevice } from './device.ts';
import { graphqlPages } from './graphql/pages.ts';
import { BraiinsTokens } from './login.ts';
import { restAnswer } from './rest.ts';
import { braiinsRpc } from './rpc.ts';

const software = 'boser-buildroot 0.1.0-75912fc7';
const olderSoftware = 'boser-openwrt 0.1.0-11012d53';

/** Braiins OS 25.11 with the Public REST API on HTTP, or Braiins OS+ 22.08 with GraphQL; and cgminer's reports on TCP. */
export const braiinsProtocol: ProtocolOf = (miner, { seed, nowMs, password = 'root' }) => {
  const device = new BraiinsDevice(miner, nowMs);
  const random = randomFrom(seedOf(seed, 'braiins', miner.identity.index));
  const tokens = new BraiinsTokens({ random, nowMs });
  const access = { tokens, login: { username: 'root', password } };
  const isOlder = miner.identity.model === 'Antminer S9 (Braiins OS 22.08)';
  const pages = isOlder ? graphqlPages : restAnswer;
  return {
    rpc: { kind: 'rpc', answer: (text) => braiinsRpc(device, isOlder ? olderSoftware : software, text) },
    http: { kind: 'web', miner, answer: (request) => pages(device, request, access) },
    login: access.login,
  };
};
