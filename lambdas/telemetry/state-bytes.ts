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

const scratch = { bytes: new Uint8Array(64 * 1024) };

export const writeQuickColumn = (out: Writer, column: Float64Array, from: number, to: number) => {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let absent = 0;
  for (let at = from; at < to; at++) {
    const value = column[at] as number;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    if (Number.isNaN(value)) absent++;
  }
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
  if (scratch.bytes.length < length) scratch.bytes = new Uint8Array(length);
  const { bytes } = scratch;
  if (width <= 2) {
    let place = 0;
    for (let at = from; at < to; at++) {
      const value = column[at] as number;
      const number = Number.isNaN(value) ? 0xffff : value - least;
      bytes[place++] = number;
      if (width === 2) bytes[place++] = number >>> 8;
    }
  } else if (width === 3) {
    let place = 0;
    for (let at = from; at < to; at++) {
      const value = column[at] as number;
      const number = Number.isNaN(value) ? 0xffffff : value - least;
      bytes[place] = number;
      bytes[place + 1] = number >>> 8;
      bytes[place + 2] = number >>> 16;
      place += 3;
    }
  } else if (width === 4) {
    let place = 0;
    for (let at = from; at < to; at++) {
      const value = column[at] as number;
      let number = Number.isNaN(value) ? 0xffffffff : value - least;
      for (let byte = 0; byte < width; byte++) {
        bytes[place++] = number & 0xff;
        number = number >>> 8;
      }
    }
  } else {
    let place = 0;
    for (let at = from; at < to; at++) {
      const value = column[at] as number;
      let number = Number.isNaN(value) ? (most[width] as number) + 1 : value - least;
      for (let byte = 0; byte < width; byte++) {
        bytes[place++] = number % 256;
        number = Math.floor(number / 256);
      }
    }
  }
  out.bytes(bytes.subarray(0, length));
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
  const absent = (most[width] ?? 0) + 1;
  let place = 0;
  if (width <= 3) {
    for (let at = from; at < to; at++) {
      let number = bytes[place++] as number;
      if (width > 1) number |= (bytes[place++] as number) << 8;
      if (width > 2) number |= (bytes[place++] as number) << 16;
      column[at] = number === absent ? Number.NaN : least + number;
    }
    return;
  }
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
