/**
 * Predictions within a column (docs/telemetry-format.md, "Predictions"): the first value of a group is predicted from the first values of the groups
 * before it (of the same class), the others from those before them in the group. Averages are whole numbers of sixteenths.
 */
export const runs = ['previous', 'linear', 'mean4', 'mean8', 'trend'] as const;
export type Run = (typeof runs)[number];
/** How much of a new first value goes into their average: all of it, a quarter, an eighth. */
export const firstShares = [1, 4, 8] as const;
export type FirstShare = (typeof firstShares)[number];

/** Which of the values begin a group, and the class of each. */
export type Places = {
  readonly count: number;
  readonly firsts: Uint8Array;
  /** 0 for all where there are no classes. */
  readonly classes: Uint8Array;
};

const maxClasses = 256;
const averages = new Float64Array(maxClasses);
const known = new Uint8Array(maxClasses);

/** From sign to parity: 0, -1, 1, -2, 2 … are 0, 1, 2, 3, 4 … */
const fold = (signed: number) => (signed < 0 ? -2 * signed - 1 : 2 * signed);
const unfold = (folded: number) => {
  const half = Math.floor(folded / 2);
  return folded === 2 * half ? half : -half - 1;
};
const rounded = (sixteenths: number) => Math.floor((sixteenths + 8) / 16);

let lastAverage = 0;
const begin = (base: number) => {
  known.fill(0);
  lastAverage = 16 * base;
};
const expectFirst = (group: number) =>
  rounded(known[group] === 1 ? (averages[group] as number) : lastAverage);
const learnFirst = (group: number, value: number, share: number) => {
  const before = averages[group] as number;
  const next = known[group] === 1 ? before + Math.floor((16 * value - before) / share) : 16 * value;
  averages[group] = next;
  known[group] = 1;
  lastAverage = next;
};

/** Replaces values by what remains of them beyond the prediction, folded to 0 and above, into `into`. */
export const toRemainders = (
  values: Float64Array,
  { firsts, classes }: Places,
  count: number,
  base: number,
  run: Run,
  share: number,
  into: Float64Array,
) => {
  begin(base);
  let previous = 0;
  let other = 0;
  const kind = runs.indexOf(run);
  for (let at = 0; at < count; at++) {
    const value = values[at] as number;
    if (firsts[at] === 1) {
      const group = classes[at] as number;
      into[at] = fold(value - expectFirst(group));
      learnFirst(group, value, share);
      other = kind === 1 ? 0 : kind === 4 ? other : 16 * value;
      previous = value;
      continue;
    }
    if (kind === 0) {
      into[at] = fold(value - previous);
      previous = value;
    } else if (kind === 1) {
      into[at] = fold(value - previous - other);
      other = value - previous;
      previous = value;
    } else if (kind === 4) {
      const step = value - previous;
      into[at] = fold(step - rounded(other));
      other += Math.floor((16 * step - other) / 8);
      previous = value;
    } else {
      into[at] = fold(value - rounded(other));
      other += Math.floor((16 * value - other) / (kind === 2 ? 4 : 8));
    }
  }
};

/** The opposite of toRemainders, in place. */
export const fromRemainders = (
  numbers: Float64Array,
  { firsts, classes, count }: Places,
  base: number,
  run: Run,
  share: number,
) => {
  begin(base);
  let previous = 0;
  let other = 0;
  const kind = runs.indexOf(run);
  for (let at = 0; at < count; at++) {
    const remainder = unfold(numbers[at] as number);
    if (firsts[at] === 1) {
      const group = classes[at] as number;
      previous = remainder + expectFirst(group);
      numbers[at] = previous;
      learnFirst(group, previous, share);
      other = kind === 1 ? 0 : kind === 4 ? other : 16 * previous;
      continue;
    }
    if (kind === 0) previous += remainder;
    else if (kind === 1) {
      other += remainder;
      previous += other;
    } else if (kind === 4) {
      const step = remainder + rounded(other);
      other += Math.floor((16 * step - other) / 8);
      previous += step;
    } else {
      previous = remainder + rounded(other);
      other += Math.floor((16 * previous - other) / (kind === 2 ? 4 : 8));
    }
    numbers[at] = previous;
  }
};
