import type { MinerModel } from './models.ts';

/** Antminers from before the JSON web interface, and machines of makers whose protocols few have written about. */
export const thinModelNames = [
  'Antminer S9',
  'Antminer S17',
  'Sealminer A2',
  'Elphapex DG1+',
  'Proto Rig',
] as const;

const air = {
  targetChipC: 74,
  throttleChipC: 95,
  shutdownChipC: 106,
  osBootS: 30,
  chainInitS: 45,
  rampS: 35,
} as const;

export const thinModels: readonly MinerModel[] = [
  {
    ...air,
    name: 'Antminer S9',
    vendor: 'antminer',
    hashrateThs: 13.5,
    powerW: 1_323,
    boards: 3,
    chipsPerBoard: 63,
    fans: 2,
    maxFanRpm: 6_000,
    frequencyMhz: 650,
    voltageV: 8.7,
  },
  {
    ...air,
    name: 'Antminer S17',
    vendor: 'antminer',
    hashrateThs: 56,
    powerW: 2_520,
    boards: 3,
    chipsPerBoard: 48,
    fans: 4,
    maxFanRpm: 6_000,
    frequencyMhz: 700,
    voltageV: 19.5,
  },
  {
    ...air,
    name: 'Sealminer A2',
    vendor: 'sealminer',
    hashrateThs: 226,
    powerW: 3_730,
    boards: 3,
    chipsPerBoard: 153,
    fans: 4,
    maxFanRpm: 7_200,
    frequencyMhz: 470,
    voltageV: 13.4,
  },
  {
    ...air,
    name: 'Elphapex DG1+',
    vendor: 'elphapex',
    // Scrypt: 14.4 GH/s.
    hashrateThs: 0.0144,
    powerW: 3_950,
    boards: 4,
    chipsPerBoard: 204,
    fans: 4,
    maxFanRpm: 6_600,
    frequencyMhz: 1_850,
    voltageV: 14.7,
    shareDifficulty: 16,
  },
  {
    ...air,
    name: 'Proto Rig',
    vendor: 'proto',
    hashrateThs: 546,
    powerW: 7_700,
    boards: 6,
    chipsPerBoard: 128,
    fans: 6,
    maxFanRpm: 6_000,
    frequencyMhz: 650,
    voltageV: 16.2,
  },
];
