import type { MinerReading } from '../../contracts/reading.ts';

const toleranceS = 5;

/**
 * True when the miner's clock since boot shows a boot after the write: it counts less than before, or less than it
 * would have reached by running on.
 */
export const hasRestarted = (before: MinerReading, now: MinerReading, sinceMs: number) => {
  const uptimeS = now.values.uptimeS;
  if (uptimeS === undefined) return false;
  const earlierS = before.values.uptimeS;
  if (earlierS === undefined) return uptimeS * 1000 <= now.sampledAtMs - sinceMs;
  const passedS = (now.sampledAtMs - before.sampledAtMs) / 1000;
  return uptimeS < earlierS || uptimeS + toleranceS < earlierS + passedS;
};
