import type { LiveColumnName, LivePage } from '../../contracts/api-telemetry.ts';
import { toUtc } from '../shared/clock.ts';
import { toCursor } from '../shared/cursor.ts';
import { type Result, succeed } from '../shared/result.ts';
import type { LiveTable } from './live-table.ts';
import { presentLiveColumns } from './present-live.ts';
import { type LiveRequest, selectLive } from './query-live.ts';
import { tooLarge } from './query-plan.ts';

/** A page of all columns has at most so many miners before the answer no longer fits (measured: 190 bytes a miner). */
const mostRows = 25_000;

/** One page of a site's live table, or the whole site without a limit. Fails where the whole site is too large for one answer. */
export const pageOfLive = (
  siteId: number,
  table: LiveTable,
  request: LiveRequest & { readonly fields?: readonly LiveColumnName[] | undefined },
  nowMs: number,
): Result<LivePage> => {
  const { rows, total, lastPlace } = selectLive(table, request);
  if (rows.length > mostRows)
    return tooLarge('limit', 'ask for at most 10000 miners and go on with next_cursor');
  return succeed({
    site_id: siteId,
    generated_at: toUtc(nowMs),
    count: rows.length,
    total,
    columns: presentLiveColumns(table, rows, request.fields),
    ...(lastPlace !== undefined && { next_cursor: toCursor(lastPlace) }),
  });
};
