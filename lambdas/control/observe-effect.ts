import type { CommandOrder, MinerOrder } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';

/** What later telemetry says of an order's effect; undefined where it cannot tell. */
export type Observation = boolean | undefined;

/** A boot is seen within this of when it was. */
const clockMs = 30_000;
const share = 0.03;
const near = (is: number | undefined, wanted: number | undefined): Observation =>
  is === undefined || wanted === undefined || wanted === 0 ? undefined : Math.abs(is / wanted - 1) <= share;

/** Whether the miner hashes, or stands still as told; one that is booting or broken tells nothing. */
const hashing = ({ state }: MinerReading, wanted: boolean): Observation => {
  if (state === 'hashing') return wanted;
  if (state === 'stopped') return !wanted;
  return undefined;
};

/**
 * Whether a reading taken after the write shows what an order asked for. Telemetry holds neither pools nor lights, so of these it says
 * nothing.
 */
export const effectIn = (order: MinerOrder, after: MinerReading, writtenAtMs: number): Observation => {
  if (after.state === 'unreachable') return undefined;
  const { values, mode } = after;
  switch (order.type) {
    case 'MINER_RESTART':
      if (values.uptimeS === undefined) return undefined;
      return after.sampledAtMs - values.uptimeS * 1_000 >= writtenAtMs - clockMs;
    case 'HASHING_DISABLE':
      return hashing(after, false);
    case 'HASHING_ENABLE':
      return hashing(after, true);
    case 'POWER_MODE':
      return mode === undefined ? undefined : mode === order.params.mode;
    case 'POWER_LIMIT':
      return values.powerLimitW === undefined ? undefined : values.powerLimitW === order.params.limitW;
    case 'SET_FAN':
      return values.fanDutyPct === undefined ? undefined : values.fanDutyPct === order.params.dutyPct;
    case 'FREQUENCY_SET':
      return near(values.frequencyMhz, order.params.frequencyMhz);
    case 'POOL_SET':
    case 'LED':
      return undefined;
  }
};

/** Whether a reading shows again what the miner had before the order that was put back. */
export const restoredIn = (
  order: CommandOrder,
  before: MinerReading | undefined,
  after: MinerReading,
): Observation => {
  if (!before || after.state === 'unreachable') return undefined;
  switch (order.type) {
    case 'HASHING_DISABLE':
    case 'HASHING_ENABLE':
      return before.state === 'hashing' || before.state === 'stopped'
        ? hashing(after, before.state === 'hashing')
        : undefined;
    case 'POWER_MODE':
      return before.mode === undefined || after.mode === undefined ? undefined : before.mode === after.mode;
    case 'POWER_LIMIT':
      return before.values.powerLimitW === undefined || after.values.powerLimitW === undefined
        ? undefined
        : before.values.powerLimitW === after.values.powerLimitW;
    case 'FREQUENCY_SET':
      return near(after.values.frequencyMhz, before.values.frequencyMhz);
    default:
      return undefined;
  }
};
