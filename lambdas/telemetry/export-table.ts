/** A column of an export: its kind fixes how CSV and Parquet write it. Null is an empty cell. `time` is epoch milliseconds. */
export type ExportColumn =
  | { readonly name: string; readonly kind: 'text'; readonly values: readonly (string | null)[] }
  | {
      readonly name: string;
      readonly kind: 'time' | 'number' | 'whole';
      readonly values: readonly (number | null)[];
    };

/** Some rows of an export; every part of one export has the same columns by name, kind and order. */
export type ExportPart = { readonly rows: number; readonly columns: readonly ExportColumn[] };

/** Takes an export's parts in order and gives its file. */
export type ExportWriter = {
  readonly add: (part: ExportPart) => void;
  readonly finish: () => Uint8Array;
};
