import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';

/** A row of one of several sets of columns. */
export type RowRef = { readonly source: TelemetryColumns; readonly at: number; readonly errorsFrom: number };

/** The rows of all sources, ordered by miner, then by time. */
export const rowsByMiner = (sources: readonly TelemetryColumns[]): RowRef[] => {
  const byMiner = new Map<string, RowRef[]>();
  let errorsFrom = 0;
  for (const source of sources) {
    for (let at = 0; at < source.rows; at++) {
      const minerId = minerOf({ source, at });
      const rows = byMiner.get(minerId);
      const row = { source, at, errorsFrom };
      if (rows) rows.push(row);
      else byMiner.set(minerId, [row]);
    }
    errorsFrom += source.errorSets.length;
  }
  const ids = [...byMiner.keys()].sort();
  return ids.flatMap((id) => (byMiner.get(id) ?? []).sort((a, b) => timeOf(a) - timeOf(b)));
};

const timeOf = ({ source, at }: RowRef) => source.sampledAtMs[at] ?? 0;
const minerOf = ({ source, at }: Pick<RowRef, 'source' | 'at'>) =>
  source.minerIds[source.miner[at] ?? 0] ?? '';
const errorsOf = ({ source, at }: RowRef) => source.errorSets[(source.errorSet[at] ?? 0) - 1]?.join() ?? '';

/** Every second row of a miner, and what differs in state, mode or error codes from the row before it. */
export const everySecond = (rows: readonly RowRef[]): RowRef[] => {
  let turn = 0;
  return rows.filter((row, index) => {
    const before = rows[index - 1];
    if (!before || minerOf(before) !== minerOf(row)) {
      turn = 0;
      return true;
    }
    turn++;
    return (
      turn % 2 === 0 ||
      row.source.state[row.at] !== before.source.state[before.at] ||
      row.source.mode[row.at] !== before.source.mode[before.at] ||
      errorsOf(row) !== errorsOf(before)
    );
  });
};

/** Rows, ordered by miner, then by time, as columns of their own. */
export const gather = (rows: readonly RowRef[], sources: readonly TelemetryColumns[]): TelemetryColumns => {
  const minerIds: string[] = [];
  const gathered = {
    rows: rows.length,
    miner: new Uint32Array(rows.length),
    sampledAtMs: new Float64Array(rows.length),
    state: new Uint8Array(rows.length),
    mode: new Uint8Array(rows.length),
    errorSet: new Uint16Array(rows.length),
  };
  rows.forEach((row, to) => {
    const { source, at, errorsFrom } = row;
    const minerId = minerOf(row);
    if (minerIds.at(-1) !== minerId) minerIds.push(minerId);
    const errorSet = source.errorSet[at] ?? 0;
    gathered.miner[to] = minerIds.length - 1;
    gathered.sampledAtMs[to] = source.sampledAtMs[at] ?? 0;
    gathered.state[to] = source.state[at] ?? 0;
    gathered.mode[to] = source.mode[at] ?? 0;
    gathered.errorSet[to] = errorSet === 0 ? 0 : errorSet + errorsFrom;
  });
  const values: Partial<Record<ReadingField, Float64Array>> = {};
  for (const field of readingFieldNames) {
    if (!sources.some((source) => source.values[field])) continue;
    const column = new Float64Array(rows.length);
    rows.forEach(({ source, at }, to) => {
      column[to] = source.values[field]?.[at] ?? Number.NaN;
    });
    values[field] = column;
  }
  return { ...gathered, minerIds, errorSets: sources.flatMap(({ errorSets }) => errorSets), values };
};
