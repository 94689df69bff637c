import { familyOf } from '../adapters/adapter-for.ts';
import { antminerLogin } from '../adapters/antminer/web-login.ts';
import type { EdgeVendor } from '../adapters/edge-vendors.ts';
import { minerIo } from '../adapters/miner-io.ts';
import { whatsminerLogin } from '../adapters/whatsminer/api-login.ts';
import type { ConfiguredMiner } from '../config.ts';
import type { Semaphore } from '../io/semaphore.ts';
import type { IoLimits } from '../io/tcp-exchange.ts';
import type { LoginWay, LoginWayOf } from './login-way.ts';

/** Families whose logins the gateway can try, and change where the firmware has a way. */
const ways: Readonly<Partial<Record<EdgeVendor, LoginWayOf>>> = {
  antminer: antminerLogin,
  whatsminer: whatsminerLogin,
};

/** A miner's way of letting people in; undefined where nothing is known of it. */
export const loginWayOf = (
  { vendor, host, rpcPort, httpPort, minerId, model }: ConfiguredMiner,
  limits: IoLimits,
  sockets: Semaphore,
  nowMs: () => number,
): LoginWay | undefined => {
  const { usual } = familyOf(vendor);
  const address = { minerId, host, rpcPort: rpcPort ?? usual.rpcPort, httpPort: httpPort ?? usual.httpPort };
  return ways[vendor]?.({
    ioOf: (login) => minerIo({ ...usual, ...address, ...login }, limits, sockets),
    nowMs,
    model,
  });
};
