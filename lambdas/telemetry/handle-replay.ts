import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { readSite } from '../fleet/fleet-directory.ts';
import { reachSite } from '../fleet/manage-fleet.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { succeed } from '../shared/result.ts';
import { replayRoutes } from './api.ts';
import { s3BlockStore } from './block-store.ts';
import { ingestBatch } from './ingest-batch.ts';
import { ingestStores } from './ingest-stores.ts';
import { publishAnomalies } from './publish-anomalies.ts';
import { findEntry, noteReplay } from './quarantine-repository.ts';
import { readQuarantined, replayQuarantined } from './replay-quarantined.ts';
import { requestShard } from './roll-up-request.ts';

const env = config({
  TELEMETRY_TABLE: z.string(),
  TELEMETRY_BUCKET: z.string(),
  QUARANTINE_BUCKET: z.string(),
  FLEET_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  EVENT_BUS: z.string(),
  ROLL_UP_QUEUE: z.string(),
});
const s3 = new S3Client({});
const store = {
  db: documentClient(),
  telemetryTable: env.TELEMETRY_TABLE,
  fleetTable: env.FLEET_TABLE,
  auditTable: env.AUDIT_TABLE,
  blocks: s3BlockStore(s3, env.TELEMETRY_BUCKET),
};
const reach = reachSite(readSite(store));
const ingest = ingestBatch({
  ...ingestStores(store),
  publish: publishAnomalies(new EventBridgeClient({}), env.EVENT_BUS),
  requestRollUp: requestShard(new SQSClient({}), env.ROLL_UP_QUEUE),
  // It is set aside already.
  setAside: async () => {},
});

export const handler = apiHandler(replayRoutes, {
  replayQuarantined: async ({ who, params, body }) => {
    const reached = await reach(who, body.site_id);
    if (!reached.ok) return reached;
    const { owner } = reached.value;
    const nowMs = systemClock.nowMs();
    const replay = replayQuarantined({
      find: (siteId, id) => findEntry(store)(siteId, id, nowMs),
      readBytes: readQuarantined(s3, env.QUARANTINE_BUCKET),
      ingest,
      note: (entry, outcome, userId) => noteReplay(store)(owner, entry, outcome, userId),
    });
    const done = await replay(owner.siteId, params.quarantine_id, who.userId, nowMs);
    if (!done.ok) return done;
    const { replay: came, replay_detail: detail } = done.value;
    return succeed({
      body: {
        quarantine_id: params.quarantine_id,
        replay: came,
        ...(detail !== undefined && { fault: detail.split(':')[0] ?? detail, detail }),
      },
    });
  },
});
