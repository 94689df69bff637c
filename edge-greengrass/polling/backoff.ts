/** Failures in a row that are still asked at every sweep, so that a short outage is seen as short. */
const patience = 3;

/** When a miner is asked next: at every sweep while it answers, at growing intervals while it does not. */
export const nextAskMs = (failures: number, nowMs: number, intervalMs: number, maxBackoffMs: number) =>
  failures < patience
    ? nowMs
    : nowMs +
      Math.min(maxBackoffMs, intervalMs * 2 ** Math.min(failures - patience + 1, 20)) -
      intervalMs / 2;
