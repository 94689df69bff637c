import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { csvWriter } from './export-csv.ts';
import { parquetWriter } from './export-parquet.ts';
import type { ExportColumn, ExportPart } from './export-table.ts';

const nullable = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const row = fc.record({
  miner_id: nullable(fc.string({ unit: 'grapheme', maxLength: 12 })),
  at: nullable(fc.integer({ min: 0, max: 4e12 })),
  power: nullable(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
  shares: nullable(fc.integer({ min: -5, max: Number.MAX_SAFE_INTEGER })),
});
type Row = { miner_id: string | null; at: number | null; power: number | null; shares: number | null };
const partOf = (rows: readonly Row[]): ExportPart => {
  const columns: ExportColumn[] = [
    { name: 'miner_id', kind: 'text', values: rows.map(({ miner_id }) => miner_id) },
    { name: 'at', kind: 'time', values: rows.map(({ at }) => at) },
    { name: 'power_w', kind: 'number', values: rows.map(({ power }) => power) },
    { name: 'shares', kind: 'whole', values: rows.map(({ shares }) => shares) },
  ];
  return { rows: rows.length, columns };
};
const { columns } = partOf([]);
const parts = fc.array(fc.array(row, { maxLength: 20 }), { maxLength: 5 });

/** RFC 4180, as a stranger would read it. */
const readCsv = (text: string) => {
  const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n)/g)];
  const lines: string[][] = [[]];
  for (const [, cell = '', end] of cells) {
    lines.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === '\r\n') lines.push([]);
  }
  return lines.slice(0, -1);
};

describe('an export as CSV', () => {
  it('reads back, with times in UTC, nothing where nothing was said, and no formula', () => {
    fc.assert(
      fc.property(parts, (all) => {
        const writer = csvWriter(columns);
        for (const rows of all) writer.add(partOf(rows));
        const [header, ...lines] = readCsv(Buffer.from(writer.finish()).toString('utf8'));
        expect(header).toEqual(['miner_id', 'at', 'power_w', 'shares']);
        expect(lines).toEqual(
          all
            .flat()
            .map(({ miner_id, at, power, shares }) => [
              /^[=+\-@\t\r]/.test(miner_id ?? '') ? `'${miner_id}` : (miner_id ?? ''),
              at === null ? '' : new Date(at).toISOString(),
              power === null ? '' : String(power),
              shares === null ? '' : String(shares),
            ]),
        );
        for (const [text = ''] of lines) expect(text).not.toMatch(/^[=+\-@]/);
      }),
    );
  });
});

describe('an export as Parquet', () => {
  it('holds for another reader the same values, nulls among them', async () => {
    await fc.assert(
      fc.asyncProperty(parts, async (all) => {
        const writer = parquetWriter(columns);
        for (const rows of all) writer.add(partOf(rows));
        const bytes = writer.finish();
        const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
        const read = await parquetReadObjects({ file });
        expect(read).toEqual(
          all.flat().map(({ miner_id, at, power, shares }) => ({
            miner_id,
            at: at === null ? null : new Date(at),
            power_w: power,
            shares: shares === null ? null : BigInt(shares),
          })),
        );
      }),
      { numRuns: 50 },
    );
  });
});
