import type { MinerReading } from '../../contracts/reading.ts';

/** What the registry says of a miner, as far as detection needs it. */
export type MinerFacts = {
  readonly vendor: string;
  readonly model: string;
  readonly zoneId: string;
  readonly customerId?: string | undefined;
  readonly ratedHashrateThs: number;
  readonly ratedPowerW: number;
  /** Taken out of use: raises no alarm, and is in no live list. */
  readonly retired?: boolean | undefined;
};

/**
 * What the miner should do now: what its firmware expects, else its rating, lowered with a power limit below the rated
 * power. Undefined when it runs in a mode for which neither says anything.
 */
export const expectedHashrateThs = (
  { values, mode }: MinerReading,
  facts: MinerFacts,
): number | undefined => {
  if (values.expectedHashrateThs) return values.expectedHashrateThs;
  if (mode === 'low') return undefined;
  const limited = values.powerLimitW ? Math.min(1, values.powerLimitW / facts.ratedPowerW) : 1;
  return facts.ratedHashrateThs * limited;
};

/** The hottest chip that the miner tells of; readings of 0 °C and below are sensors that did not answer. */
export const hottestChipC = ({ values }: MinerReading): number | undefined => {
  const temps = [
    values.chipTempC,
    values.board1ChipTempC,
    values.board2ChipTempC,
    values.board3ChipTempC,
  ].filter((temp): temp is number => temp !== undefined && temp > 0);
  return temps.length > 0 ? Math.max(...temps) : undefined;
};

export const fansOf = ({ values }: MinerReading) =>
  [values.fan1Rpm, values.fan2Rpm, values.fan3Rpm, values.fan4Rpm].flatMap((rpm, index) =>
    rpm === undefined ? [] : [{ fan: index + 1, rpm }],
  );

export const boardsOf = ({ values }: MinerReading) =>
  [
    { board: 1, hashrateThs: values.board1HashrateThs, chips: values.board1Chips },
    { board: 2, hashrateThs: values.board2HashrateThs, chips: values.board2Chips },
    { board: 3, hashrateThs: values.board3HashrateThs, chips: values.board3Chips },
  ].filter(({ hashrateThs, chips }) => hashrateThs !== undefined || chips !== undefined);
