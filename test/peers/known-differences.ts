import type { ModelName } from '../../simulator/physics/models.ts';
import type { Field } from './compare.ts';
import type { PeerName } from './peer-process.ts';

export type Difference = {
  readonly fields: readonly Field[] | 'everything';
  readonly why: string;
  /** It depends on which of several answers comes first. */
  readonly sometimes?: true;
};

const boardFigures = [
  'board hashrates',
  'chips',
  'board temperatures',
  'chip temperatures',
] as const satisfies readonly Field[];

const wrapped =
  'its firmware puts reads into `Msg` (MicroBT’s own whatsminer-mdk-worker, `wm-api-v2.js`), where this peer does not look';
const keptOpen =
  'its firmware keeps a connection for ten idle seconds (MicroBT’s API 2.0.5), and pyasic waits three for its end before it asks on';
const noComma =
  'its firmware forgets the comma between the objects of `stats` (bitmaintech’s cgminer), which asic-rs does not forgive';
const tellsNoPower = 'its firmware tells no power';
const placesOfFans =
  'pyasic takes fans for neighbours; an S9 has them at 3 and 6, and an S17 two of four apart';

/**
 * What each peer does not tell as the simulated miner is, and why. Everything else must be right; what is in this list must be wrong, so that
 * it does not outlive its reason; but for what is so sometimes.
 */
export const knownDifferences: Readonly<
  Record<PeerName, Readonly<Partial<Record<ModelName, readonly Difference[]>>>>
> = {
  'asic-rs': {
    'Antminer S19': [{ fields: ['chip temperatures'], why: 'it does not read `temp_chip`' }],
    'Antminer S19 Pro': [{ fields: ['chip temperatures'], why: 'it does not read `temp_chip`' }],
    'Antminer S21': [{ fields: ['chip temperatures'], why: 'it does not read `temp_chip`' }],
    'Antminer S9': [
      { fields: ['power'], why: tellsNoPower },
      { fields: ['uptime', 'fans', ...boardFigures], why: noComma },
    ],
    'Antminer S17': [
      { fields: ['power'], why: tellsNoPower },
      { fields: ['uptime', 'fans', ...boardFigures], why: noComma },
      { fields: ['mining'], why: 'it takes work mode 1 for sleep, which it is since the S19 only' },
    ],
    'Whatsminer M60': [{ fields: 'everything', why: wrapped }],
    'Avalon A1346': [
      { fields: ['fans', 'boards', ...boardFigures], why: 'it has no A1346 in its list of machines' },
      {
        fields: ['power'],
        why: 'it takes the power of the boards (fifth of PS); this firmware tells no other',
      },
    ],
    'Avalon A1566': [
      { fields: ['model'], why: 'the firmware’s `MODEL` is 15-185, and asic-rs keeps the 15' },
      { fields: ['power'], why: 'it takes the power of the boards (fifth of PS) before the one at the wall' },
    ],
    'Avalon Q': [
      { fields: ['power'], why: 'it takes the power of the boards (fifth of PS) before the one at the wall' },
    ],
    'NerdQAxe++': [{ fields: ['fans'], why: 'it reads `fanrpm` alone' }],
    'Sealminer A2': [
      {
        fields: ['board hashrates'],
        why: 'it looks for a board’s two-minute mean, which its own recorded answer has for the machine only',
      },
    ],
  },
  pyasic: {
    'Antminer S19': [{ fields: ['power'], why: 'it does not read `chain_power`' }],
    'Antminer S19 Pro': [{ fields: ['power'], why: 'it does not read `chain_power`' }],
    'Antminer S21': [{ fields: ['power'], why: 'it does not read `watt`' }],
    'Antminer S9': [
      { fields: ['power'], why: tellsNoPower },
      { fields: ['mac'], why: 'it asks an S9 on TCP alone, which does not tell it' },
      { fields: ['fans'], why: placesOfFans },
      { fields: ['chip temperatures'], why: 'it takes the sensors of board and chips for one another' },
    ],
    'Antminer S17': [
      { fields: ['power'], why: tellsNoPower },
      { fields: ['fans'], why: placesOfFans },
      { fields: ['chip temperatures'], why: 'it takes the sensors of board and chips for one another' },
    ],
    'Whatsminer M60': [{ fields: 'everything', why: keptOpen }],
    'Whatsminer M60S (API 3)': [{ fields: 'everything', why: keptOpen }],
    'Avalon A1346': [
      {
        fields: ['model', 'power', 'fans', 'boards', ...boardFigures],
        why: 'it has no A1346 in its list of machines',
      },
    ],
    'Avalon A1566': [
      {
        fields: ['model', 'fans', 'boards', ...boardFigures],
        why: 'it has the bin of 194 TH/s alone in its list of machines',
      },
    ],
    'Avalon Q': [
      { fields: ['power'], why: 'it reads `WALLPOWER`, which this firmware has not (recorded by asic-rs)' },
      { fields: ['fans'], why: 'it has two of the four in its list of machines' },
    ],
    'Auradine AT1500': [
      { fields: ['chips', 'chip temperatures'], why: 'it reads neither `asccount` nor the chips of `temp`' },
    ],
    'NerdQAxe++': [{ fields: 'everything', why: 'it does not know NerdAxe' }],
    'Sealminer A2': [{ fields: 'everything', why: 'it does not know Sealminer' }],
    'Proto Rig': [{ fields: 'everything', why: 'it does not know Proto' }],
    'Elphapex DG1+': [
      { fields: ['power'], why: 'it does not read it' },
      { fields: ['mac'], why: 'it drops answers without a STATUS when it asks for several' },
      { fields: ['uptime'], why: 'it looks in a second row of `summary`, of which there is one' },
    ],
    'Antminer S19j Pro (Braiins OS)': [
      { fields: 'everything', why: 'it asks by gRPC on 50051, which the simulator does not speak' },
    ],
    'Antminer S19k Pro (LuxOS)': [{ fields: ['mac'], why: 'it returns before it reads it' }],
    'Antminer S19 (VNish)': [
      { fields: ['power'], why: 'it reads `power_usage`, which is the efficiency (VNish’s API page)' },
      {
        fields: ['mac', 'board hashrates', 'board temperatures', 'chips', 'chip temperatures'],
        why: 'it looks for ANTMINER in `version` before it looks for VNISH (its pull request 423)',
        sometimes: true,
      },
    ],
    'Antminer S19 XP (ePIC)': [
      { fields: ['fans'], why: 'it counts each fan three times' },
      { fields: ['chip temperatures'], why: 'it reads boards alone' },
    ],
  },
};
