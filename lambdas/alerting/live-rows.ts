import { minerStates, powerModes } from '../../contracts/reading.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { type AllFields, allFields, hashrateScale, tempScale } from './column-rows.ts';

/** As the columns have them. */
export const hashingState = minerStates.indexOf('hashing');
export const lowMode = powerModes.indexOf('low') + 1;
export const sleepMode = powerModes.indexOf('sleep') + 1;

/** The latest row of every miner of a shard: in the batch that has just come, else in what was known before. */
export type LiveRows = {
  readonly batch: TelemetryColumns;
  readonly batchFields: AllFields;
  /** By miner: its row in `batch`, -1 if it is not there. */
  readonly batchRow: Int32Array;
  readonly known?: { readonly columns: TelemetryColumns; readonly fields: AllFields } | undefined;
  /** By miner: its row in `known`, -1 if it has none. */
  readonly knownRow: Int32Array;
};

export const liveRows = (
  batch: TelemetryColumns,
  batchRow: Int32Array,
  known: TelemetryColumns | undefined,
  knownRow: Int32Array,
): LiveRows => ({
  batch,
  batchFields: allFields(batch),
  batchRow,
  known: known && { columns: known, fields: allFields(known) },
  knownRow,
});

/** What a row's miner should do now, in TH/s: `expectedHashrateThs` of a reading. NaN where that says undefined. */
export const expectedOf = (
  fields: AllFields,
  mode: number,
  row: number,
  ratedHashrateThs: number,
  ratedPowerW: number,
): number => {
  const said = fields.expectedHashrateThs[row] as number;
  if (said) return said / hashrateScale;
  if (mode === lowMode) return Number.NaN;
  const limit = fields.powerLimitW[row] as number;
  return ratedHashrateThs * (limit ? Math.min(1, limit / ratedPowerW) : 1);
};

/** The hottest chip of a row in °C, NaN where none says anything: `hottestChipC` of a reading. */
export const hottestOf = (fields: AllFields, row: number): number => {
  let hottest = 0;
  const chip = fields.chipTempC[row] as number;
  const one = fields.board1ChipTempC[row] as number;
  const two = fields.board2ChipTempC[row] as number;
  const three = fields.board3ChipTempC[row] as number;
  if (chip > hottest) hottest = chip;
  if (one > hottest) hottest = one;
  if (two > hottest) hottest = two;
  if (three > hottest) hottest = three;
  return hottest > 0 ? hottest / tempScale : Number.NaN;
};
