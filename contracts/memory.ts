/** Lends typed arrays. What they hold is not defined: who borrows one fills it. */
export type Memory = {
  readonly float64: (length: number) => Float64Array;
  readonly int32: (length: number) => Int32Array;
  readonly uint32: (length: number) => Uint32Array;
  readonly uint16: (length: number) => Uint16Array;
  readonly uint8: (length: number) => Uint8Array;
};

/** Arrays of their own, for whoever keeps them. */
export const freshMemory: Memory = {
  float64: (length) => new Float64Array(length),
  int32: (length) => new Int32Array(length),
  uint32: (length) => new Uint32Array(length),
  uint16: (length) => new Uint16Array(length),
  uint8: (length) => new Uint8Array(length),
};

/** Memory that is used again. */
export type ReusedMemory = Memory & {
  /** Takes back all that was lent: nobody may look at it any more. */
  readonly takeBack: () => void;
};

/**
 * Memory in one piece, as large as was needed at most between two `takeBack`s but no larger than `mostBytes`. Where large arrays come and go
 * with every batch, their collection takes longer than all that is done with them.
 */
export const reusedMemory = (mostBytes: number): ReusedMemory => {
  let buffer = new ArrayBuffer(0);
  let used = 0;
  const place = (bytes: number) => {
    const start = used;
    used += (bytes + 7) & ~7;
    return used <= buffer.byteLength ? start : -1;
  };
  return {
    float64: (length) => {
      const start = place(length * 8);
      return start < 0 ? new Float64Array(length) : new Float64Array(buffer, start, length);
    },
    int32: (length) => {
      const start = place(length * 4);
      return start < 0 ? new Int32Array(length) : new Int32Array(buffer, start, length);
    },
    uint32: (length) => {
      const start = place(length * 4);
      return start < 0 ? new Uint32Array(length) : new Uint32Array(buffer, start, length);
    },
    uint16: (length) => {
      const start = place(length * 2);
      return start < 0 ? new Uint16Array(length) : new Uint16Array(buffer, start, length);
    },
    uint8: (length) => {
      const start = place(length);
      return start < 0 ? new Uint8Array(length) : new Uint8Array(buffer, start, length);
    },
    takeBack: () => {
      if (used > buffer.byteLength && buffer.byteLength < mostBytes)
        buffer = new ArrayBuffer(Math.min(used + (used >> 2), mostBytes));
      used = 0;
    },
  };
};
