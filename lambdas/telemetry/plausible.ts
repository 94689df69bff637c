import type { ReadingField } from '../../contracts/reading.ts';

/** How far a sample may lie ahead of its receipt: a gateway whose clock is off by more tells nothing about when. */
export const maxAheadMs = 10 * 60_000;

const range = (min: number, max: number) => ({ min, max });
const temp = range(-50, 200);
const rpm = range(0, 30_000);
const boardHashrate = range(0, 2_000);
const counter = range(0, 1e12);

/** What an instrument can say at all. Wider than any healthy miner: what is odd but possible is for the detectors. */
export const plausible: Readonly<Record<ReadingField, { readonly min: number; readonly max: number }>> = {
  hashrateThs: range(0, 5_000),
  expectedHashrateThs: range(0, 5_000),
  powerW: range(0, 30_000),
  powerLimitW: range(0, 100_000),
  inletTempC: temp,
  boardTempC: temp,
  chipTempC: temp,
  fan1Rpm: rpm,
  fan2Rpm: rpm,
  fan3Rpm: rpm,
  fan4Rpm: rpm,
  fanDutyPct: range(0, 100),
  frequencyMhz: range(0, 5_000),
  voltageV: range(0, 500),
  board1HashrateThs: boardHashrate,
  board2HashrateThs: boardHashrate,
  board3HashrateThs: boardHashrate,
  board1ChipTempC: temp,
  board2ChipTempC: temp,
  board3ChipTempC: temp,
  board1Chips: range(0, 2_000),
  board2Chips: range(0, 2_000),
  board3Chips: range(0, 2_000),
  acceptedShares: counter,
  rejectedShares: counter,
  staleShares: counter,
  hardwareErrors: counter,
  uptimeS: range(0, 1e9),
  poolsAlive: range(0, 100),
  activePool: range(0, 100),
};
