import { modelNamed } from '../../simulator/physics/models.ts';
import type { InventoryEntry } from '../../simulator/site/inventory.ts';
import type { PhysicalState } from '../../simulator/site/physical.ts';
import type { PeerReading } from './peer-process.ts';

export const fields = [
  'model',
  'mac',
  'hashrate',
  'power',
  'uptime',
  'fans',
  'boards',
  'board hashrates',
  'chips',
  'board temperatures',
  'chip temperatures',
  'mining',
] as const;
export type Field = (typeof fields)[number];

type Sight = {
  readonly entry: InventoryEntry;
  readonly physical: PhysicalState;
  readonly reading: PeerReading;
};

/** Rates that a firmware averages lag behind what the boards do. */
const within = (share: number, said: number | null, is: number) =>
  said !== null && Math.abs(said - is) <= share * Math.abs(is);
const every = (
  said: readonly (number | null)[],
  is: readonly number[],
  fits: (a: number, b: number) => boolean,
) =>
  said.length === is.length && said.every((value, at) => value !== null && fits(value, is[at] ?? Number.NaN));

const bare = (name: string) => name.replaceAll(/[^A-Za-z0-9]|Plus/g, '').toUpperCase();
const makers =
  /^(?:Antminer|Whatsminer|Avalon A?|Auradine|Bitaxe|Sealminer|Elphapex|Proto) ?|^Avalon ?(?:Home)?/i;
/** What is left of a model's name without its maker, its firmware and its signs. */
const modelOf = (name: string) => bare(name.replace(/ \(.*$/, '').replace(makers, ''));

const rpmStep = 61;
const uptimeSlackS = 300;

/** Whether a field that a peer read is what the simulated miner physically is. */
const checks: Readonly<Record<Field, (sight: Sight) => boolean>> = {
  model: ({ entry, reading }) => modelOf(reading.model ?? '').startsWith(modelOf(entry.model)),
  mac: ({ entry, reading }) => reading.mac?.toUpperCase() === entry.macAddress,
  hashrate: ({ physical, reading }) => within(0.06, reading.hashrate_ths, physical.hashrateThs),
  power: ({ physical, reading }) =>
    reading.power_w !== null &&
    Math.abs(reading.power_w - physical.powerW) <= Math.max(0.005 * physical.powerW, 1),
  uptime: ({ physical, reading }) =>
    reading.uptime_s !== null && Math.abs(reading.uptime_s - physical.uptimeS) <= uptimeSlackS,
  fans: ({ physical, reading }) =>
    every(reading.fans_rpm, physical.fanRpm, (said, is) => Math.abs(said - is) <= rpmStep),
  boards: ({ physical, reading }) => reading.boards.length === physical.boards.length,
  'board hashrates': ({ physical, reading }) =>
    every(
      reading.boards.map(({ hashrate_ths }) => hashrate_ths),
      physical.boards.map(({ hashrateThs }) => hashrateThs),
      (said, is) => within(0.06, said, is),
    ),
  chips: ({ entry, physical, reading }) =>
    every(
      reading.boards.map(({ chips }) => chips),
      physical.boards.map(() => modelNamed(entry.model).chipsPerBoard),
      (said, is) => said === is,
    ),
  // Makers put the sensor where they like between the air's inlet and the hottest chip.
  'board temperatures': ({ physical, reading }) =>
    every(
      reading.boards.map(({ board_c }) => board_c),
      physical.boards.map(({ chipTempC }) => chipTempC),
      (said, is) => said > physical.inletC && said <= is + 2,
    ),
  // The hottest chip, or the mean of all.
  'chip temperatures': ({ physical, reading }) =>
    every(
      reading.boards.map(({ chip_c }) => chip_c),
      physical.boards.map(({ chipTempC }) => chipTempC),
      (said, is) => said >= 0.8 * is && said <= is + 2,
    ),
  mining: ({ physical, reading }) => reading.is_mining === physical.hashing,
};

/** The fields of a reading that are not what the miner physically is, or are not told. */
export const wrongFields = (sight: Sight): Field[] => fields.filter((field) => !checks[field](sight));
