import type { AlertKind } from '../../contracts/alert.ts';
import type { ActionType } from '../../contracts/api-advisor.ts';
import type { CommandType } from '../../contracts/command.ts';
import type { ErrorFamily } from '../../contracts/error-codes/error-meaning.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import type { Text } from '../../contracts/text.ts';
import type { RegisteredMiner } from '../fleet/fleet-directory.ts';

/** What a diagnosis looks at. Readings of peers are live ones of miners of the same model in the same zone. */
export type DiagnosisInput = {
  readonly kind: AlertKind;
  readonly miner: RegisteredMiner;
  /** The miner's readings of the last hour, oldest first; the last one is "now". */
  readonly recent: readonly MinerReading[];
  readonly peers: readonly MinerReading[];
  /** All other miners of the zone, whatever their model. */
  readonly zone: readonly MinerReading[];
  /** Miners with the same alert at the same time, this one included. */
  readonly alertingMiners: number;
  readonly recentCommands: readonly { readonly type: CommandType; readonly atMs: number }[];
};

export type SuggestedAction = {
  readonly type: ActionType;
  readonly params?: Record<string, string | number | boolean>;
  readonly description: Text;
};

/**
 * One observation for or against a cause. `holds` undefined means that the readings do not tell; then it counts
 * neither way. `weight` is added where it holds, `against` (default 0) is taken off where it does not.
 */
export type Sign = {
  readonly holds: boolean | undefined;
  readonly weight: number;
  readonly against?: number;
  readonly evidence: Text;
};

export const causeCodes = [
  'dead_fan',
  'clogged_filter',
  'hot_aisle',
  'hashboard_lost',
  'chip_degradation',
  'thermal_throttling',
  'power_supply',
  'pool_trouble',
  'network_zone',
  'single_offline',
  'hang',
  'low_power_mode',
  'sensor_fault',
  'starting_up',
] as const;
export type CauseCode = (typeof causeCodes)[number];

export type Cause = {
  readonly code: CauseCode;
  readonly name: Text;
  /** How likely the cause is for an alert of a kind before any reading is seen; kinds not named: it is not considered. */
  readonly prior: Partial<Record<AlertKind, number>>;
  readonly signs: (symptoms: Symptoms) => readonly Sign[];
  readonly action: (symptoms: Symptoms) => SuggestedAction;
};

export type Board = {
  readonly index: 1 | 2 | 3;
  readonly hashrateThs: number | undefined;
  readonly chips: number | undefined;
  readonly chipTempC: number | undefined;
};

/** The figures that the rules compare, worked out once. Undefined: nobody reported it, or too few peers did. */
export type Symptoms = {
  readonly input: DiagnosisInput;
  readonly now: MinerReading | undefined;
  readonly reachable: boolean;
  readonly hashrateThs: number | undefined;
  readonly ratedThs: number;
  readonly powerW: number | undefined;
  readonly chipTempC: number | undefined;
  readonly inletTempC: number | undefined;
  readonly fansRpm: readonly number[];
  readonly boards: readonly Board[];
  /** Boards that give nothing while at least one other works. */
  readonly lostBoards: readonly Board[];
  /** Over the recent readings, 0 to 1; undefined without new shares. */
  readonly rejectedShare: number | undefined;
  /** No accepted share and no change of the counters over at least two minutes or three readings. */
  readonly countersFrozen: boolean | undefined;
  readonly errorFamilies: ReadonlySet<ErrorFamily>;
  /** The codes that the miner reports now, each with its meaning where one is known. */
  readonly errorsInWords: Text;
  readonly peers: {
    readonly count: number;
    readonly hashrateThs: number | undefined;
    readonly powerW: number | undefined;
    readonly chipTempC: number | undefined;
    readonly inletTempC: number | undefined;
    readonly fanRpm: number | undefined;
    readonly frequencyMhz: number | undefined;
    readonly hardwareErrorsPerHour: number | undefined;
    readonly boardChips: number | undefined;
    readonly poolsDeadShare: number | undefined;
  };
  readonly zoneUnreachableShare: number | undefined;
};
