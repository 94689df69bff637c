import * as z from 'zod';
import { toColumns } from '../../contracts/telemetry-columns.ts';
import { readMiners, readSite } from '../fleet/fleet-directory.ts';
import { reachSite } from '../fleet/manage-fleet.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock, toUtc } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { succeed } from '../shared/result.ts';
import { telemetryRoutes } from './api.ts';
import { pageOfLive } from './get-live.ts';
import { liveTableOf } from './live-table.ts';
import { listEntries } from './quarantine-repository.ts';
import { readSeries } from './read-series.ts';
import { readLive } from './read-telemetry.ts';
import { siteRegistry } from './site-registry.ts';

const env = config({ TELEMETRY_TABLE: z.string(), FLEET_TABLE: z.string() });
const store = { db: documentClient(), telemetryTable: env.TELEMETRY_TABLE, fleetTable: env.FLEET_TABLE };
const reach = reachSite(readSite(store));
const factsOfSite = siteRegistry(readMiners(store), systemClock);

export const handler = apiHandler(telemetryRoutes, {
  getLive: async ({ who, query }) => {
    const reached = await reach(who, query.site_id);
    if (!reached.ok) return reached;
    const live = await readLive(store)(query.site_id);
    const factsOf = await factsOfSite(
      query.site_id,
      live.map(({ reading }) => reading.minerId),
    );
    const figures = (of: 'hashrateThs' | 'powerW') =>
      Float64Array.from(live, ({ mean }) => mean[of] ?? Number.NaN);
    const means = { hashrateThs: figures('hashrateThs'), powerW: figures('powerW') };
    const table = liveTableOf(toColumns(live.map(({ reading }) => reading)), means, factsOf);
    const page = pageOfLive(query.site_id, table, query, systemClock.nowMs());
    return page.ok ? succeed({ body: page.value }) : page;
  },
  getSeries: async ({ who, query }) => {
    const reached = await reach(who, query.site_id);
    if (!reached.ok) return reached;
    const series = await readSeries(store)(query, systemClock.nowMs());
    return series.ok ? succeed({ body: series.value }) : series;
  },
  listQuarantine: async ({ who, query }) => {
    const reached = await reach(who, query.site_id);
    if (!reached.ok) return reached;
    const { entries, nextCursor } = await listEntries(store)(
      query.site_id,
      systemClock.nowMs(),
      query.limit,
      query.cursor,
    );
    const batches = entries.map(({ received_at_ms, ...entry }) => ({
      ...entry,
      received_at: toUtc(received_at_ms),
      replay: 'none' as const,
    }));
    return succeed({
      body: { batches, count: batches.length, ...(nextCursor && { next_cursor: nextCursor }) },
    });
  },
});
