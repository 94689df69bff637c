import type { Reader, Writer } from '../../contracts/batch-bytes.ts';

/**
 * Columns of a live state, written and read with every batch: as quick as can be rather than as small. A column is a byte that says how wide
 * its values are (0: all equal) and a number that they are counted from, both for the values as they are (NaN is absent:
 * all bits set), then `width` bytes a value, the least first.
 */
const allAbsent = 15;
const plain = 8;

/** Widest numbers that fit, one less than all bits set. */
const most = [0, 0xfe, 0xfffe, 0xfffffe, 0xfffffffe, 0xfffffffffe, 0xfffffffffffe];

let scratch = new Uint8Array(64 * 1024);
/** Of the column that was scanned last: its least and greatest value, and how many are absent. */
const found = new Float64Array(3);

// Each loop is a function of its own: V8 looks up where an array's bytes are once for a short loop, but in every turn of a long one.

const scan = (column: Float64Array, from: number, to: number) => {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let absent = 0;
  for (let at = from; at < to; at++) {
    const value = column[at] as number;
    if (value >= least && value <= greatest) continue;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    // biome-ignore lint/suspicious/noSelfCompare: the quickest test for NaN in a hot loop
    if (value !== value) absent++;
  }
  found[0] = least;
  found[1] = greatest;
  found[2] = absent;
};

export const writeQuickColumn = (out: Writer, column: Float64Array, from: number, to: number) => {
  scan(column, from, to);
  const least = found[0] as number;
  const greatest = found[1] as number;
  const absent = found[2] as number;
  if (absent === to - from) return out.byte(allAbsent);
  const range = greatest - least;
  const width = range === 0 && absent === 0 ? 0 : most.findIndex((limit, at) => at > 0 && range <= limit);
  if (width < 0 || !Number.isSafeInteger(least) || !Number.isSafeInteger(greatest)) {
    out.byte(plain);
    out.bytes(new Uint8Array(column.slice(from, to).buffer));
    return;
  }
  out.byte(width);
  out.signed(least);
  if (width === 0) return;
  const length = (to - from) * width;
  if (scratch.length < length) scratch = new Uint8Array(2 * length);
  if (width === 1) write1(scratch, column, least, from, to);
  else if (width === 2) write2(scratch, column, least, from, to);
  else if (width === 3) write3(scratch, column, least, from, to);
  else if (width === 4) write4(scratch, column, least, from, to);
  else writeWide(scratch, column, least, from, to, width);
  out.bytes(scratch.subarray(0, length));
};

const write1 = (bytes: Uint8Array, column: Float64Array, least: number, from: number, to: number) => {
  for (let at = from; at < to; at++) {
    const value = (column[at] as number) - least;
    // biome-ignore lint/suspicious/noSelfCompare: as above
    const number = value === value ? value | 0 : 0xff;
    bytes[at - from] = number;
  }
};

const write2 = (bytes: Uint8Array, column: Float64Array, least: number, from: number, to: number) => {
  for (let at = from; at < to; at++) {
    const value = (column[at] as number) - least;
    // biome-ignore lint/suspicious/noSelfCompare: as above
    const number = value === value ? value | 0 : 0xffff;
    bytes[2 * (at - from)] = number;
    bytes[2 * (at - from) + 1] = number >>> 8;
  }
};

const write3 = (bytes: Uint8Array, column: Float64Array, least: number, from: number, to: number) => {
  for (let at = from; at < to; at++) {
    const value = (column[at] as number) - least;
    // biome-ignore lint/suspicious/noSelfCompare: as above
    const number = value === value ? value | 0 : 0xffffff;
    bytes[3 * (at - from)] = number;
    bytes[3 * (at - from) + 1] = number >>> 8;
    bytes[3 * (at - from) + 2] = number >>> 16;
  }
};

