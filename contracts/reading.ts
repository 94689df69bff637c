import * as z from 'zod';
import { epochMs, minerId } from './identifiers.ts';

/**
 * What one miner reported at one instant, in the field's units. An absent key means that the miner did not say;
 * zero means that it said zero.
 */
export const minerStates = ['hashing', 'idle', 'stopped', 'booting', 'fault', 'unreachable'] as const;
export type MinerState = (typeof minerStates)[number];

export const powerModes = ['low', 'normal', 'high', 'sleep'] as const;
export type PowerMode = (typeof powerModes)[number];

type FieldKind = 'gauge' | 'counter';
type FieldSpec = { readonly unit: string; readonly decimals: number; readonly kind: FieldKind };
const gauge = (unit: string, decimals: number): FieldSpec => ({ unit, decimals, kind: 'gauge' });
const counter = (unit: string): FieldSpec => ({ unit, decimals: 0, kind: 'counter' });

/**
 * Every numeric field of a reading: its unit, the decimal places that the codec keeps without loss, and whether it is
 * a gauge (aggregated as mean, minimum, maximum) or a counter since the miner's last boot. Stored columns are named by
 * the fields' places: append, never reorder.
 *
 * Hashrates keep 0.1 GH/s. A miner derives its hashrate from the shares or nonces of some seconds, which scatters it by 0.5 % and more
 * (0.5 TH/s of 100; 5 GH/s of a one-chip miner's 1 TH/s): what stands beyond is noise that nothing can compress.
 */
export const readingFields = {
  hashrateThs: gauge('TH/s', 4),
  expectedHashrateThs: gauge('TH/s', 4),
  powerW: gauge('W', 2),
  powerLimitW: gauge('W', 0),
  inletTempC: gauge('°C', 1),
  boardTempC: gauge('°C', 3),
  chipTempC: gauge('°C', 3),
  fan1Rpm: gauge('rpm', 0),
  fan2Rpm: gauge('rpm', 0),
  fan3Rpm: gauge('rpm', 0),
  fan4Rpm: gauge('rpm', 0),
  fanDutyPct: gauge('%', 0),
  frequencyMhz: gauge('MHz', 1),
  voltageV: gauge('V', 3),
  board1HashrateThs: gauge('TH/s', 4),
  board2HashrateThs: gauge('TH/s', 4),
  board3HashrateThs: gauge('TH/s', 4),
  board1ChipTempC: gauge('°C', 3),
  board2ChipTempC: gauge('°C', 3),
  board3ChipTempC: gauge('°C', 3),
  board1Chips: gauge('chips', 0),
  board2Chips: gauge('chips', 0),
  board3Chips: gauge('chips', 0),
  acceptedShares: counter('shares'),
  rejectedShares: counter('shares'),
  staleShares: counter('shares'),
  hardwareErrors: counter('errors'),
  uptimeS: counter('s'),
  poolsAlive: gauge('pools', 0),
  activePool: gauge('index', 0),
} as const satisfies Record<string, FieldSpec>;

export type ReadingField = keyof typeof readingFields;
export const readingFieldNames = Object.keys(readingFields) as ReadingField[];

export const minerReading = z.strictObject({
  minerId,
  sampledAtMs: epochMs,
  state: z.enum(minerStates),
  mode: z.enum(powerModes).optional(),
  /** Vendor error codes as the firmware writes them, such as "110" or "ERROR_FAN_LOST". */
  errorCodes: z.array(z.string().min(1).max(40)).max(32).optional(),
  values: z.partialRecord(z.enum(readingFieldNames), z.number()),
});
export type MinerReading = z.infer<typeof minerReading>;
