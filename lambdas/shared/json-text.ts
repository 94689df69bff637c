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
  const pieces: string[] = [];
  write(value, pieces);
  return pieces.join('');
};

/** Long texts are put together once, at the end. */
const write = (value: unknown, pieces: string[]) => {
  if (value instanceof JsonText) return void pieces.push(value.text);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return void pieces.push(JSON.stringify(value));
  let before = '{';
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    pieces.push(`${before}${JSON.stringify(name)}:`);
    write(member, pieces);
    before = ',';
  }
  pieces.push(before === '{' ? '{}' : '}');
};

const [minus, point, zero, comma, open, close] = [45, 46, 48, 44, 91, 93];
const nullBytes = Buffer.from('null', 'latin1');
/** A sign, 17 digits, a point, two more digits than are meant to stay, and a comma; `null` and a comma are less. */
const mostBytes = 24;
let buffer = Buffer.alloc(1 << 20);

/** The three digits of every number below a thousand. */
const digits = [100, 10, 1].map((unit) =>
  Uint8Array.from({ length: 1_000 }, (_, number) => zero + (Math.floor(number / unit) % 10)),
);
const none = new Uint8Array();
const [hundreds = none, tens = none, ones = none] = digits;

const billion = 1_000_000_000;
const smallest31Bits = 2_147_483_648;

/**
 * Whole numbers of units of the last of `decimals` decimals as a JSON array of numbers: 1234 of two is 12.34. NaN is null. Every
 * number must be whole and less than 2^53, and there are at most nine decimals.
 */
export const numbersText = (values: Float64Array, decimals = 0): JsonText => {
  const least = values.length * mostBytes + 2;
  if (buffer.length < least) buffer = Buffer.alloc(2 * least);
  const out = buffer;
  // Decimals are written three at a time: with so many zeros behind them.
  const triples = Math.ceil(decimals / 3);
  const fill = 10 ** (3 * triples - decimals);
  let end = 0;
  let start = 0;
  let before = Number.NaN;
  out[end++] = open;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (at > 0) out[end++] = comma;
    if (value === before) {
      const length = end - 1 - start;
      for (let byte = 0; byte < length; byte++) out[end + byte] = out[start + byte] as number;
      start = end;
      end += length;
      continue;
    }
    before = value;
    start = end;
    // biome-ignore lint/suspicious/noSelfCompare: the quickest test for NaN in a hot loop
    if (value !== value) {
      for (let byte = 0; byte < 4; byte++) out[end++] = nullBytes[byte] as number;
      continue;
    }
    const size = value < 0 ? -value : value;
    if (value < 0) out[end++] = minus;
    const filled = size * fill;
    if (filled < smallest31Bits && triples < 3) {
      const whole = filled | 0;
      if (triples === 0) end = writeSmall(out, end, whole);
      else end = triples === 1 ? writeThousandths(out, end, whole) : writeMillionths(out, end, whole);
    } else end = writeLarge(out, end, size, decimals, fill);
  }
  out[end++] = close;
  return new JsonText(out.toString('latin1', 0, end));
};

/** A whole number below 2^31. */
const writeSmall = (out: Uint8Array, from: number, value: number): number => {
  if (value < 10) {
    out[from] = zero + value;
    return from + 1;
  }
  if (value < 100) {
    out[from] = tens[value] as number;
    out[from + 1] = ones[value] as number;
    return from + 2;
  }
  if (value < 1_000) return writeTriple(out, from, value);
  const high = (value / 1_000) | 0;
  return writeTriple(out, writeSmall(out, from, high), (value - Math.imul(high, 1_000)) | 0);
};

const writeTriple = (out: Uint8Array, from: number, value: number): number => {
  out[from] = hundreds[value] as number;
  out[from + 1] = tens[value] as number;
  out[from + 2] = ones[value] as number;
  return from + 3;
};

/** Where what was written ends without the zeros behind it. */
const trimmed = (out: Uint8Array, end: number): number => {
  let last = end;
  while (out[last - 1] === zero) last--;
  return last;
};

const writeThousandths = (out: Uint8Array, from: number, value: number): number => {
  const whole = (value / 1_000) | 0;
  const rest = (value - Math.imul(whole, 1_000)) | 0;
  const end = writeSmall(out, from, whole);
  if (rest === 0) return end;
  out[end] = point;
  return trimmed(out, writeTriple(out, end + 1, rest));
};

const writeMillionths = (out: Uint8Array, from: number, value: number): number => {
  const thousandths = (value / 1_000) | 0;
  const last = (value - Math.imul(thousandths, 1_000)) | 0;
  if (last === 0) return writeThousandths(out, from, thousandths);
  const whole = (thousandths / 1_000) | 0;
  const end = writeSmall(out, from, whole);
  out[end] = point;
  const first = (thousandths - Math.imul(whole, 1_000)) | 0;
  return trimmed(out, writeTriple(out, writeTriple(out, end + 1, first), last));
};

/** Any whole number below 2^53, with up to nine decimals. */
const writeLarge = (out: Uint8Array, from: number, size: number, decimals: number, fill: number): number => {
  if (decimals === 0) return writeWhole(out, from, size);
  const scale = 10 ** decimals;
  const whole = Math.floor(size / scale);
  const end = writeWhole(out, from, whole);
  const rest = (size - whole * scale) * fill;
  if (rest === 0) return end;
  out[end] = point;
  if (decimals <= 3) return trimmed(out, writeTriple(out, end + 1, rest));
  if (decimals <= 6) {
    const high = Math.floor(rest / 1_000);
    return trimmed(out, writeTriple(out, writeTriple(out, end + 1, high), rest - high * 1_000));
  }
  return trimmed(out, writeNine(out, end + 1, rest));
};

const writeWhole = (out: Uint8Array, from: number, size: number): number => {
  if (size < smallest31Bits) return writeSmall(out, from, size | 0);
  const high = Math.floor(size / billion);
  return writeNine(out, writeSmall(out, from, high), size - high * billion);
};

const writeNine = (out: Uint8Array, from: number, value: number): number => {
  const thousands = Math.floor(value / 1_000);
  const millions = Math.floor(thousands / 1_000);
  const end = writeTriple(out, writeTriple(out, from, millions), thousands - millions * 1_000);
  return writeTriple(out, end, value - thousands * 1_000);
};
