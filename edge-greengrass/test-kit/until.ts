import { setTimeout as pause } from 'node:timers/promises';

/** Waits for a condition, at most ten seconds; names what did not come. */
export const until = async (what: string, condition: () => boolean, deadlineMs = 10_000) => {
  const endMs = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`did not come: ${what}`);
    await pause(5);
  }
};
