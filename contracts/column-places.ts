/** Where the present values of a column stand. */
export type Places = {
  readonly count: number;
  /** For each value: its row times 512, its class (0 where there are none) times 2, and 1 where it begins a group. */
  readonly marks: Int32Array;
  /** Values that begin a group. */
  readonly begun: number;
  /** The rows without a value. */
  readonly gaps: Int32Array;
};

const noGaps = new Int32Array(0);

const beginnings = (rows: number, groups: Uint32Array) => {
  const firsts = new Uint8Array(rows);
  for (let group = 0; group < groups.length; group++) {
    const start = groups[group] as number;
    if (start < rows) firsts[start] = 1;
  }
  return firsts;
};

/** The places of a column whose rows all have a value; `classes` by row, left out where there are none. */
export const everyPlace = (rows: number, groups: Uint32Array, classes?: Uint8Array): Places => {
  const marks = new Int32Array(rows);
  const firsts = beginnings(rows, groups);
  let begun = 0;
  for (let row = 0; row < rows; row++) {
    const first = firsts[row] as number;
    marks[row] = (row << 9) | first;
    begun += first;
  }
  if (classes)
    for (let row = 0; row < rows; row++)
      marks[row] = (marks[row] as number) | ((classes[row] as number) << 1);
  return { count: rows, marks, begun, gaps: noGaps };
};

/** The places of the values that a pattern of presence, one bit a row, leaves of every row. */
export const placesUnder = (bitmap: Uint8Array, { count: rows, marks: every }: Places): Places => {
  const marks = new Int32Array(rows);
  const gaps = new Int32Array(rows);
  let count = 0;
  let absent = 0;
  let begun = 0;
  let isFirst = 0;
  for (let row = 0; row < rows; row++) {
    const mark = every[row] as number;
    isFirst |= mark & 1;
    if (((bitmap[row >> 3] as number) & (1 << (row & 7))) !== 0) {
      marks[count++] = (mark & -2) | isFirst;
      begun += isFirst;
      isFirst = 0;
    } else gaps[absent++] = row;
  }
  return { count, marks: marks.subarray(0, count), begun, gaps: gaps.subarray(0, absent) };
};
