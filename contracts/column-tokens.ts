import { BatchError, type Reader, type Writer } from './batch-bytes.ts';

/**
 * Entropy coding of a column's numbers (docs/telemetry-format.md, "Numbers"): a number of 0 or more is a token and, from 8 on, some low
 * bits; tokens are coded by a range coder of static frequencies (rANS), bits are packed as they are. Scratch memory is kept between calls.
 */
const frequencyBits = 12;
export const frequencyTotal = 1 << frequencyBits;
/** The coder's state stays in [stateLow, stateLow × 2^16). */
export const stateLow = 1 << 15;
export const maxTokens = 128;
export const directTokens = 8;

let tokens = new Uint8Array(0);
let words = new Uint16Array(0);
let bits = new Uint8Array(0);
const counts = new Uint32Array(maxTokens);
const codes = new Uint8Array(maxTokens);
const frequencies = new Uint32Array(maxTokens);
const starts = new Uint32Array(maxTokens);
let tokenLimit = 0;

const reserve = (count: number) => {
  if (tokens.length >= count) return;
  const size = Math.max(count, tokens.length * 2, 4096);
  tokens = new Uint8Array(size);
  words = new Uint16Array(size + 2);
  bits = new Uint8Array(size * 7 + 8);
};

/** What a code byte of a frequency table stands for: 0 to 3 themselves, then four steps an octave. */
export const frequencyOf = (code: number) => (code < 4 ? code : (4 + (code & 3)) << ((code >> 2) - 1));
export const largestCode = 44;

const codeNear = (frequency: number) => {
  if (frequency < 4) return Math.max(1, Math.round(frequency));
  const octave = 29 - Math.clz32(frequency);
  return Math.min(largestCode, ((octave + 1) << 2) + Math.round(frequency / (1 << octave)) - 4);
};

/** Octave of a number of at least 2^31. */
const wideOctave = (value: number) => {
  let octave = 31;
  while (value >= 2 ** (octave + 1)) octave++;
  return octave;
};

const tokenOf = (value: number) => {
  if (value < 2147483648) {
    const small = value | 0;
    if (small < directTokens) return small;
    const octave = 31 - Math.clz32(small);
    return directTokens + ((octave - 3) << 1) + ((small >>> (octave - 1)) & 1);
  }
  const octave = wideOctave(value);
  return directTokens + ((octave - 3) << 1) + (value >= 1.5 * 2 ** octave ? 1 : 0);
};

const extraBitsOf = (token: number) => (token < directTokens ? 0 : ((token - directTokens) >> 1) + 2);
const leastOf = (token: number) => {
  if (token < directTokens) return token;
  const half = 2 ** extraBitsOf(token);
  return (token & 1) === 0 ? 2 * half : 3 * half;
};

export const extraBits = Uint8Array.from({ length: maxTokens }, (_, token) => extraBitsOf(token));
export const leasts = Float64Array.from({ length: maxTokens }, (_, token) => leastOf(token));

/** Splits numbers into tokens and counts them. */
const tokenise = (numbers: Float64Array, count: number) => {
  reserve(count);
  counts.fill(0);
  let limit = 0;
  for (let at = 0; at < count; at++) {
    const token = tokenOf(numbers[at] as number);
    tokens[at] = token;
    (counts[token] as number)++;
    if (token >= limit) limit = token + 1;
  }
  tokenLimit = limit;
};

/** Bits that the numbers would take, tables aside. */
export const costOf = (numbers: Float64Array, count: number): number => {
  tokenise(numbers, count);
  let cost = 0;
  for (let token = 0; token < tokenLimit; token++) {
    const seen = counts[token] as number;
    if (seen > 0) cost += seen * ((extraBits[token] as number) + Math.log2(count / seen)) + 7;
  }
  return cost;
};

