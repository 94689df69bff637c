const quote = 0x22;
const backslash = 0x5c;
const opens = new Set([0x7b, 0x5b]);
const closes = new Set([0x7d, 0x5d]);

/** True when the bytes hold at least one bracket and every bracket outside strings is closed. */
const isBalancedJson = (bytes: Uint8Array) => {
  let depth = 0;
  let seen = false;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (inString) {
      if (byte === backslash) at++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (opens.has(byte)) {
      depth++;
      seen = true;
    } else if (closes.has(byte)) depth--;
  }
  return seen && depth <= 0 && !inString;
};

/**
 * Where a miner's answer ends, or undefined while more must come: at a NUL; or, on firmware that neither sends one
 * nor closes, where the JSON is complete at the end of what has arrived.
 */
export const answerEnd = (bytes: Uint8Array) => {
  const nul = bytes.indexOf(0);
  if (nul >= 0) return nul;
  const last = bytes[bytes.length - 1];
  const mayBeWhole = last === 0x0a || (last !== undefined && closes.has(last));
  return mayBeWhole && isBalancedJson(bytes) ? bytes.length : undefined;
};
