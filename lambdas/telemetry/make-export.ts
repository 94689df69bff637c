import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { csvWriter } from './export-csv.ts';
import {
  checkOrder,
  type ExportMiner,
  type ExportOrder,
  minersOf,
  rowLimits,
  tooManyRows,
} from './export-order.ts';
import { parquetWriter } from './export-parquet.ts';
import type { ExportColumn, ExportPart } from './export-table.ts';

export type ExportSource = {
  /** The columns of every part, by the order. */
  readonly columnsOf: (order: ExportOrder) => readonly Pick<ExportColumn, 'name' | 'kind'>[];
  readonly read: (order: ExportOrder, miners: readonly ExportMiner[]) => AsyncIterable<ExportPart>;
};
export type ExportFile = {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly fileName: string;
  readonly contentType: string;
};
export type MakeExportDeps = {
  readonly readMiners: (siteId: number) => Promise<readonly RegisteredMiner[]>;
  readonly source: ExportSource;
};

const day = (atMs: number) => toUtc(atMs).slice(0, 10);

type Limit = keyof typeof rowLimits;
const kindOf = ({ format }: ExportOrder, limit: Limit) => {
  if (format === 'parquet') return { suffix: 'parquet', contentType: 'application/vnd.apache.parquet' };
  return limit === 'job'
    ? { suffix: 'csv.gz', contentType: 'application/gzip' }
    : { suffix: 'csv', contentType: 'text/csv; charset=utf-8' };
};

/** Reads the rows of an order into a file. Fails where no miner fits, or where there are more rows than the limit allows. */
export const makeExport =
  ({ readMiners, source }: MakeExportDeps) =>
  async (order: ExportOrder, limit: Limit): Promise<Result<ExportFile>> => {
    const miners = minersOf(order, await readMiners(order.siteId));
    if (miners.length === 0) return fail('validation_failed', 'No miner of this site fits');
    const checked = checkOrder(order, miners.length, limit);
    if (!checked.ok) return checked;
    const columns = source.columnsOf(order);
    const writer = order.format === 'csv' ? csvWriter(columns, limit === 'job') : parquetWriter(columns);
    let rows = 0;
    for await (const part of source.read(order, miners)) {
      rows += part.rows;
      if (rows > rowLimits[limit]) return tooManyRows(limit, 'There are more rows');
      writer.add(part);
    }
    const { suffix, contentType } = kindOf(order, limit);
    const name = `telemetry-site-${order.siteId}-${order.tier}-${day(order.fromMs)}-${day(order.toMs - 1)}`;
    return succeed({
      rows,
      bytes: writer.finish(),
      fileName: `${name}.${suffix}`,
      contentType,
    });
  };
