import { aftermarketModelNames, aftermarketModels } from './aftermarket-models.ts';
import { makerModelNames, makerModels } from './maker-models.ts';
import { thinModelNames, thinModels } from './thin-models.ts';

/**
 * The machines that a simulated site can hold. Hashrate, power, boards, chips and fans are the public nameplate
 * figures; frequencies, temperatures and fan speeds are typical of the model on air at 25 °C.
 */
export const modelNames = [
  'Antminer S19',
  'Antminer S19 Pro',
  'Antminer S21',
  'Whatsminer M50',
  'Whatsminer M60',
  ...makerModelNames,
  ...thinModelNames,
  ...aftermarketModelNames,
] as const;
export type ModelName = (typeof modelNames)[number];
/** Firmware families by the protocol that they speak. */
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
] as const;
export type Vendor = (typeof vendors)[number];

export type MinerModel = {
  readonly name: ModelName;
  readonly vendor: Vendor;
  readonly hashrateThs: number;
  readonly powerW: number;
  readonly boards: number;
  readonly chipsPerBoard: number;
  readonly fans: number;
  readonly maxFanRpm: number;
  readonly frequencyMhz: number;
  readonly voltageV: number;
  /** Where the firmware holds the hottest chip by fan speed. */
  readonly targetChipC: number;
  /** Above this the firmware lowers the frequency. */
  readonly throttleChipC: number;
  /** Above this it stops hashing until it is restarted. */
  readonly shutdownChipC: number;
  /** Simulated seconds until the control board answers after a power cycle, until chips are found, until full speed. */
  readonly osBootS: number;
  readonly chainInitS: number;
  readonly rampS: number;
  /** What the control board takes, and one fan at full speed, where it is not what a machine of kilowatts has. */
  readonly controlPowerW?: number;
  readonly fanFullPowerW?: number;
  /** The difficulty that pools give this machine, where it is not a big one's. */
  readonly shareDifficulty?: number;
};

const antminer = {
  vendor: 'antminer',
  boards: 3,
  fans: 4,
  targetChipC: 72,
  throttleChipC: 93,
  shutdownChipC: 104,
  osBootS: 32,
  chainInitS: 45,
  rampS: 35,
} as const;
const whatsminer = {
  vendor: 'whatsminer',
  boards: 3,
  fans: 2,
  targetChipC: 75,
  throttleChipC: 95,
  shutdownChipC: 106,
  osBootS: 26,
  chainInitS: 50,
  rampS: 50,
} as const;

const models: readonly MinerModel[] = [
  {
    ...antminer,
    name: 'Antminer S19',
    hashrateThs: 95,
    powerW: 3250,
    chipsPerBoard: 76,
    maxFanRpm: 6150,
    frequencyMhz: 675,
    voltageV: 13.8,
  },
  {
    ...antminer,
    name: 'Antminer S19 Pro',
    hashrateThs: 110,
    powerW: 3250,
    chipsPerBoard: 114,
    maxFanRpm: 6150,
    frequencyMhz: 525,
    voltageV: 12.8,
  },
  {
    ...antminer,
    name: 'Antminer S21',
    hashrateThs: 200,
    powerW: 3500,
    chipsPerBoard: 108,
    maxFanRpm: 7000,
    frequencyMhz: 490,
    voltageV: 13.7,
  },
  {
    ...whatsminer,
    name: 'Whatsminer M50',
    hashrateThs: 114,
    powerW: 3306,
    chipsPerBoard: 105,
    maxFanRpm: 7200,
    frequencyMhz: 600,
    voltageV: 14.1,
  },
  {
    ...whatsminer,
    name: 'Whatsminer M60',
    hashrateThs: 172,
    powerW: 3422,
    chipsPerBoard: 172,
    maxFanRpm: 7200,
    frequencyMhz: 610,
    voltageV: 14.4,
  },
  ...makerModels,
  ...thinModels,
  ...aftermarketModels,
];

const byName = new Map(models.map((model) => [model.name, model]));

/** Throws RangeError for a name that is not in `modelNames`. */
export const modelNamed = (name: ModelName): MinerModel => {
  const model = byName.get(name);
  if (!model) throw new RangeError(`no such model: ${name}`);
  return model;
};
