import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';
import { antminerAdapter } from './antminer/antminer-adapter.ts';
import { auradineAdapter } from './auradine/auradine-adapter.ts';
import { avalonAdapter } from './avalon/avalon-adapter.ts';
import { bitaxeAdapter } from './bitaxe/bitaxe-adapter.ts';
import { braiinsAdapter } from './braiins/braiins-adapter.ts';
import { elphapexAdapter } from './elphapex/elphapex-adapter.ts';
import { epicAdapter } from './epic/epic-adapter.ts';
import { luxosAdapter } from './luxos/luxos-adapter.ts';
import type { MinerAdapter } from './miner-adapter.ts';
import type { MinerAddress, MinerIo } from './miner-io.ts';
import { protoAdapter } from './proto/proto-adapter.ts';
import { sealminerAdapter } from './sealminer/sealminer-adapter.ts';
import { shortIdentity } from './short-identity.ts';
import { vnishAdapter } from './vnish/vnish-adapter.ts';
import { eitherWhatsminer } from './whatsminer/either-api.ts';

/** One firmware family: how it is spoken to, and its factory ports and login. */
type Family = {
  readonly adapter: (address: MinerAddress, io: MinerIo, nowMs: () => number) => MinerAdapter;
  readonly usual: Omit<MinerAddress, 'minerId' | 'host'>;
};

const families: Readonly<Record<Vendor, Family>> = {
  antminer: {
    adapter: ({ minerId }, io, nowMs) => antminerAdapter({ minerId, io, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'root', password: 'root' },
  },
  whatsminer: {
    adapter: ({ minerId, username, password }, io, nowMs) =>
      eitherWhatsminer({ minerId, io, username, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, framePort: 4433, username: 'admin', password: 'admin' },
  },
  sealminer: {
    adapter: ({ minerId, username, password }, io, nowMs) =>
      sealminerAdapter({ minerId, io, username, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'seal', password: 'seal' },
  },
  elphapex: {
    adapter: ({ minerId }, io, nowMs) => elphapexAdapter({ minerId, io, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'root', password: 'root' },
  },
  avalon: {
    adapter: ({ minerId, username, password }, io, nowMs) =>
      avalonAdapter({ minerId, io, username, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'root', password: 'root' },
  },
  auradine: {
    adapter: ({ minerId, username, password }, io, nowMs) =>
      auradineAdapter({ minerId, io, username, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 8080, username: 'admin', password: 'admin' },
  },
  bitaxe: {
    adapter: ({ minerId }, io, nowMs) => bitaxeAdapter({ minerId, io, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: '', password: '' },
  },
  proto: {
    adapter: ({ minerId, password }, io, nowMs) => protoAdapter({ minerId, io, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'admin', password: 'proto' },
  },
  braiins: {
    adapter: ({ minerId, username, password }, io, nowMs) =>
      braiinsAdapter({ minerId, io, username, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'root', password: '' },
  },
  luxos: {
    adapter: ({ minerId }, io, nowMs) => luxosAdapter({ minerId, io, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'root', password: 'root' },
  },
  vnish: {
    adapter: ({ minerId, password }, io, nowMs) => vnishAdapter({ minerId, io, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'admin', password: 'admin' },
  },
  epic: {
    adapter: ({ minerId, password }, io, nowMs) => epicAdapter({ minerId, io, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 4028, username: 'root', password: 'letmein' },
  },
};

export const familyOf = (vendor: Vendor) => families[vendor];

export const adapterFor = (
  vendor: Vendor,
  address: MinerAddress,
  io: MinerIo,
  nowMs: () => number,
): MinerAdapter => {
  const adapter = families[vendor].adapter(address, io, nowMs);
  return { ...adapter, identify: async (signal) => shortIdentity(await adapter.identify(signal)) };
};
