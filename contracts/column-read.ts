import { BatchError } from './batch-bytes.ts';
import type { Places } from './column-places.ts';
import {
  type Coded,
  directTokens,
  extraBits,
  frequencyOf,
  frequencyTotal,
  largestCode,
  leasts,
  maxTokens,
  stateLow,
} from './column-tokens.ts';

/**
 * The decoding half of column-tokens.ts and column-predictors.ts. Every value of every batch passes here: loops are written out, in 32-bit
 * whole numbers wherever the values allow it, and scratch memory is kept between calls.
 */

/** No value of a column lies below or above. */
export type Bounds = { readonly least: number; readonly most: number };

/** The numbers of a document with some bytes of 0 behind them, so that a loop may read a word at any of them. */
export type Payload = { readonly bytes: Uint8Array; readonly view: DataView; readonly length: number };

const padding = 8;
let payloadScratch = new Uint8Array(0);

export const payloadOf = (bytes: Uint8Array): Payload => {
  if (payloadScratch.length < bytes.length + padding)
    payloadScratch = new Uint8Array(Math.max(bytes.length + padding, payloadScratch.length * 2, 64 * 1024));
  payloadScratch.set(bytes);
  payloadScratch.fill(0, bytes.length, bytes.length + padding);
  return { bytes: payloadScratch, view: new DataView(payloadScratch.buffer), length: bytes.length };
};

const damaged = () => new BatchError('BAD_VALUE', 'a column has other bits than its numbers need');

const tokenOfSlot = new Uint8Array(frequencyTotal);
/** By token: its share of the range times 65,536, and where that begins. */
const shareAndStart = new Int32Array(maxTokens);

/** Prepares the tables of a column's tokens; returns the coder's first state, after which the words go on. */
const beginTokens = (coded: Coded, { view }: Payload, start: number): number => {
  if (coded.words === 0) {
    // One token that fills the whole range leaves the state as it is.
    tokenOfSlot.fill(coded.token);
    shareAndStart[coded.token] = frequencyTotal << 16;
    return stateLow;
  }
  readFrequencies(coded);
  const state = (view.getUint16(start, true) << 16) | view.getUint16(start + 2, true);
  if (state < stateLow) throw new BatchError('BAD_VALUE', 'a column begins with no state');
  return state;
};

const readFrequencies = ({ codes, token: rest }: Coded) => {
  const { length } = codes;
  let sum = 0;
  for (let token = 0; token < length; token++) {
    const code = codes[token] as number;
    if (token === rest) continue;
    if (code > largestCode) throw new BatchError('BAD_VALUE', 'a table of frequencies is damaged');
    sum += frequencyOf(code);
  }
  if (sum >= frequencyTotal) throw new BatchError('BAD_VALUE', 'a table of frequencies is damaged');
  let start = 0;
  for (let token = 0; token < length; token++) {
    const share = token === rest ? frequencyTotal - sum : frequencyOf(codes[token] as number);
    shareAndStart[token] = (share << 16) | start;
    const end = start + share;
    if (share > 64) tokenOfSlot.fill(token, start, end);
    else for (let slot = start; slot < end; slot++) tokenOfSlot[slot] = token;
    start = end;
  }
};

const wordsBegin = (coded: Coded, start: number) => (coded.words === 0 ? start : start + 4);

/** Decodes `count` numbers, the column's bytes beginning at `start`, into `into`. */
export const readNumbers = (
  coded: Coded,
  payload: Payload,
  start: number,
  count: number,
  into: Float64Array,
) => {
  const { view, bytes } = payload;
  let state = beginTokens(coded, payload, start);
  let word = wordsBegin(coded, start);
  const wordsEnd = start + coded.words * 2;
  let at = wordsEnd;
  const end = at + coded.bits;
  let held = 0;
  let have = 0;
  for (let index = 0; index < count; index++) {
    const slot = state & 4095;
    const token = tokenOfSlot[slot] as number;
    const share = shareAndStart[token] as number;
    state = (Math.imul(share >>> 16, state >>> 12) + (slot - (share & 65535))) | 0;
    if (state < stateLow) {
      if (word >= wordsEnd) throw new BatchError('TRUNCATED', 'a column ends before its numbers do');
      state = (state << 16) | view.getUint16(word, true);
      word += 2;
    }
    if (token < directTokens) {
      into[index] = token;
      continue;
    }
    let value = leasts[token] as number;
    let scale = 1;
    for (let left = extraBits[token] as number; left > 0; left -= 22) {
      const part = left < 22 ? left : 22;
      while (have < part) {
        if (at >= end) throw damaged();
        held |= (bytes[at++] as number) << have;
        have += 8;
      }
      value += (held & ((1 << part) - 1)) * scale;
      held >>>= part;
      have -= part;
      scale *= 4194304;
    }
    into[index] = value;
  }
  if (state !== stateLow || word !== wordsEnd || at !== end || held !== 0) throw damaged();
};

/** Tokens from this on have more bits than fit a word with seven before them. */
const firstWideToken = 54;
/** Values relative to a column's base stay below this, so that sixteenths of them and differences of these fit 32 bits. */
const mostNear = 2 ** 25;

/** By token: its least number times 32, and its extra bits. */
const leastAndBits = Int32Array.from(
  { length: firstWideToken },
  (_, token) => (leasts[token] as number) * 32 + (extraBits[token] as number),
);
let numbers = new Int32Array(0);
const averages = new Int32Array(256);

/** A column as it is described, and where its bytes begin. */
export type Predicted = {
  readonly coded: Coded;
  readonly start: number;
  readonly base: number;
  readonly divisor: number;
  /** Indexes into `runs` and `firstShares`. */
  readonly run: number;
  readonly share: number;
};

