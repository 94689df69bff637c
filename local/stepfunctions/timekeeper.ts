/** Time as the interpreter sees it; tests give one of their own. */
export type Timekeeper = {
  readonly nowMs: () => number;
  /** Calls back once at or after `atMs`; answers how to cancel. */
  readonly at: (atMs: number, callback: () => void) => () => void;
};

const longestTimerMs = 2 ** 31 - 1;

/** The real time. Timers may lie years ahead, beyond what one setTimeout takes. */
export const systemTimekeeper: Timekeeper = {
  nowMs: () => Date.now(),
  at: (atMs, callback) => {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const leftMs = atMs - Date.now();
      timer = setTimeout(
        leftMs > longestTimerMs ? arm : callback,
        Math.min(Math.max(leftMs, 0), longestTimerMs),
      );
    };
    arm();
    return () => clearTimeout(timer);
  },
};
