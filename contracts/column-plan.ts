import type { Places } from './column-places.ts';
import { type FirstShare, type Run, runs, toRemainders } from './column-predictors.ts';
import { costOf } from './column-tokens.ts';

/** Whole numbers up to this are predicted and coded; a column with a larger one is kept as it is. */
export const largestCoded = 2 ** 46;
const mostDistinct = 32;
const leastSample = 160;

export type Scan = {
  readonly absent: number;
  readonly least: number;
  readonly most: number;
};

/** Counts what is absent and finds the extremes. Throws RangeError when a value is no whole number within 2^53. */
export const scan = (name: string, column: Float64Array, rows: number): Scan => {
  let absent = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let isWhole = true;
  for (let at = 0; at < rows; at++) {
    const value = column[at] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the quickest test for NaN in the hottest loop
    if (value !== value) {
      absent++;
      continue;
    }
    if (value < least) least = value;
    if (value > most) most = value;
    if (value !== Math.floor(value)) isWhole = false;
  }
  if (!isWhole || most > Number.MAX_SAFE_INTEGER || least < Number.MIN_SAFE_INTEGER)
    throw new RangeError(`the column ${name} holds what is no whole number within 2^53`);
  return { absent, least, most };
};

/** The greatest number that divides all values; 1 for a column of zeros. */
export const divisorOf = (values: Float64Array, count: number): number => {
  let divisor = 0;
  for (let at = 0; at < count && divisor !== 1; at++) {
    const value = Math.abs(values[at] as number);
    if (divisor !== 0 && Math.floor(value / divisor) * divisor === value) continue;
    for (let rest = value; rest !== 0; ) {
      const next = divisor % rest;
      divisor = rest;
      rest = next;
    }
  }
  return divisor || 1;
};

const slots = 256;
const slotValue = new Float64Array(slots);
const slotIndex = new Int16Array(slots);
const slotOf = (value: number) => {
  let slot = Math.imul((value | 0) ^ ((value / 4294967296) | 0), 0x9e3779b1) >>> 24;
  while (slotIndex[slot] !== -1 && slotValue[slot] !== value) slot = (slot + 1) & (slots - 1);
  return slot;
};

/** The values that occur, the most frequent first (of equally frequent ones the smaller); undefined when there are many. */
export const distinctOf = (values: Float64Array, count: number): number[] | undefined => {
  const limit = Math.min(mostDistinct, count >> 3);
  slotIndex.fill(-1);
  const seen: number[] = [];
  const times = new Uint32Array(mostDistinct);
  let before = Number.NaN;
  let slot = 0;
  for (let at = 0; at < count; at++) {
    const value = values[at] as number;
    if (value !== before) {
      slot = slotOf(value);
      before = value;
      if (slotIndex[slot] === -1) {
        if (seen.length >= limit) return undefined;
        slotValue[slot] = value;
        slotIndex[slot] = seen.length;
        seen.push(value);
      }
    }
    (times[slotIndex[slot] as number] as number)++;
  }
  return seen
    .map((value, index) => ({ value, times: times[index] ?? 0 }))
    .sort((a, b) => b.times - a.times || a.value - b.value)
    .map(({ value }) => value);
};

/** Writes each value's place among `distinct`. */
export const toIndexes = (
  values: Float64Array,
  count: number,
  distinct: readonly number[],
  into: Float64Array | Uint8Array,
) => {
  slotIndex.fill(-1);
  distinct.forEach((value, index) => {
    const slot = slotOf(value);
    slotValue[slot] = value;
    slotIndex[slot] = index;
  });
  for (let at = 0; at < count; at++) into[at] = slotIndex[slotOf(values[at] as number)] as number;
};

/** How a column is predicted. */
type Plan = { readonly run: Run; readonly share: FirstShare };

/** The prediction that leaves the least, as far as the first quarter of the values (at least 160) tells. */
export const choosePlan = (
  values: Float64Array,
  places: Places,
  base: number,
  scratch: Float64Array,
): Plan => {
  const sample = Math.min(places.count, Math.max(leastSample, places.count >> 2));
  const cost = ({ run, share }: Plan) => {
    toRemainders(values, places, sample, base, run, share, scratch);
    return costOf(scratch, sample);
  };
  let best: Plan = { run: 'previous', share: 4 };
  let least = cost(best);
  const consider = (plan: Plan) => {
    const its = cost(plan);
    if (its >= least) return;
    best = plan;
    least = its;
  };
  if (places.begun < places.count) for (const run of runs.slice(1)) consider({ run, share: 4 });
  if (places.begun * 4 >= places.count)
    for (const share of [1, 8] as const) consider({ run: best.run, share });
  return best;
};

const lastOfClass = new Float64Array(slots);

/** Sum of the octaves by which values differ from the last one of their class: how well the classes tell them. */
export const spreadWithin = (values: Float64Array, classes: Uint8Array, rows: Uint32Array): number => {
  lastOfClass.fill(values[rows[0] ?? 0] ?? 0);
  let octaves = 0;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const value = values[row] as number;
    const index = classes[row] as number;
    const away = Math.abs(value - (lastOfClass[index] as number));
    octaves += 32 - Math.clz32(away > 4294967295 ? 4294967295 : away);
    lastOfClass[index] = value;
  }
  return octaves;
};