/**
 * Decodes a predicted column whose values are near its base into `into`, at the rows of `places`. Undefined, with `into` in disorder, where a value is
 * so far that the general way is needed.
 */
export const readNear = (
  { coded, start, base, divisor, run, share }: Predicted,
  payload: Payload,
  places: Places,
  into: Float64Array,
): Bounds | undefined => {
  if ((Math.abs(base) + mostNear) * divisor > Number.MAX_SAFE_INTEGER) return undefined;
  const { count, marks, begun } = places;
  const values = readSmallNumbers(coded, payload, start, count);
  if (!values) return undefined;
  const shift = share === 0 ? 0 : share + 1;
  if (begun === count) restoreFirsts(values, count, marks, shift);
  else restoreRuns(values, count, marks, shift, run);
  return placeNumbers(values, count, marks, base, divisor, into);
};

// Each of these loops is a function of its own: V8 looks up where an array's bytes are once for a short loop, but in every turn of a long one.

/** Decodes `count` numbers, which stay valid until the next call; undefined where they may be too wide for it. */
export const readSmallNumbers = (
  coded: Coded,
  payload: Payload,
  start: number,
  count: number,
): Int32Array | undefined => {
  if (coded.codes.length > firstWideToken || coded.token >= firstWideToken) return undefined;
  if (numbers.length < count) numbers = new Int32Array(Math.max(count, numbers.length * 2, 4096));
  let state = beginTokens(coded, payload, start) | 0;
  const slots = tokenOfSlot;
  const shares = shareAndStart;
  const details = leastAndBits;
  const into = numbers;
  const { view } = payload;
  let word = wordsBegin(coded, start);
  const wordsEnd = start + coded.words * 2;
  let bit = wordsEnd * 8;
  const bitEnd = bit + coded.bits * 8;
  let at = 0;
  for (; at < count; at++) {
    if (word > wordsEnd || bit > bitEnd) break;
    const slot = state & 4095;
    const token = slots[slot] as number;
    const share = shares[token] as number;
    const detail = details[token] as number;
    state = (Math.imul(share >>> 16, state >>> 12) + (slot - (share & 65535))) | 0;
    if (state < 32768) {
      state = (state << 16) | view.getUint16(word, true);
      word = (word + 2) | 0;
    }
    const bits = detail & 31;
    into[at] = (detail >> 5) + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & ((1 << bits) - 1));
    bit = (bit + bits) | 0;
  }
  const rest = bitEnd - bit;
  if (at < count || state !== stateLow || word !== wordsEnd || rest < 0) throw damaged();
  if (rest >= 8 || ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & ((1 << rest) - 1)) !== 0)
    throw damaged();
  return into;
};

/** Makes values of numbers that all begin their groups. */
const restoreFirsts = (values: Int32Array, count: number, marks: Int32Array, shift: number) => {
  const known = averages;
  known.fill(-0x80000000);
  let latest = 0;
  for (let at = 0; at < count; at++) {
    const folded = values[at] as number;
    const remainder = (folded >>> 1) ^ -(folded & 1);
    const group = ((marks[at] as number) >> 1) & 255;
    const average = known[group] as number;
    if (average === -0x80000000) {
      const value = (remainder + ((latest + 8) >> 4)) | 0;
      latest = value << 4;
      values[at] = value;
    } else {
      const value = (remainder + ((average + 8) >> 4)) | 0;
      latest = (average + (((value << 4) - average) >> shift)) | 0;
      values[at] = value;
    }
    known[group] = latest;
  }
};

/** Makes values of numbers, as fromRemainders does. */
const restoreRuns = (values: Int32Array, count: number, marks: Int32Array, shift: number, run: number) => {
  const known = averages;
  const runShift = run === 2 ? 2 : 3;
  known.fill(-0x80000000);
  let latest = 0;
  let previous = 0;
  let other = 0;
  for (let at = 0; at < count; at++) {
    const folded = values[at] as number;
    const mark = marks[at] as number;
    const remainder = (folded >>> 1) ^ -(folded & 1);
    if ((mark & 1) === 1) {
      const group = (mark >> 1) & 255;
      const average = known[group] as number;
      if (average === -0x80000000) {
        previous = (remainder + ((latest + 8) >> 4)) | 0;
        latest = previous << 4;
      } else {
        previous = (remainder + ((average + 8) >> 4)) | 0;
        latest = (average + (((previous << 4) - average) >> shift)) | 0;
      }
      known[group] = latest;
      if (run === 1) other = 0;
      else if (run !== 4) other = previous << 4;
    } else if (run === 0) previous = (previous + remainder) | 0;
    else if (run === 1) {
      other = (other + remainder) | 0;
      previous = (previous + other) | 0;
    } else if (run === 4) {
      const step = (remainder + ((other + 8) >> 4)) | 0;
      other = (other + (((step << 4) - other) >> 3)) | 0;
      previous = (previous + step) | 0;
    } else {
      previous = (remainder + ((other + 8) >> 4)) | 0;
      other = (other + (((previous << 4) - other) >> runShift)) | 0;
    }
    values[at] = previous;
  }
};

/** Puts numbers, which are relative to the base, to their rows. Undefined where one is far. */
const placeNumbers = (
  values: Int32Array,
  count: number,
  marks: Int32Array,
  base: number,
  divisor: number,
  into: Float64Array,
): Bounds | undefined => {
  let lowest = 0x7fffffff;
  let highest = -0x7fffffff;
  for (let at = 0; at < count; at++) {
    const value = values[at] as number;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
    into[(marks[at] as number) >> 9] = (value + base) * divisor;
  }
  if (lowest < -mostNear || highest >= mostNear) return undefined;
  return { least: (lowest + base) * divisor, most: (highest + base) * divisor };
};
