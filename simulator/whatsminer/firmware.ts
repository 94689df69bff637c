import type { ModelName } from '../physics/models.ts';
import type { Padding } from './sealing.ts';

/** How two generations of btminer differ on the wire. */
export type BtminerFirmware = {
  readonly version: string;
  readonly apiVersion: string;
  readonly platform: string;
  readonly psu: string;
  /** As `devdetails` names it: hashboards and chips are in the letters after the name. */
  readonly model: string;
  /**
   * Later firmware puts what it reads into the `Msg` of a single status, without the section's name (MicroBT's whatsminer-mdk-worker,
   * `wm-api-v2.js`: a list as it is, one object alone).
   */
  readonly wrapsReads: boolean;
  /** Later firmware keeps the connection for further requests, until ten seconds pass without one. */
  readonly keepsConnections: boolean;
  readonly padding: Padding;
};

const older: BtminerFirmware = {
  version: '20230803.11.REL',
  apiVersion: '2.0.4',
  platform: 'H616',
  psu: 'P222B',
  model: 'M50_VH50',
  wrapsReads: false,
  keepsConnections: false,
  padding: 'zero',
};
const later: BtminerFirmware = {
  version: '20240624.18.REL',
  apiVersion: '2.0.5',
  platform: 'H616',
  psu: 'P564B',
  model: 'M60_VK20',
  wrapsReads: true,
  keepsConnections: true,
  padding: 'pkcs7',
};

/** Firmware with API 3 goes on answering the reads of API 2. */
const withApi3: BtminerFirmware = { ...later, model: 'M60S_VK30', version: '20251209.16.Rel2' };

export const firmwareOf = (model: ModelName): BtminerFirmware =>
  model === 'Whatsminer M60S (API 3)' ? withApi3 : model === 'Whatsminer M60' ? later : older;
