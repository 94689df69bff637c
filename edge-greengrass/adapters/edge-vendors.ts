import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';

/** The firmware families that the gateway speaks. */
export const edgeVendors = [
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
export type EdgeVendor = (typeof edgeVendors)[number];
