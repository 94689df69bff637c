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

/** The three digits of every number below a thousand, one after the other. */
const triples = Uint8Array.from({ length: 3_000 }, (_, at) => {
  const number = Math.floor(at / 3);
  const place = at % 3;
  return zero + (Math.floor(number / (place === 0 ? 100 : place === 1 ? 10 : 1)) % 10);
});

/**
 * Whole numbers of units of the last of `decimals` decimals as a JSON array of numbers: 1234 of two is 12.34. NaN is null. Every
 * number must be whole and less than 2^53, and there are at most nine decimals.
 */
export const numbersText = (values: Float64Array, decimals = 0): JsonText => {
  const least = values.length * mostBytes + 2;
  if (buffer.length < least) buffer = Buffer.alloc(2 * least);
  const out = buffer;
  const scale = 10 ** decimals;
  /** Decimals are written three at a time: what these make more of them. */
  const fill = 10 ** ((9 - decimals) % 3);
  let end = 0;
  out[end++] = open;
  for (let at = 0; at < values.length; at++) {
    let size = values[at] as number;
    if (at > 0) out[end++] = comma;
    // biome-ignore lint/suspicious/noSelfCompare: the quickest test for NaN in a hot loop
    if (size !== size) {
      for (const byte of nullBytes) out[end++] = byte;
      continue;
    }
    if (size < 0) {
      out[end++] = minus;
      size = -size;
    }
    if (decimals === 0) end = size < billion ? writeSmall(out, end, size | 0) : writeLarge(out, end, size);
    else {
      const whole = size < billion ? (size / scale) | 0 : Math.floor(size / scale);
      end = whole < billion ? writeSmall(out, end, whole | 0) : writeLarge(out, end, whole);
      const rest = (size - whole * scale) | 0;
      if (rest > 0) end = writeDecimals(out, end, rest * fill, decimals);
    }
  }
  out[end++] = close;
  return new JsonText(out.toString('latin1', 0, end));
};

const billion = 1_000_000_000;

/** A whole number below a billion. */
const writeSmall = (out: Uint8Array, from: number, value: number): number => {
  if (value < 10) {
    out[from] = zero + value;
    return from + 1;
  }
  if (value < 1_000) {
    const at = value * 3;
    if (value < 100) {
      out[from] = triples[at + 1] as number;
      out[from + 1] = triples[at + 2] as number;
      return from + 2;
    }
    out[from] = triples[at] as number;
    out[from + 1] = triples[at + 1] as number;
    out[from + 2] = triples[at + 2] as number;
    return from + 3;
  }
  const high = (value / 1_000) | 0;
  return writeTriple(out, writeSmall(out, from, high), value - high * 1_000);
};

const writeTriple = (out: Uint8Array, from: number, value: number): number => {
  const at = value * 3;
  out[from] = triples[at] as number;
  out[from + 1] = triples[at + 1] as number;
  out[from + 2] = triples[at + 2] as number;
  return from + 3;
};

const writeLarge = (out: Uint8Array, from: number, value: number): number => {
  const high = Math.floor(value / billion);
  const end = high < billion ? writeSmall(out, from, high) : writeLarge(out, from, high);
  return writeNine(out, end, (value - high * billion) | 0);
};

const writeNine = (out: Uint8Array, from: number, value: number): number => {
  const thousands = (value / 1_000) | 0;
  const millions = (thousands / 1_000) | 0;
  const end = writeTriple(out, writeTriple(out, from, millions), thousands - millions * 1_000);
  return writeTriple(out, end, value - thousands * 1_000);
};

/** A point and what follows it, without the zeros at its end; `rest` has one, two or three times three digits. */
const writeDecimals = (out: Uint8Array, from: number, rest: number, decimals: number): number => {
  out[from] = point;
  let end = from + 1;
  if (decimals <= 3) end = writeTriple(out, end, rest);
  else if (decimals <= 6) {
    const high = (rest / 1_000) | 0;
    end = writeTriple(out, writeTriple(out, end, high), rest - high * 1_000);
  } else end = writeNine(out, end, rest);
  while (out[end - 1] === zero) end--;
  return end;
};
