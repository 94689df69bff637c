/** A part of an answer that is JSON text already: columns of many numbers, written without an object for each. */
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** An answer in which columns of numbers may be text already. */
export type Written<T> = T extends readonly (number | null)[]
  ? T | JsonText
  : T extends readonly unknown[]
    ? T
    : T extends object
      ? { [K in keyof T]: Written<T[K]> }
      : T;

/** JSON of plain objects, arrays and values; what is text already is put in as it is. */
export const jsonOf = (value: unknown): string => {
  if (value instanceof JsonText) return value.text;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${JSON.stringify(name)}:${jsonOf(member)}`],
  );
  return `{${members.join()}}`;
};

const [minus, point, zero, comma, open, close] = [45, 46, 48, 44, 91, 93];
/** A sign, 17 digits, a point and a comma; `null` and a comma are less. */
const mostBytes = 20;
let buffer = Buffer.alloc(1 << 20);

/**
 * Whole numbers of units of the last of `decimals` decimals as a JSON array of numbers: 1234 of two is 12.34. NaN is null. Every
 * number must be whole and less than 2^53, and there are at most nine decimals.
 */
export const numbersText = (values: Float64Array, decimals = 0): JsonText => {
  const least = values.length * mostBytes + 2;
  if (buffer.length < least) buffer = Buffer.alloc(2 * least);
  const out = buffer;
  let end = 0;
  out[end++] = open;
  for (let at = 0; at < values.length; at++) {
    if (at > 0) out[end++] = comma;
    const value = values[at] ?? Number.NaN;
    if (Number.isNaN(value)) end += out.write('null', end, 'latin1');
    else end = writeNumber(out, end, value, decimals);
  }
  out[end++] = close;
  return new JsonText(out.toString('latin1', 0, end));
};

const writeNumber = (out: Buffer, from: number, value: number, decimals: number): number => {
  let end = from;
  let size = value;
  if (size < 0) {
    out[end++] = minus;
    size = -size;
  }
  if (decimals === 0) return writeWhole(out, end, size);
  const scale = 10 ** decimals;
  const whole = Math.floor(size / scale);
  end = writeWhole(out, end, whole);
  let rest = (size - whole * scale) | 0;
  if (rest === 0) return end;
  let places = decimals;
  while (rest % 10 === 0) {
    rest = (rest / 10) | 0;
    places--;
  }
  out[end] = point;
  end += places;
  for (let at = end; at > end - places; at--) {
    const next = (rest / 10) | 0;
    out[at] = zero + rest - next * 10;
    rest = next;
  }
  return end + 1;
};

const billion = 1_000_000_000;

const writeWhole = (out: Buffer, from: number, size: number): number => {
  if (size < billion) return writeDigits(out, from, size | 0, 1);
  const high = Math.floor(size / billion);
  return writeDigits(out, writeWhole(out, from, high), (size - high * billion) | 0, 9);
};

/** A whole number below a billion, with at least so many digits. */
const writeDigits = (out: Buffer, from: number, size: number, least: number): number => {
  let digits = least;
  for (let limit = 10 ** least; limit <= size; limit *= 10) digits++;
  let rest = size | 0;
  for (let at = from + digits - 1; at >= from; at--) {
    const next = (rest / 10) | 0;
    out[at] = zero + rest - next * 10;
    rest = next;
  }
  return from + digits;
};
