import {
  type LiveColumnName,
  type LivePage,
  liveColumnNames,
  liveFigures,
} from '../../contracts/api-telemetry.ts';
import { minerStates } from '../../contracts/reading.ts';
import { toUtc } from '../shared/clock.ts';
import type { LiveTable } from './live-table.ts';

/** The chosen columns of the chosen rows, as the API writes them. */
export const presentLiveColumns = (
  table: LiveTable,
  rows: Uint32Array,
  fields: readonly LiveColumnName[] = liveColumnNames,
): LivePage['columns'] => {
  const pick = <T>(of: (row: number) => T): T[] => {
    const values = new Array<T>(rows.length);
    for (let at = 0; at < rows.length; at++) values[at] = of(rows[at] ?? 0);
    return values;
  };
  const wanted = new Set(fields);
  const columns: LivePage['columns'] = { miner_id: pick((row) => table.minerId[row] ?? '') };
  if (wanted.has('zone_id')) columns.zone_id = pick((row) => table.zoneId[row] ?? null);
  if (wanted.has('model')) columns.model = pick((row) => table.model[row] ?? null);
  if (wanted.has('customer_id')) columns.customer_id = pick((row) => table.customerId[row] ?? null);
  if (wanted.has('state')) columns.state = pick((row) => minerStates[table.state[row] ?? 0] ?? 'unreachable');
  if (wanted.has('sampled_at')) columns.sampled_at = pick((row) => toUtc(table.sampledAtMs[row] ?? 0));
  for (const figure of liveFigures)
    if (wanted.has(figure)) {
      const of = table.figures[figure];
      columns[figure] = pick((row) => {
        const value = of[row] ?? Number.NaN;
        return Number.isNaN(value) ? null : value;
      });
    }
  return columns;
};
