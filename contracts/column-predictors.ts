import type { Places } from './column-places.ts';

/**
 * Predictions within a column (docs/telemetry-format.md, "Predictions"): the first value of a group is predicted from the first values of the groups
 * before it (of the same class), the others from those before them in the group. Averages are whole numbers of sixteenths.
 */
export const runs = ['previous', 'linear', 'mean4', 'mean8', 'trend'] as const;
export type Run = (typeof runs)[number];
/** How much of a new first value goes into their average: all of it, a quarter, an eighth. */
export const firstShares = [1, 4, 8] as const;
export type FirstShare = (typeof firstShares)[number];

/** One average for each class, in sixteenths; NaN: nothing known yet. */
const averages = new Float64Array(256);

// Loops are written out, state is kept in local variables and signs are folded without a branch: these run for every value of every column.

/**
 * Replaces the first `count` values by what remains of them beyond their predictions, folded from sign to parity (0, -1, 1, -2, 2 … are
 * 0, 1, 2, 3, 4 …), into `into`.
 */
export const toRemainders = (
  values: Float64Array,
  { marks }: Places,
  count: number,
  base: number,
  run: Run,
  share: FirstShare,
  into: Float64Array,
) => {
  averages.fill(Number.NaN);
  const kind = runs.indexOf(run);
  const part = 1 / share;
  const meanPart = kind === 2 ? 0.25 : 0.125;
  let latest = 16 * base;
  let previous = 0;
  let other = 0;
  for (let at = 0; at < count; at++) {
    const value = values[at] as number;
    let remainder = 0;
    const mark = marks[at] as number;
    if ((mark & 1) === 1) {
      const group = (mark >> 1) & 255;
      const average = averages[group] as number;
      // biome-ignore lint/suspicious/noSelfCompare: the quickest test for NaN in the hottest loop
      if (average === average) {
        remainder = value - Math.floor((average + 8) * 0.0625);
        latest = average + Math.floor((16 * value - average) * part);
      } else {
        remainder = value - Math.floor((latest + 8) * 0.0625);
        latest = 16 * value;
      }
      averages[group] = latest;
      previous = value;
      if (kind === 1) other = 0;
      else if (kind !== 4) other = 16 * value;
    } else if (kind === 0) {
      remainder = value - previous;
      previous = value;
    } else if (kind === 1) {
      const step = value - previous;
      remainder = step - other;
      other = step;
      previous = value;
    } else if (kind === 4) {
      const step = value - previous;
      remainder = step - Math.floor((other + 8) * 0.0625);
      other += Math.floor((16 * step - other) * 0.125);
      previous = value;
    } else {
      remainder = value - Math.floor((other + 8) * 0.0625);
      other += Math.floor((16 * value - other) * meanPart);
    }
    into[at] = Math.abs(2 * remainder + 0.5) - 0.5;
  }
};

/** The opposite of toRemainders, in place. */
export const fromRemainders = (
  numbers: Float64Array,
  { marks, count }: Places,
  base: number,
  run: Run,
  share: FirstShare,
) => {
  averages.fill(Number.NaN);
  const kind = runs.indexOf(run);
  const part = 1 / share;
  const meanPart = kind === 2 ? 0.25 : 0.125;
  let latest = 16 * base;
  let previous = 0;
  let other = 0;
  for (let at = 0; at < count; at++) {
    const folded = numbers[at] as number;
    const half = Math.floor(folded * 0.5);
    const isOdd = folded - 2 * half;
    const remainder = half - isOdd * (2 * half + 1);
    const mark = marks[at] as number;
    if ((mark & 1) === 1) {
      const group = (mark >> 1) & 255;
      const average = averages[group] as number;
      // biome-ignore lint/suspicious/noSelfCompare: the quickest test for NaN in the hottest loop
      if (average === average) {
        previous = remainder + Math.floor((average + 8) * 0.0625);
        latest = average + Math.floor((16 * previous - average) * part);
      } else {
        previous = remainder + Math.floor((latest + 8) * 0.0625);
        latest = 16 * previous;
      }
      averages[group] = latest;
      if (kind === 1) other = 0;
      else if (kind !== 4) other = 16 * previous;
    } else if (kind === 0) previous += remainder;
    else if (kind === 1) {
      other += remainder;
      previous += other;
    } else if (kind === 4) {
      const step = remainder + Math.floor((other + 8) * 0.0625);
      other += Math.floor((16 * step - other) * 0.125);
      previous += step;
    } else {
      previous = remainder + Math.floor((other + 8) * 0.0625);
      other += Math.floor((16 * previous - other) * meanPart);
    }
    numbers[at] = previous;
  }
};
