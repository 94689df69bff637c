import type { MinerOrder } from '../../contracts/command.ts';
import { antminerAdapter } from './antminer/antminer-adapter.ts';
import { antminerCapabilities } from './antminer/capabilities.ts';
import { type CapabilityRow, unsupportedReason } from './capability-table.ts';
import type { MinerAdapter, MinerIdentity } from './miner-adapter.ts';
import type { MinerAddress, MinerIo } from './miner-io.ts';
import { whatsminerCapabilities } from './whatsminer/capabilities.ts';
import { whatsminerAdapter } from './whatsminer/whatsminer-adapter.ts';

export const vendors = ['antminer', 'whatsminer'] as const;
export type Vendor = (typeof vendors)[number];

type Family = {
  readonly adapter: (address: MinerAddress, io: MinerIo, nowMs: () => number) => MinerAdapter;
  readonly capabilities: readonly CapabilityRow[];
};

const families: Readonly<Record<Vendor, Family>> = {
  antminer: {
    adapter: ({ minerId }, io, nowMs) => antminerAdapter({ minerId, io, nowMs }),
    capabilities: antminerCapabilities,
  },
  whatsminer: {
    adapter: ({ minerId, password }, io, nowMs) => whatsminerAdapter({ minerId, io, password, nowMs }),
    capabilities: whatsminerCapabilities,
  },
};

export const adapterFor = (vendor: Vendor, address: MinerAddress, io: MinerIo, nowMs: () => number) =>
  families[vendor].adapter(address, io, nowMs);

export const whyUnsupported = (identity: MinerIdentity, order: MinerOrder) =>
  unsupportedReason(families[identity.vendor].capabilities, identity, order);
