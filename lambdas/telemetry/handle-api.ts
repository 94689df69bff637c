import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { Site } from '../../contracts/api-fleet.ts';
import { readMiners, readSite } from '../fleet/fleet-directory.ts';
import { reachSite } from '../fleet/manage-fleet.ts';
import { readRegistry } from '../fleet/miner-registry.ts';
import { type OwnMachines, ownMachines } from '../fleet/own-machines.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { queryRoutes } from './api.ts';
import { s3BlockStore } from './block-store.ts';
import { orderOf } from './export-order.ts';
import { type ExportJob, insertExport, listExports, readExport } from './export-repository.ts';
import { fulfilOrder } from './fulfil-order.ts';
import { aggregatesOf } from './get-aggregates.ts';
import { availabilityOf } from './get-availability.ts';
import { pageOfLive } from './get-live.ts';
import { minerSeries } from './get-miner-series.ts';
import { exportUrl } from './keep-export.ts';
import { readHeads } from './live-repository.ts';
import { liveTables } from './live-table.ts';
import { lossesOf } from './loss-repository.ts';
import {
  checkOwnGrouping,
  minerNotFound,
  ownDays,
  ownFacts,
  ownGroups,
  ownLive,
  ownReaders,
} from './own-view.ts';
import { presentExport } from './present-export.ts';
import { presentEntry, presentGaps } from './present-losses.ts';
import { listEntries } from './quarantine-repository.ts';
import { mostAnswerBytes, tooLarge } from './query-plan.ts';
import { readLiveColumns } from './read-live.ts';
import { readSeries } from './read-series.ts';
import { readGroupColumns } from './read-tier-groups.ts';
import { requestExport, sendExportDue } from './request-export.ts';
import { siteRegistry } from './site-registry.ts';
import { daysOfMiners, type TierReaders, tierReaders } from './tier-readers.ts';

const env = config({
  TELEMETRY_TABLE: z.string(),
  TELEMETRY_BUCKET: z.string(),
  FLEET_TABLE: z.string(),
  EXPORT_QUEUE: z.string(),
});
const s3 = new S3Client({});
/** For what was read of blocks last: ninety days of some fifty miners. */
const cacheBytes = 64 * 1024 * 1024;
const store = {
  db: documentClient(),
  telemetryTable: env.TELEMETRY_TABLE,
  fleetTable: env.FLEET_TABLE,
  blocks: s3BlockStore(s3, env.TELEMETRY_BUCKET, cacheBytes),
};
const now = systemClock.nowMs;
const reach = reachSite(readSite(store));
const factsOfSite = siteRegistry(readMiners(store), systemClock);
const liveTable = liveTables(readLiveColumns(store), factsOfSite, systemClock);
const urlOf = exportUrl(s3, env.TELEMETRY_BUCKET);
const order = requestExport({
  readMiners: readMiners(store),
  insert: insertExport(store),
  send: sendExportDue(new SQSClient({}), env.EXPORT_QUEUE),
});
const machinesOf = ownMachines(readRegistry(store), systemClock);
const readersOf = (timeZone: string) => tierReaders(store, timeZone);
const fulfil = fulfilOrder({ readMiners: readMiners(store), readersOf });

/** Answers for a site that the caller reaches; others are not found. A client sees its own machines there. */
const atSite = async <T>(
  who: Principal,
  siteId: number,
  answer: (site: Site, own: OwnMachines | undefined) => Promise<Result<T>>,
) => {
  const reached = await reach(who, siteId);
  return reached.ok ? answer(reached.value.site, await machinesOf(who, siteId)) : reached;
};
/** The tiers of a miner that the caller may see something of. */
const atMiner = async <T>(
  { time_zone }: Site,
  own: OwnMachines | undefined,
  minerId: string,
  answer: (readers: TierReaders) => Promise<Result<T>>,
) => {
  const readers = readersOf(time_zone);
  if (!own) return answer(readers);
  return own.everOwn(minerId) ? answer(ownReaders(readers, own, time_zone)) : minerNotFound;
};
/** A client sees the exports that it asked for itself, as long as all of what they hold is its own. */
const mayLoad =
  (who: Principal, own: OwnMachines | undefined) =>
  ({ order: { ownOf }, requested_by }: ExportJob) =>
    !own ||
    (requested_by === String(who.userId) && (ownOf?.every((one) => own.customers.includes(one)) ?? false));
