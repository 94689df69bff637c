import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';
import { familyOf } from '../adapters/adapter-for.ts';
import { antminerLogin } from '../adapters/antminer/web-login.ts';
import { auradineLogin } from '../adapters/auradine/token-login.ts';
import { braiinsLogin } from '../adapters/braiins/rest-login.ts';
import { elphapexLogin } from '../adapters/elphapex/web-login.ts';
import { epicLogin } from '../adapters/epic/body-password.ts';
import { minerIo } from '../adapters/miner-io.ts';
import { protoLogin } from '../adapters/proto/rest-login.ts';
import { sealminerLogin } from '../adapters/sealminer/web-login.ts';
import { vnishLogin } from '../adapters/vnish/unlock.ts';
import { whatsminerLogin } from '../adapters/whatsminer/api-login.ts';
import type { ConfiguredMiner } from '../config.ts';
import type { Semaphore } from '../io/semaphore.ts';
import type { IoLimits } from '../io/tcp-exchange.ts';
import type { LoginWay, LoginWayOf } from './login-way.ts';

/**
 * Families whose logins the gateway can try, and change where the firmware is known to have a way. LuxOS and AxeOS ask for no login; of an
 * Avalon nothing is known that would try one without an effect.
 */
const ways: Readonly<Partial<Record<Vendor, LoginWayOf>>> = {
  antminer: antminerLogin,
  auradine: auradineLogin,
  braiins: braiinsLogin,
  elphapex: elphapexLogin,
  epic: epicLogin,
  proto: protoLogin,
  sealminer: sealminerLogin,
  vnish: vnishLogin,
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
