import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';

/** Rows of several sets of columns in an order: for each the index of its source and its place there. */
export type RowOrder = {
  readonly source: Uint16Array;
  readonly at: Uint32Array;
  readonly minerIds: readonly string[];
  readonly miner: Uint32Array;
};

const none = Number.MAX_SAFE_INTEGER;

/** The rows of all sources, ordered by miner, then by time, as every source is by itself. */
export const rowsByMiner = (sources: readonly TelemetryColumns[]): RowOrder => {
  const rows = sources.reduce((sum, one) => sum + one.rows, 0);
  const order = { source: new Uint16Array(rows), at: new Uint32Array(rows), miner: new Uint32Array(rows) };
  const minerIds = [...new Set(sources.flatMap((one) => one.minerIds))].sort();
  const heads = sources.map(() => 0);
  let to = 0;
  minerIds.forEach((minerId, miner) => {
    const here = sources.map((one, index) => {
      const head = heads[index] ?? 0;
      return one.minerIds[one.miner[head] ?? none] === minerId ? one.miner[head] : none;
    });
    for (;;) {
      let [next, earliest] = [-1, Number.POSITIVE_INFINITY];
      for (let index = 0; index < sources.length; index++) {
        const [one, head] = [sources[index], heads[index] ?? 0];
        if (!one || head >= one.rows || one.miner[head] !== here[index]) continue;
        const timeMs = one.sampledAtMs[head] ?? 0;
        if (timeMs < earliest) [next, earliest] = [index, timeMs];
      }
      if (next < 0) return;
      order.source[to] = next;
      order.at[to] = heads[next] ?? 0;
      order.miner[to++] = miner;
      heads[next] = (heads[next] ?? 0) + 1;
    }
  });
  return { ...order, minerIds };
};

const errorsOf = (source: TelemetryColumns | undefined, at: number) =>
  source?.errorSets[(source.errorSet[at] ?? 0) - 1]?.join() ?? '';

/** Every second row of a miner, and what differs in state, mode or error codes from the row before it. */
export const everySecond = (
  { source, at, miner, minerIds }: RowOrder,
  sources: readonly TelemetryColumns[],
): RowOrder => {
  let turn = 0;
  const kept: number[] = [];
  for (let row = 0; row < at.length; row++) {
    turn = row > 0 && miner[row] === miner[row - 1] ? turn + 1 : 0;
    const [one, before] = [sources[source[row] ?? 0], sources[source[row - 1] ?? 0]];
    const [here, there] = [at[row] ?? 0, at[row - 1] ?? 0];
    const saysOther =
      one?.state[here] !== before?.state[there] ||
      one?.mode[here] !== before?.mode[there] ||
      errorsOf(one, here) !== errorsOf(before, there);
    if (turn % 2 === 0 || saysOther) kept.push(row);
  }
  const rows = Uint32Array.from(kept);
  return {
    source: Uint16Array.from(rows, (row) => source[row] ?? 0),
    at: rows.map((row) => at[row] ?? 0),
    miner: rows.map((row) => miner[row] ?? 0),
    minerIds,
  };
};

/** The rows from `from` up to `to` of an order, as columns of their own. */
export const gather = (
  order: RowOrder,
  sources: readonly TelemetryColumns[],
  from = 0,
  to = order.at.length,
): TelemetryColumns => {
  const rows = to - from;
  const source = order.source.subarray(from, to);
  const at = order.at.subarray(from, to);
  const miner = order.miner.subarray(from, to);
  const first = miner[0] ?? 0;
  const errorsFrom: number[] = [];
  let errors = 0;
  for (const one of sources) {
    errorsFrom.push(errors);
    errors += one.errorSets.length;
  }
  const gathered = {
    sampledAtMs: new Float64Array(rows),
    state: new Uint8Array(rows),
    mode: new Uint8Array(rows),
    errorSet: new Uint16Array(rows),
  };
  for (let row = 0; row < rows; row++) {
    const [index, place] = [source[row] ?? 0, at[row] ?? 0];
    const one = sources[index];
    const errorSet = one?.errorSet[place] ?? 0;
    gathered.sampledAtMs[row] = one?.sampledAtMs[place] ?? 0;
    gathered.state[row] = one?.state[place] ?? 0;
    gathered.mode[row] = one?.mode[place] ?? 0;
    gathered.errorSet[row] = errorSet === 0 ? 0 : errorSet + (errorsFrom[index] ?? 0);
  }
  const values: Partial<Record<ReadingField, Float64Array>> = {};
  for (const field of readingFieldNames) {
    const columns = sources.map((one) => one.values[field]);
    if (columns.every((column) => column === undefined)) continue;
    const column = new Float64Array(rows);
    for (let row = 0; row < rows; row++)
      column[row] = columns[source[row] ?? 0]?.[at[row] ?? 0] ?? Number.NaN;
    values[field] = column;
  }
  return {
    rows,
    minerIds: order.minerIds.slice(first, (miner.at(-1) ?? -1) + 1),
    miner: miner.map((index) => index - first),
    ...gathered,
    errorSets: sources.flatMap(({ errorSets }) => errorSets),
    values,
  };
};