const withBody = <T>(result: Result<T>) => (result.ok ? succeed({ body: result.value }) : result);

export const handler = apiHandler(queryRoutes, {
  getLive: ({ who, query }) =>
    atSite(who, query.site_id, async ({ site_id }, own) => {
      const all = { table: await liveTable(site_id), request: query };
      const { table, request } = own ? ownLive(all.table, query, own) : all;
      return withBody(pageOfLive(site_id, table, request, now()));
    }),
  getMinerSeries: ({ who, params, query }) =>
    atSite(who, query.site_id, (site, own) =>
      atMiner(site, own, params.miner_id, async (readers) => {
        const miner = { siteId: site.site_id, minerId: params.miner_id, timeZone: site.time_zone };
        return withBody(await minerSeries(readers)(miner, query, now()));
      }),
    ),
  getSeries: ({ who, query }) =>
    atSite(who, query.site_id, (site, own) =>
      atMiner(site, own, query.miner_id, async (readers) =>
        withBody(await readSeries(readers, site.time_zone)(query, now())),
      ),
    ),
  getAggregates: ({ who, query }) =>
    atSite(who, query.site_id, async ({ site_id, time_zone }, own) => {
      const site = { siteId: site_id, timeZone: time_zone };
      const groups = readGroupColumns(store);
      if (!own) return withBody(await aggregatesOf(groups)(site, query, now()));
      return (
        checkOwnGrouping(query.by) ?? withBody(await aggregatesOf(ownGroups(groups, own))(site, query, now()))
      );
    }),
  getAvailability: ({ who, query }) =>
    atSite(who, query.site_id, async ({ site_id, time_zone }, own) => {
      const site = { siteId: site_id, timeZone: time_zone };
      const facts = await factsOfSite(site_id, query.miner_id ?? []);
      const days = daysOfMiners(store, time_zone);
      const ask = own
        ? { days: ownDays(days, own, time_zone), facts: ownFacts(facts, own) }
        : { days, facts };
      return withBody(await availabilityOf(ask.days)(site, query, ask.facts, now()));
    }),
  getExportFile: ({ who, query }) =>
    atSite(who, query.site_id, async (site, own) => {
      const file = await fulfil(orderOf(site, query, query.miner_id, own?.customers), 'direct');
      if (!file.ok) return file;
      // A file that is no text travels as base64.
      if ((4 / 3) * file.value.bytes.length > mostAnswerBytes)
        return tooLarge('from', 'narrow the interval, or ask for a job with POST /api/v1/telemetry/exports');
      return succeed({ body: undefined, file: file.value });
    }),
  createExport: ({ who, body }) =>
    atSite(who, body.site_id, async (site, own) => {
      const job = await order(orderOf(site, body, body.miner_ids, own?.customers), who.userId, now());
      return job.ok ? succeed({ body: { export: await presentExport(job.value, undefined, now()) } }) : job;
    }),
  listExports: ({ who, query }) =>
    atSite(who, query.site_id, async ({ site_id }, own) => {
      const jobs = await listExports(store)(site_id, now(), own ? undefined : query.limit);
      const shown = jobs.filter(mayLoad(who, own)).slice(0, query.limit);
      const exports = await Promise.all(shown.map((job) => presentExport(job, undefined, now())));
      return succeed({ body: { exports, count: exports.length } });
    }),
  getExport: ({ who, params, query }) =>
    atSite(who, query.site_id, async ({ site_id }, own) => {
      const job = await readExport(store)(site_id, params.export_id, now());
      return job && mayLoad(who, own)(job)
        ? succeed({ body: { export: await presentExport(job, urlOf, now()) } })
        : fail('not_found', 'Export not found');
    }),
  getGaps: ({ who, query }) =>
    atSite(who, query.site_id, async ({ site_id }) => {
      const [heads, losses] = await Promise.all([readHeads(store)(site_id), lossesOf(store)(site_id)]);
      return succeed({ body: presentGaps(site_id, heads, losses) });
    }),
  listQuarantine: ({ who, query }) =>
    atSite(who, query.site_id, async ({ site_id }) => {
      const { entries, nextCursor } = await listEntries(store)(site_id, now(), query.limit, query.cursor);
      const batches = entries.map(presentEntry);
      return succeed({
        body: { batches, count: batches.length, ...(nextCursor && { next_cursor: nextCursor }) },
      });
    }),
});
