import { type Vendor, vendors } from '../../contracts/capabilities/firmware-table.ts';
import { adapterFor, familyOf } from '../adapters/adapter-for.ts';
import { minerIo } from '../adapters/miner-io.ts';
import type { Semaphore } from '../io/semaphore.ts';
import type { IoLimits } from '../io/tcp-exchange.ts';
import type { FoundMachine, Login } from './found-machine.ts';
import { macAddressOf, serialNumberOf } from './mac-address.ts';
import { type ProbePorts, vendorPorts } from './probe-address.ts';
import type { Signature } from './signatures.ts';

/** Whether the gateway has an adapter for a family. */
export const isSpoken = (family: string): family is Vendor => vendors.some((vendor) => vendor === family);

/** Where a family is reached: its own ports, or those that stand in for them. */
export const portsOf = (family: Vendor, ports: ProbePorts) => {
  const { rpcPort, httpPort, framePort } = familyOf(family).usual;
  const reached = (port: number) =>
    ({
      [vendorPorts.rpc]: ports.rpc,
      [vendorPorts.http]: ports.http,
      [vendorPorts.whatsminerV3]: ports.whatsminerV3,
    })[port] ?? port;
  return {
    rpcPort: reached(rpcPort),
    httpPort: reached(httpPort),
    ...(framePort !== undefined && { framePort: reached(framePort) }),
  };
};

/** Families that tell their MAC and serial number only to whom they let in. */
const tellsByLogin: ReadonlySet<Vendor> = new Set<Vendor>(['antminer', 'elphapex']);

/** The maker's login. */
export const factoryLogin = (family: Vendor): Login => {
  const { username, password } = familyOf(family).usual;
  return { username, password };
};

type Deps = {
  readonly ports: ProbePorts;
  readonly limits: IoLimits;
  readonly sockets: Semaphore;
  readonly nowMs: () => number;
};

/**
 * Asks a machine of a known family who it is: model, firmware and what stays with it wherever it goes. `logins` are tried in their order until
 * it says its MAC address or serial number; the one that it answered under is told. Rejects with nothing: who does not say, stays without a model.
 */
export const identifyMachine = async (
  host: string,
  { family, stock }: Signature,
  logins: readonly Login[],
  { ports, limits, sockets, nowMs }: Deps,
  signal: AbortSignal,
): Promise<FoundMachine> => {
  let best: FoundMachine = { host, family, stock };
  if (!isSpoken(family)) return best;
  for (const login of logins) {
    const address = { minerId: 'scan', host, ...portsOf(family, ports), ...login };
    const adapter = adapterFor(family, address, minerIo(address, limits, sockets), nowMs);
    const identity = await adapter.identify(signal).catch(() => undefined);
    if (signal.aborted) break;
    if (!identity) continue;
    const macAddress = macAddressOf(identity.macAddress);
    const serialNumber = serialNumberOf(identity.serialNumber);
    best = {
      host,
      family,
      stock,
      model: identity.model,
      ...(identity.firmware !== 'unknown' && { firmware: identity.firmware }),
      apiVersion: identity.apiVersion,
      ...(macAddress && { macAddress }),
      ...(serialNumber && { serialNumber }),
      ...(identity.hostname && { hostname: identity.hostname }),
      ...((macAddress ?? serialNumber) && { login, isLoginProved: tellsByLogin.has(family) }),
    };
    if (macAddress ?? serialNumber) break;
  }
  return best;
};
