import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** How the firmware of one board differs from that of another. */
export type AxeBoard = {
  readonly chip: string;
  readonly chips: number;
  readonly smallCores: number;
  readonly boardVersion: string;
  readonly deviceModel: string;
  readonly version: string;
  readonly coreVoltageMv: number;
  readonly maxPowerW: number;
  /** AxeOS of 2024, AxeOS with pause and resume, or the fork for boards of several chips. */
  readonly firmware: 'early' | 'pausing' | 'nerd';
};

const gamma: AxeBoard = {
  chip: 'BM1370',
  chips: 1,
  smallCores: 2040,
  boardVersion: '601',
  deviceModel: 'Gamma',
  version: 'v2.14.0',
  coreVoltageMv: 1150,
  maxPowerW: 40,
  firmware: 'pausing',
};
const supra: AxeBoard = {
  chip: 'BM1368',
  chips: 1,
  smallCores: 1276,
  boardVersion: '401',
  deviceModel: 'Supra',
  version: 'v2.4.5',
  coreVoltageMv: 1166,
  maxPowerW: 40,
  firmware: 'early',
};
const nerd: AxeBoard = {
  chip: 'BM1370',
  chips: 4,
  smallCores: 2040,
  boardVersion: '',
  deviceModel: 'NerdQAxe++',
  version: 'v1.0.36',
  coreVoltageMv: 1150,
  maxPowerW: 130,
  firmware: 'nerd',
};

export const boardOf = ({ identity }: SimulatedMiner): AxeBoard =>
  identity.model === 'NerdQAxe++' ? nerd : identity.model === 'Bitaxe Supra' ? supra : gamma;
