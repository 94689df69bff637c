const quote = 0x22;
const backslash = 0x5c;
const opens = (byte: number) => byte === 0x7b || byte === 0x5b;
const closes = (byte: number) => byte === 0x7d || byte === 0x5d;
const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/**
 * Looks for a miner's answer's end while it arrives, at each byte once: `in(bytes)` takes all that has arrived and tells where the answer
 * ends, or undefined while more must come. It ends at a NUL; or, on firmware that neither sends one nor closes, where the JSON is
 * complete at the end of what has arrived.
 */
export class AnswerEnd {
  #at = 0;
  #depth = 0;
  #seen = false;
  #inString = false;
  #escaped = false;

  in(bytes: Uint8Array) {
    const nul = bytes.indexOf(0, this.#at);
    if (nul >= 0) return nul;
    for (; this.#at < bytes.length; this.#at++) this.#pass(bytes[this.#at] ?? 0);
    const last = bytes[bytes.length - 1];
    const mayBeWhole = last !== undefined && (closes(last) || isSpace(last));
    return mayBeWhole && this.#seen && this.#depth <= 0 && !this.#inString ? bytes.length : undefined;
  }

  #pass(byte: number) {
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString) {
      if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inString = false;
    } else if (byte === quote) this.#inString = true;
    else if (opens(byte)) {
      this.#depth++;
      this.#seen = true;
    } else if (closes(byte)) this.#depth--;
  }
}

/** The same for what is there already. */
export const answerEnd = (bytes: Uint8Array) => new AnswerEnd().in(bytes);
