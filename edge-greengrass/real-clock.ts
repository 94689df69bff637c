import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from './state/pace.ts';

/** Real pauses, and the time that the gateway is told. */
export const realClock = (nowMs: () => number): Clock => ({
  nowMs,
  wait: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
});
