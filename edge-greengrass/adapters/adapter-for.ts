import { antminerAdapter } from './antminer/antminer-adapter.ts';
import type { EdgeVendor } from './edge-vendors.ts';
import { elphapexAdapter } from './elphapex/elphapex-adapter.ts';
import type { MinerAdapter } from './miner-adapter.ts';
import type { MinerAddress, MinerIo } from './miner-io.ts';
import { protoAdapter } from './proto/proto-adapter.ts';
import { sealminerAdapter } from './sealminer/sealminer-adapter.ts';
import { whatsminerAdapter } from './whatsminer/whatsminer-adapter.ts';

/** One firmware family: how it is spoken to, and its factory ports and login. */
type Family = {
  readonly adapter: (address: MinerAddress, io: MinerIo, nowMs: () => number) => MinerAdapter;
  readonly usual: Omit<MinerAddress, 'minerId' | 'host'>;
};

const families: Readonly<Record<EdgeVendor, Family>> = {
  antminer: {
    adapter: ({ minerId }, io, nowMs) => antminerAdapter({ minerId, io, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'root', password: 'root' },
  },
  whatsminer: {
    adapter: ({ minerId, password }, io, nowMs) => whatsminerAdapter({ minerId, io, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'admin', password: 'admin' },
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
  proto: {
    adapter: ({ minerId, password }, io, nowMs) => protoAdapter({ minerId, io, password, nowMs }),
    usual: { rpcPort: 4028, httpPort: 80, username: 'admin', password: 'proto' },
  },
};

export const familyOf = (vendor: EdgeVendor) => families[vendor];

export const adapterFor = (vendor: EdgeVendor, address: MinerAddress, io: MinerIo, nowMs: () => number) =>
  families[vendor].adapter(address, io, nowMs);
