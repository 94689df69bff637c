import type { MinerModel } from './models.ts';

export const aftermarketModelNames = [
  'Antminer S19j Pro (Braiins OS)',
  'Antminer S9 (Braiins OS 22.08)',
  'Antminer S19k Pro (LuxOS)',
  'Antminer S19 (VNish)',
  'Antminer S19 XP (ePIC)',
] as const;

const antminer = {
  boards: 3,
  fans: 4,
  targetChipC: 72,
  throttleChipC: 93,
  shutdownChipC: 104,
  osBootS: 32,
  chainInitS: 45,
  rampS: 35,
} as const;

/** Antminers under other makers' firmware: Bitmain's machines, another protocol. */
export const aftermarketModels: readonly MinerModel[] = [
  {
    ...antminer,
    vendor: 'braiins',
    name: 'Antminer S19j Pro (Braiins OS)',
    hashrateThs: 104,
    powerW: 3068,
    chipsPerBoard: 126,
    maxFanRpm: 6150,
    frequencyMhz: 545,
    voltageV: 13.4,
  },
  {
    ...antminer,
    vendor: 'braiins',
    name: 'Antminer S9 (Braiins OS 22.08)',
    fans: 2,
    hashrateThs: 13.5,
    powerW: 1323,
    chipsPerBoard: 63,
    maxFanRpm: 6150,
    frequencyMhz: 650,
    voltageV: 9.1,
  },
  {
    ...antminer,
    vendor: 'luxos',
    name: 'Antminer S19k Pro (LuxOS)',
    hashrateThs: 120,
    powerW: 2760,
    chipsPerBoard: 77,
    maxFanRpm: 7000,
    frequencyMhz: 590,
    voltageV: 13.3,
  },
  {
    ...antminer,
    vendor: 'vnish',
    name: 'Antminer S19 (VNish)',
    hashrateThs: 95,
    powerW: 3250,
    chipsPerBoard: 76,
    maxFanRpm: 6150,
    frequencyMhz: 675,
    voltageV: 13.8,
  },
  {
    ...antminer,
    vendor: 'epic',
    name: 'Antminer S19 XP (ePIC)',
    hashrateThs: 141,
    powerW: 3010,
    chipsPerBoard: 110,
    maxFanRpm: 6150,
    frequencyMhz: 485,
    voltageV: 12.9,
  },
];
