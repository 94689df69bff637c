export const batchFaults = [
  'TOO_LARGE',
  'BAD_MAGIC',
  'BAD_COMPRESSION',
  'BAD_HEADER',
  'TRUNCATED',
  'TRAILING_BYTES',
  'BAD_VALUE',
] as const;
export type BatchFault = (typeof batchFaults)[number];

/** Thrown inside the decoder where bytes do not fit the format; callers see a DecodedBatch. */
export class BatchError extends Error {
  readonly fault: BatchFault;
  constructor(fault: BatchFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

/** Grows as bytes, LEB128 varints and zigzag varints are appended. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
  }

  byte(value: number) {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number) {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  signed(value: number) {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  bytes(chunk: Uint8Array) {
    if (this.#length + chunk.length > this.#bytes.length) this.#grow(chunk.length);
    this.#bytes.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  /** The length in bytes, then the text as UTF-8. */
  text(text: string) {
    const bytes = Buffer.from(text, 'utf8');
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  /** What was appended; it is of use until `restart`. */
  done() {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was appended, to append something else in the same memory. */
  restart() {
    this.#length = 0;
  }

  #grow(atLeast: number) {
    const next = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + atLeast));
    next.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = next;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads what Writer wrote. Every method throws BatchError where the bytes end or do not fit. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte() {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new BatchError('TRUNCATED', 'the batch ends in the middle of its columns');
    return value;
  }

  varint() {
    let value = 0;
    let scale = 1;
    for (;;) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) break;
      scale *= 0x80;
      if (scale > 2 ** 49) throw new BatchError('BAD_VALUE', 'a number is longer than 56 bits');
    }
    if (!Number.isSafeInteger(value)) throw new BatchError('BAD_VALUE', 'a number exceeds 2^53');
    return value;
  }

  signed() {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  bytes(length: number) {
    if (this.#at + length > this.#bytes.length)
      throw new BatchError('TRUNCATED', 'the batch ends before its header does');
    const chunk = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return chunk;
  }

  text() {
    const bytes = this.bytes(this.varint());
    try {
      return utf8.decode(bytes);
    } catch {
      throw new BatchError('BAD_HEADER', 'a text is not UTF-8');
    }
  }

  /** Everything that is left. */
  rest() {
    return this.bytes(this.left);
  }

  get left() {
    return this.#bytes.length - this.#at;
  }
}
