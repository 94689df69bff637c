import type { MinerOrder } from '../command.ts';
import type { Text } from '../text.ts';
import { antminerCapabilities } from './antminer.ts';
import { auradineCapabilities } from './auradine.ts';
import { avalonCapabilities } from './avalon.ts';
import { bitaxeCapabilities } from './bitaxe.ts';
import { braiinsCapabilities } from './braiins.ts';
import { type CapabilityRow, type KnownFirmware, unsupportedReason } from './capability.ts';
import { elphapexCapabilities } from './elphapex.ts';
import { epicCapabilities } from './epic.ts';
import { luxosCapabilities } from './luxos.ts';
import { protoCapabilities } from './proto.ts';
import { sealminerCapabilities } from './sealminer.ts';
import { vnishCapabilities } from './vnish.ts';
import { whatsminerCapabilities } from './whatsminer.ts';

/**
 * What each firmware family can do: one table for the gateway, the control plane and the console. A miner's `vendor` is the
 * family whose protocol it speaks, so an Antminer under other firmware is of that firmware's family.
 */
export const firmwareTable = {
  antminer: antminerCapabilities,
  whatsminer: whatsminerCapabilities,
  avalon: avalonCapabilities,
  auradine: auradineCapabilities,
  bitaxe: bitaxeCapabilities,
  sealminer: sealminerCapabilities,
  elphapex: elphapexCapabilities,
  proto: protoCapabilities,
  braiins: braiinsCapabilities,
  luxos: luxosCapabilities,
  vnish: vnishCapabilities,
  epic: epicCapabilities,
} as const satisfies Readonly<Record<string, readonly CapabilityRow[]>>;

export type Vendor = keyof typeof firmwareTable;
export const vendors = [
  'antminer',
  'whatsminer',
  'avalon',
  'auradine',
  'bitaxe',
  'sealminer',
  'elphapex',
  'proto',
  'braiins',
  'luxos',
  'vnish',
  'epic',
] as const satisfies readonly Vendor[];

/** Why a miner's firmware cannot carry out the order, as far as it is known; undefined where it may. The gateway has the last word. */
export const whyUnsupported = (
  miner: KnownFirmware & { readonly vendor: Vendor },
  order: MinerOrder,
): Text | undefined => unsupportedReason(firmwareTable[miner.vendor], miner, order);
