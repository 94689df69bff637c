import type { Memory } from './memory.ts';

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

/** The places of a column whose rows all have a value; `classes` by row, left out where there are none. */
export const everyPlace = (
  rows: number,
  groups: Uint32Array,
  classes: Uint8Array | undefined,
  memory: Memory,
): Places => {
  const marks = memory.int32(rows);
  for (let row = 0; row < rows; row++) marks[row] = row << 9;
  let begun = 0;
  for (let group = 0; group < groups.length; group++) {
    const start = groups[group] as number;
    if (start >= (groups[group + 1] ?? rows)) continue;
    marks[start] = (start << 9) | 1;
    begun++;
  }
  if (classes)
    for (let row = 0; row < rows; row++)
      marks[row] = (marks[row] as number) | ((classes[row] as number) << 1);
  return { count: rows, marks, begun, gaps: noGaps };
};

/** The places of the values that a pattern of presence, one bit a row, leaves of every row. */
export const placesUnder = (
  bitmap: Uint8Array,
  { count: rows, marks: every }: Places,
  memory: Memory,
): Places => {
  const marks = memory.int32(rows);
  const gaps = memory.int32(rows);
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
