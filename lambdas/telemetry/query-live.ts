import type * as z from 'zod';
import type { LiveFigure, liveQuery } from '../../contracts/api-telemetry.ts';
import { type MinerState, minerStates } from '../../contracts/reading.ts';
import type { LiveTable } from './live-table.ts';

export type LiveRequest = Omit<z.output<typeof liveQuery>, 'site_id'>;
export type LiveSelection = {
  /** Rows of the table that make the page, in the order asked for. */
  readonly rows: Uint32Array;
  /** How many fit the filter on all pages together. */
  readonly total: number;
  /** The last row's place in the order, where another page follows. */
  readonly lastPlace?: string;
};

/** Filters, sorts and cuts the table without touching a row that is not asked for. Pages stand by value and miner id, so that they hold while figures move. */
export const selectLive = (table: LiveTable, request: LiveRequest): LiveSelection => {
  const fitting = filterRows(table, request);
  const sorted = sortRows(table, fitting, request.sort, request.order);
  const total = sorted.length;
  const start = request.cursor === undefined ? 0 : firstAfter(table, sorted, request, request.cursor);
  const rows = sorted.subarray(start, request.limit === undefined ? undefined : start + request.limit);
  const last = rows.at(-1);
  return start + rows.length < total && last !== undefined
    ? { rows, total, lastPlace: placeOf(table, last, request.sort) }
    : { rows, total };
};

const filterRows = (table: LiveTable, request: LiveRequest) => {
  const among = <T>(values: readonly (T | null)[], wanted: readonly T[] | undefined) => {
    if (!wanted) return undefined;
    const set = new Set<T | null>(wanted);
    return (at: number) => set.has(values[at] ?? null);
  };
  const states =
    request.state && new Set(request.state.map((state: MinerState) => minerStates.indexOf(state)));
  const prefix = request.miner_prefix;
  const tests = [
    states && ((at: number) => states.has(table.state[at] ?? -1)),
    among(table.zoneId, request.zone_id),
    among(table.model, request.model),
    among(table.customerId, request.customer_id),
    among(table.minerId, request.miner_id),
    prefix === undefined ? undefined : (at: number) => table.minerId[at]?.startsWith(prefix) === true,
    ...(request.min ?? []).map(({ figure, value }) => {
      const of = table.figures[figure];
      return (at: number) => (of[at] ?? Number.NaN) >= value;
    }),
    ...(request.max ?? []).map(({ figure, value }) => {
      const of = table.figures[figure];
      return (at: number) => (of[at] ?? Number.NaN) <= value;
    }),
  ].filter((test) => test !== undefined);
  const found = new Uint32Array(table.rows);
  let count = 0;
  for (let at = 0; at < table.rows; at++)
    if (!table.retired[at] && tests.every((test) => test(at))) found[count++] = at;
  return found.subarray(0, count);
};

type Sort = LiveRequest['sort'];
const sortColumn = (table: LiveTable, sort: Exclude<Sort, 'miner_id'>) =>
  sort === 'sampled_at' ? table.sampledAtMs : table.figures[sort satisfies LiveFigure];

/** Rows are in miner order already and sorting is stable, so equal figures stay in it; absent figures come last. */
const sortRows = (table: LiveTable, rows: Uint32Array, sort: Sort, order: LiveRequest['order']) => {
  if (sort === 'miner_id') return order === 'asc' ? rows : rows.toReversed();
  const of = sortColumn(table, sort);
  const sign = order === 'asc' ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [x, y] = [of[a] ?? Number.NaN, of[b] ?? Number.NaN];
    if (Number.isNaN(x)) return Number.isNaN(y) ? a - b : 1;
    return Number.isNaN(y) ? -1 : sign * (x - y) || a - b;
  });
};

const placeOf = (table: LiveTable, row: number, sort: Sort) => {
  const value = sort === 'miner_id' ? Number.NaN : (sortColumn(table, sort)[row] ?? Number.NaN);
  return `${Number.isNaN(value) ? '' : value}~${table.minerId[row]}`;
};

/** Where the rows begin that come after a place in the order, whether or not its miner is still there. */
const firstAfter = (table: LiveTable, sorted: Uint32Array, { sort, order }: LiveRequest, place: string) => {
  const [value = '', miner = ''] = place.split('~');
  const limit = value === '' ? Number.NaN : Number(value);
  const sign = order === 'asc' ? 1 : -1;
  const of = sort === 'miner_id' ? undefined : sortColumn(table, sort);
  const isAfter = (row: number) => {
    const id = table.minerId[row] ?? '';
    if (!of) return order === 'asc' ? id > miner : id < miner;
    const own = of[row] ?? Number.NaN;
    if (Number.isNaN(own) !== Number.isNaN(limit)) return Number.isNaN(own);
    const distance = Number.isNaN(own) ? 0 : sign * (own - limit);
    return distance > 0 || (distance === 0 && id > miner);
  };
  const found = sorted.findIndex(isAfter);
  return found < 0 ? sorted.length : found;
};
