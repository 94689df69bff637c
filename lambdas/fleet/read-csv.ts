import { CsvError, parse } from 'csv-parse/sync';
import * as z from 'zod';
import { newMiner } from '../../contracts/api-miners.ts';
import { describeIssues } from '../shared/api-handler.ts';
import type { NewMiner } from './miner-repository.ts';

export type RowFault = {
  readonly row: number;
  readonly field: string;
  readonly message: string;
  readonly miner_id?: string;
};
export type CsvMiners = {
  readonly rows: number;
  readonly miners: readonly { readonly row: number; readonly miner: NewMiner }[];
  readonly faults: readonly RowFault[];
};

const numbers: ReadonlySet<string> = new Set(['rated_hashrate_ths', 'rated_power_w']);
const required = [
  'miner_id',
  'vendor',
  'model',
  'zone_id',
  'gateway_id',
  'rated_hashrate_ths',
  'rated_power_w',
];
const columns: ReadonlySet<string> = new Set(Object.keys(newMiner.shape));
const mostRows = 5_000;
const table = z.array(z.array(z.string()));

/** The miners of a CSV file (RFC 4180, header row, UTF-8 with or without mark), and what is wrong with the other rows. */
export const readMinersCsv = (csv: string): CsvMiners => {
  const read = readTable(csv);
  if ('fault' in read) return { rows: 0, miners: [], faults: [read.fault] };
  const [header = [], ...rows] = read.table;
  const names = header.map((name) => name.trim().toLowerCase());
  const fault = headerFault(names) ?? (rows.length > mostRows ? tooMany(rows.length) : undefined);
  if (fault) return { rows: rows.length, miners: [], faults: [fault] };
  const miners: { row: number; miner: NewMiner }[] = [];
  const faults: RowFault[] = [];
  rows.forEach((cells, at) => {
    const row = at + 1;
    const id = cells[names.indexOf('miner_id')]?.trim();
    const about = { row, ...(id && { miner_id: id.slice(0, 64) }) };
    if (cells.length !== names.length) {
      faults.push({ ...about, field: '', message: `has ${cells.length} fields instead of ${names.length}` });
      return;
    }
    const parsed = newMiner.safeParse(toFields(names, cells), { reportInput: true });
    if (parsed.success) miners.push({ row, miner: parsed.data });
    else
      for (const issue of describeIssues(parsed.error.issues).issues ?? [])
        faults.push({ ...about, ...issue });
  });
  return { rows: rows.length, miners, faults };
};

const readTable = (csv: string): { table: string[][] } | { fault: RowFault } => {
  try {
    return {
      table: table.parse(parse(csv, { bom: true, relax_column_count: true, skip_empty_lines: true })),
    };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = z.object({ lines: z.int() }).safeParse(error);
    return {
      fault: {
        row: 0,
        field: '',
        message: `line ${line.data?.lines ?? '?'} is not CSV: ${faultNames[error.code] ?? error.code}`,
      },
    };
  }
};
const faultNames: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is not closed',
  INVALID_OPENING_QUOTE: 'a quote stands within a field',
  CSV_INVALID_CLOSING_QUOTE: 'something follows a closing quote',
};

const headerFault = (names: readonly string[]): RowFault | undefined => {
  const fault = (field: string, message: string) => ({ row: 0, field, message });
  const unknown = names.find((name) => !columns.has(name));
  if (unknown !== undefined)
    return fault(unknown.slice(0, 64), `${unknown.slice(0, 64)} is not a known column`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return fault(twice, `the column ${twice} appears twice`);
  const missing = required.find((name) => !names.includes(name));
  return missing === undefined ? undefined : fault(missing, `the column ${missing} is missing`);
};
const tooMany = (rows: number): RowFault => ({
  row: 0,
  field: '',
  message: `the file has ${rows} rows; the limit is ${mostRows}`,
});

/** An empty field is one that is left out. */
const toFields = (names: readonly string[], cells: readonly string[]) =>
  Object.fromEntries(
    names.flatMap((name, at): [string, unknown][] => {
      const text = cells[at]?.trim() ?? '';
      if (text === '') return [];
      if (numbers.has(name)) return [[name, /^[0-9.]+$/.test(text) ? Number(text) : text]];
      if (name === 'labels')
        return [
          [
            name,
            text
              .split(';')
              .map((label) => label.trim())
              .filter(Boolean),
          ],
        ];
      return [[name, text]];
    }),
  );
