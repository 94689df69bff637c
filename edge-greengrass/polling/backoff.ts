/** Failures in a row that are still asked at every sweep, so that a short outage is seen as short. */
const patience = 3;

/**
 * When a miner is asked next: at every sweep while it answers, at growing intervals while it does not, up to a quarter sooner by its
 * place in [0, 1), so that a zone that fell silent at once is not asked at once for ever.
 */
export const nextAskMs = (
  failures: number,
  nowMs: number,
  intervalMs: number,
  maxBackoffMs: number,
  place = 0,
) => {
  if (failures < patience) return nowMs;
  const backoffMs = Math.min(maxBackoffMs, intervalMs * 2 ** Math.min(failures - patience + 1, 20));
  return nowMs + backoffMs * (1 - place / 4) - intervalMs / 2;
};
