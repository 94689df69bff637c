import * as z from 'zod';

/**
 * What a miner was in one five-minute window, judged by its samples (docs/telemetry-definitions.md): `unknown` without any, `planned` when
 * all of them were `stopped` (on command: curtailed, asleep, protected), else `up` when at least half of the others hashed, else `down`.
 */
export const windowClasses = ['unknown', 'planned', 'up', 'down'] as const;
export type WindowClass = (typeof windowClasses)[number];

export const classOf = (samples: number, hashing: number, stopped: number): WindowClass => {
  if (samples === 0) return 'unknown';
  const asked = samples - stopped;
  if (asked <= 0) return 'planned';
  return 2 * hashing >= asked ? 'up' : 'down';
};

const windows = z.int().nonnegative();
/**
 * A stretch of a miner's time, in windows. An outage is a run of down windows until the next up one; planned and unknown
 * windows within neither end it nor make it longer.
 */
export const outages = z.strictObject({
  up: windows,
  down: windows,
  planned: windows,
  unknown: windows,
  outages: windows,
  longest: windows,
  /** Down windows before the first up one, and after the last: what an outage at the neighbouring stretch goes on with. */
  opening: windows,
  closing: windows,
});
export type Outages = z.infer<typeof outages>;

export const noOutages: Outages = {
  up: 0,
  down: 0,
  planned: 0,
  unknown: 0,
  outages: 0,
  longest: 0,
  opening: 0,
  closing: 0,
};

/** The stretch of windows in the order of time. */
export const outagesOf = (classes: Iterable<WindowClass>): Outages => {
  const counts = { up: 0, down: 0, planned: 0, unknown: 0 };
  let [runs, longest, opening, run] = [0, 0, 0, 0];
  for (const one of classes) {
    counts[one] += 1;
    if (one === 'up') run = 0;
    else if (one === 'down') {
      run += 1;
      if (run === 1) runs += 1;
      if (counts.up === 0) opening = run;
      longest = Math.max(longest, run);
    }
  }
  return { ...counts, outages: runs, longest, opening, closing: run };
};

/** Two stretches of one miner, the earlier first. Associative: the days of a month merge to what the month's windows say. */
export const joinOutages = (a: Outages, b: Outages): Outages => ({
  up: a.up + b.up,
  down: a.down + b.down,
  planned: a.planned + b.planned,
  unknown: a.unknown + b.unknown,
  outages: a.outages + b.outages - (a.closing > 0 && b.opening > 0 ? 1 : 0),
  longest: Math.max(a.longest, b.longest, a.closing + b.opening),
  opening: a.up > 0 ? a.opening : a.down + b.opening,
  closing: b.up > 0 ? b.closing : a.closing + b.down,
});

/** Stretches of different miners: everything adds up, and the longest outage is the longest of any. */
export const addOutages = (a: Outages, b: Outages): Outages => ({
  up: a.up + b.up,
  down: a.down + b.down,
  planned: a.planned + b.planned,
  unknown: a.unknown + b.unknown,
  outages: a.outages + b.outages,
  longest: Math.max(a.longest, b.longest),
  opening: 0,
  closing: 0,
});

/** Up time of up and down time, in percent; null where there was neither. */
export const availabilityPct = ({ up, down }: Pick<Outages, 'up' | 'down'>): number | null =>
  up + down === 0 ? null : Math.round((10_000 * up) / (up + down)) / 100;