const write4 = (bytes: Uint8Array, column: Float64Array, least: number, from: number, to: number) => {
  for (let at = from; at < to; at++) {
    const value = (column[at] as number) - least;
    // biome-ignore lint/suspicious/noSelfCompare: as above
    const number = value === value ? value | 0 : -1;
    bytes[4 * (at - from)] = number;
    bytes[4 * (at - from) + 1] = number >>> 8;
    bytes[4 * (at - from) + 2] = number >>> 16;
    bytes[4 * (at - from) + 3] = number >>> 24;
  }
};

/** 5 and 6 bytes. */
const writeWide = (
  bytes: Uint8Array,
  column: Float64Array,
  least: number,
  from: number,
  to: number,
  width: number,
) => {
  const absent = (most[width] as number) + 1;
  let place = 0;
  for (let at = from; at < to; at++) {
    const value = column[at] as number;
    let number = Number.isNaN(value) ? absent : value - least;
    for (let byte = 0; byte < width; byte++) {
      bytes[place++] = number % 256;
      number = Math.floor(number / 256);
    }
  }
};

/** Reads what `writeQuickColumn` wrote into `column[from..to)`. Throws BatchError where the bytes end. */
export const readQuickColumn = (reader: Reader, column: Float64Array, from: number, to: number) => {
  const width = reader.byte();
  if (width === allAbsent) return void column.fill(Number.NaN, from, to);
  if (width === plain) {
    column.set(new Float64Array(Uint8Array.from(reader.bytes((to - from) * 8)).buffer), from);
    return;
  }
  const least = reader.signed();
  if (width === 0) return void column.fill(least, from, to);
  const bytes = reader.bytes((to - from) * width);
  if (width === 1) read1(bytes, column, least, from, to);
  else if (width === 2) read2(bytes, column, least, from, to);
  else if (width === 3) read3(bytes, column, least, from, to);
  else if (width === 4) read4(bytes, column, least, from, to);
  else readWide(bytes, column, least, from, to, width);
};

const read1 = (bytes: Uint8Array, column: Float64Array, least: number, from: number, to: number) => {
  for (let at = from; at < to; at++) {
    const number = bytes[at - from] as number;
    column[at] = number === 0xff ? Number.NaN : least + number;
  }
};

const read2 = (bytes: Uint8Array, column: Float64Array, least: number, from: number, to: number) => {
  for (let at = from; at < to; at++) {
    const number = (bytes[2 * (at - from)] as number) | ((bytes[2 * (at - from) + 1] as number) << 8);
    column[at] = number === 0xffff ? Number.NaN : least + number;
  }
};

const read3 = (bytes: Uint8Array, column: Float64Array, least: number, from: number, to: number) => {
  for (let at = from; at < to; at++) {
    const number =
      (bytes[3 * (at - from)] as number) |
      ((bytes[3 * (at - from) + 1] as number) << 8) |
      ((bytes[3 * (at - from) + 2] as number) << 16);
    column[at] = number === 0xffffff ? Number.NaN : least + number;
  }
};

const read4 = (bytes: Uint8Array, column: Float64Array, least: number, from: number, to: number) => {
  for (let at = from; at < to; at++) {
    const number =
      ((bytes[4 * (at - from)] as number) |
        ((bytes[4 * (at - from) + 1] as number) << 8) |
        ((bytes[4 * (at - from) + 2] as number) << 16) |
        ((bytes[4 * (at - from) + 3] as number) << 24)) >>>
      0;
    column[at] = number === 0xffffffff ? Number.NaN : least + number;
  }
};

/** Any other width. */
const readWide = (
  bytes: Uint8Array,
  column: Float64Array,
  least: number,
  from: number,
  to: number,
  width: number,
) => {
  const absent = (most[width] ?? 0) + 1;
  let place = 0;
  for (let at = from; at < to; at++) {
    let number = 0;
    let scale = 1;
    for (let byte = 0; byte < width; byte++) {
      number += (bytes[place++] as number) * scale;
      scale *= 256;
    }
    column[at] = number === absent ? Number.NaN : least + number;
  }
};