/** Fills `codes`, `frequencies`, `starts` from `counts`; returns the token that takes what the others leave. */
const chooseFrequencies = (count: number): number => {
  let rest = 0;
  for (let token = 1; token < tokenLimit; token++)
    if ((counts[token] as number) > (counts[rest] as number)) rest = token;
  let sum = 0;
  for (let token = 0; token < tokenLimit; token++) {
    const seen = counts[token] as number;
    const code = seen === 0 || token === rest ? 0 : codeNear((seen * frequencyTotal) / count);
    codes[token] = code;
    sum += frequencyOf(code);
  }
  while (sum >= frequencyTotal) {
    let largest = 0;
    for (let token = 1; token < tokenLimit; token++)
      if ((codes[token] as number) > (codes[largest] as number)) largest = token;
    const code = codes[largest] as number;
    sum += frequencyOf(code - 1) - frequencyOf(code);
    codes[largest] = code - 1;
  }
  layOut(rest, frequencyTotal - sum);
  return rest;
};

const layOut = (rest: number, restFrequency: number) => {
  let start = 0;
  for (let token = 0; token < tokenLimit; token++) {
    const frequency = token === rest ? restFrequency : frequencyOf(codes[token] as number);
    frequencies[token] = frequency;
    starts[token] = start;
    start += frequency;
  }
};

/** Codes `tokens[0..count)` backwards into the end of `words`; returns where they begin. */
const codeTokens = (count: number): number => {
  let state = stateLow;
  let start = words.length;
  for (let at = count - 1; at >= 0; at--) {
    const token = tokens[at] as number;
    const frequency = frequencies[token] as number;
    if (state >= frequency * 524288) {
      words[--start] = state & 0xffff;
      state >>>= 16;
    }
    const share = (state / frequency) | 0;
    state = share * frequencyTotal + (state - share * frequency) + (starts[token] as number);
  }
  words[--start] = state & 0xffff;
  words[--start] = state >>> 16;
  return start;
};

/** Packs the low bits of the numbers, least bit first; returns the length in bytes. */
const packBits = (numbers: Float64Array, count: number): number => {
  let length = 0;
  let held = 0;
  let have = 0;
  for (let at = 0; at < count; at++) {
    const token = tokens[at] as number;
    if (token < directTokens) continue;
    let left = extraBits[token] as number;
    let value = (numbers[at] as number) - (leasts[token] as number);
    while (left > 22) {
      held |= (value % 4194304) << have;
      value = Math.floor(value / 4194304);
      left -= 22;
      have += 22;
      while (have >= 8) {
        bits[length++] = held;
        held >>>= 8;
        have -= 8;
      }
    }
    held |= value << have;
    have += left;
    while (have >= 8) {
      bits[length++] = held;
      held >>>= 8;
      have -= 8;
    }
  }
  if (have > 0) bits[length++] = held;
  return length;
};

/**
 * Appends the frequency table and the lengths to `meta`, the coded numbers to `payload`. Numbers are whole, from 0 to below 2^53;
 * there is at least one.
 */
export const writeNumbers = (meta: Writer, payload: Writer, numbers: Float64Array, count: number) => {
  tokenise(numbers, count);
  const rest = chooseFrequencies(count);
  if (counts[rest] === count) {
    meta.byte(0);
    meta.byte(rest);
  } else {
    meta.byte(tokenLimit);
    meta.byte(rest);
    meta.bytes(codes.subarray(0, tokenLimit));
    const start = codeTokens(count);
    meta.varint(words.length - start);
    payload.bytes(new Uint8Array(words.buffer, start * 2, (words.length - start) * 2));
  }
  const length = packBits(numbers, count);
  meta.varint(length);
  payload.bytes(bits.subarray(0, length));
};

/** Where the coded numbers of a column lie: `words` 16-bit words, then `bits` bytes; all are `token` when there is no word. */
export type Coded = {
  readonly token: number;
  readonly codes: Uint8Array;
  readonly words: number;
  readonly bits: number;
};

const noCodes = new Uint8Array(0);

/** Reads what writeNumbers appended to `meta`. */
export const readCoded = (meta: Reader): Coded => {
  const limit = meta.byte();
  const token = meta.byte();
  if (limit > maxTokens || token >= (limit || maxTokens))
    throw new BatchError('BAD_VALUE', 'a table of frequencies is damaged');
  if (limit === 0) return { token, codes: noCodes, words: 0, bits: meta.varint() };
  const own = meta.bytes(limit);
  const words = meta.varint();
  return { token, codes: own, words, bits: meta.varint() };
};

export const codedBytes = ({ words, bits }: Coded) => words * 2 + bits;
