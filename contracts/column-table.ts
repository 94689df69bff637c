/** A table of named columns: whole numbers up to 2^53, NaN is absent. Names are as contracts/name-list.ts has them. */
export type ColumnTable = {
  readonly rows: number;
  /** Where each group of rows (a miner) begins, ascending, the first 0: columns run on within a group. */
  readonly groups: Uint32Array;
  readonly columns: ReadonlyMap<string, Float64Array>;
};

export const maxRowsOfTable = 1 << 20;
export const maxColumns = 1_000;
/** Rows times columns, 64 MiB as numbers. */
export const maxCells = 1 << 23;

/** How a column is kept (docs/telemetry-format.md, "A table"). */
export const kinds = { absent: 0, constant: 1, predicted: 2, listed: 3, plain: 4 } as const;
