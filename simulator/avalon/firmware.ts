import type { Mode } from '../site/settings.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** How three generations of Canaan's firmware differ in words and habits. */
export type AvalonFirmware = {
  readonly product: string;
  readonly model: string;
  readonly hardware: string;
  readonly software: string;
  readonly version: string;
  readonly core: string;
  /** The module's figures in one line, or in `'STATS':{…}` with the boards apart. */
  readonly figures: 'line' | 'nested';
  /** Work modes by number. */
  readonly modes: readonly Mode[];
  /** `workmode,1` takes effect with the next boot; `workmode,set,1` at once. */
  readonly modesAtOnce: boolean;
  /** `softoff` and a boot to wake; or `softoff,1:<unix>` and `softon,1:<unix>`. */
  readonly timedSleep: boolean;
  /** What SoftOFF counts while it sleeps. */
  readonly softOff: number;
  /** The power at the wall, in a field of its own or last in PS, besides that of the boards. */
  readonly wallPower: 'field' | 'last' | 'none';
};

const a13: AvalonFirmware = {
  product: 'AvalonMiner 1346-110',
  model: '1346-110',
  hardware: 'MM4v1_X3',
  software: 'MM317',
  version: '24041001_08b0955_0196aba',
  core: 'A3200C',
  figures: 'line',
  modes: ['normal', 'high'],
  modesAtOnce: false,
  timedSleep: false,
  softOff: 5,
  wallPower: 'none',
};
const a15: AvalonFirmware = {
  product: 'AvalonMiner 15-185',
  model: '15-185',
  hardware: 'MM4v2_X3',
  software: 'MM319',
  version: '24102401_25462b2_9ddf522',
  core: 'A3197S',
  figures: 'line',
  modes: ['normal', 'high'],
  modesAtOnce: false,
  timedSleep: true,
  softOff: 5,
  wallPower: 'field',
};
const q: AvalonFirmware = {
  product: 'Avalon Q',
  model: 'Q',
  hardware: 'Q_MM1v1_X1',
  software: 'MM319',
  version: '25052801_14a19a2',
  core: 'A3197S',
  figures: 'nested',
  modes: ['low', 'normal', 'high'],
  modesAtOnce: true,
  timedSleep: true,
  softOff: 4,
  wallPower: 'last',
};

export const avalonFirmware = ({ identity }: SimulatedMiner): AvalonFirmware =>
  identity.model === 'Avalon Q' ? q : identity.model === 'Avalon A1566' ? a15 : a13;

/** The number of a mode; sleep is none of its own and counts as normal. */
export const modeNumber = ({ modes }: AvalonFirmware, mode: Mode) =>
  Math.max(modes.indexOf(mode === 'sleep' ? 'normal' : mode), 0);
