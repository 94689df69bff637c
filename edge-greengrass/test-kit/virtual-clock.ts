import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../state/pace.ts';

/** Enough turns of the loop for promises that wait for no time to settle. */
const settled = async () => {
  for (let at = 0; at < 3; at++) await turn();
};

/**
 * A clock that stands while there is work and jumps to the next waiter when there is none. Work that waits for anything but this clock
 * and promises must end by itself.
 */
export const virtualClock = (startMs: number) => {
  let atMs = startMs;
  const waiters: { readonly dueMs: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => atMs,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiters.push({ dueMs: atMs + ms, wake });
        signal.addEventListener('abort', wake, { once: true });
      }),
  };
  /** Jumps to the next waiter not later than `limitMs`; false when there is none. */
  const step = (limitMs: number): boolean => {
    let next: (typeof waiters)[number] | undefined;
    for (const waiter of waiters) if (!next || waiter.dueMs < next.dueMs) next = waiter;
    if (!next || next.dueMs > limitMs) return false;
    waiters.splice(waiters.indexOf(next), 1);
    atMs = Math.max(atMs, next.dueMs);
    next.wake();
    return true;
  };
  return {
    ...clock,
    /** Lets time pass in which nobody waits. */
    advance: (ms: number) => {
      atMs += ms;
    },
    /** Goes on until `untilMs`, waking who waits on the way. */
    until: async (untilMs: number) => {
      do await settled();
      while (step(untilMs));
      atMs = Math.max(atMs, untilMs);
    },
    /** Goes on until the work has ended. */
    run: async <T>(work: Promise<T>): Promise<T> => {
      let done = false;
      work.then(
        () => {
          done = true;
        },
        () => {
          done = true;
        },
      );
      for (;;) {
        await settled();
        if (done) return work;
        step(Number.POSITIVE_INFINITY);
      }
    },
  };
};
