export type Lane = 'fast' | 'slow';

/**
 * Seats for the miners that are asked at once. Some sockets are left for commands and for the site's protection; of the rest a quarter
 * is for miners that failed or are slow, and only for them. Once nobody else needs them they may have the others' seats, too.
 */
export const lanes = (sockets: number) => {
  const reserve = sockets < 8 ? 0 : Math.ceil(sockets / 16);
  const slow = Math.max(1, Math.floor((sockets - reserve) / 4));
  const free = { fast: Math.max(1, sockets - reserve - slow), slow };
  const waiting: Record<Lane, (() => void)[]> = { fast: [], slow: [] };
  const next: Record<Lane, number> = { fast: 0, slow: 0 };
  let isLending = false;

  const hasWaiting = (lane: Lane) => next[lane] < waiting[lane].length;
  const grant = (lane: Lane) => {
    waiting[lane][next[lane]++]?.();
    if (hasWaiting(lane)) return;
    waiting[lane] = [];
    next[lane] = 0;
  };
  /** Fills what is free. */
  const seat = () => {
    for (const lane of ['fast', 'slow'] as const)
      while (free[lane] > 0 && hasWaiting(lane)) {
        free[lane]--;
        grant(lane);
      }
  };
  const release = (from: Lane) => {
    free[from]++;
    seat();
    lend();
  };
  const lend = () => {
    while (isLending && free.fast > 0 && hasWaiting('slow')) {
      free.fast--;
      borrowed++;
      grant('slow');
    }
  };
  /** Seats of the fast lane that slow miners have: given back before any of their own. */
  let borrowed = 0;

  return {
    run: async <T>(lane: Lane, work: () => Promise<T>): Promise<T> => {
      if (free[lane] > 0 && !hasWaiting(lane)) free[lane]--;
      else
        await new Promise<void>((resolve) => {
          waiting[lane].push(resolve);
          lend();
        });
      try {
        return await work();
      } finally {
        if (lane === 'slow' && borrowed > 0) {
          borrowed--;
          release('fast');
        } else release(lane);
      }
    },
    /** Whether slow miners may have seats of the others. */
    setLending: (on: boolean) => {
      isLending = on;
      lend();
    },
  };
};
