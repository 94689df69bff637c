import { randomFrom, seedOf } from '../physics/random.ts';
import type { ProtocolOf } from '../site/protocol.ts';
import { BraiinsDevice, isBeforeRest } from './device.ts';
import { graphqlPages } from './graphql/pages.ts';
import { BraiinsTokens } from './login.ts';
import { restAnswer } from './rest.ts';
import { braiinsRpc } from './rpc.ts';

const software = 'boser-buildroot 0.1.0-75912fc7';
const olderSoftware = 'boser-openwrt 0.1.0-11012d53';

/**
 * Braiins OS 25.11 with the Public REST API on HTTP, or Braiins OS+ 22.08 with GraphQL alone; and cgminer's reports on TCP. GraphQL
 * stayed beside the REST API, since asic-rs asks it for model and version before it chooses REST for 25.05 and later.
 */
export const braiinsProtocol: ProtocolOf = (miner, { seed, nowMs, password = 'root' }) => {
  const device = new BraiinsDevice(miner, nowMs);
  const random = randomFrom(seedOf(seed, 'braiins', miner.identity.index));
  const tokens = new BraiinsTokens({ random, nowMs });
  const access = { tokens, login: { username: 'root', password } };
  const isOlder = isBeforeRest(miner);
  const isRest = (path: string) => !isOlder && path.replace(/\/$/, '') !== '/graphql';
  return {
    rpc: { kind: 'rpc', answer: (text) => braiinsRpc(device, isOlder ? olderSoftware : software, text) },
    http: {
      kind: 'web',
      miner,
      answer: (request) => (isRest(request.path) ? restAnswer : graphqlPages)(device, request, access),
    },
    login: access.login,
  };
};
