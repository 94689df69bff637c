import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { readMiners } from '../fleet/fleet-directory.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { s3BlockStore } from './block-store.ts';
import { readExport, settleExport } from './export-repository.ts';
import { fulfilOrder } from './fulfil-order.ts';
import { keepExport, putExport } from './keep-export.ts';
import { exportDue } from './request-export.ts';
import { tierReaders } from './tier-readers.ts';

const env = config({ TELEMETRY_TABLE: z.string(), TELEMETRY_BUCKET: z.string(), FLEET_TABLE: z.string() });
const s3 = new S3Client({});
const store = {
  db: documentClient(),
  telemetryTable: env.TELEMETRY_TABLE,
  fleetTable: env.FLEET_TABLE,
  blocks: s3BlockStore(s3, env.TELEMETRY_BUCKET),
};
const keep = keepExport({
  read: readExport(store),
  settle: settleExport(store),
  make: fulfilOrder({
    readMiners: readMiners(store),
    readersOf: (timeZone) => tierReaders(store, timeZone),
  }),
  put: putExport(s3, env.TELEMETRY_BUCKET),
});

export const handler = sqsHandler(async ({ body }) => {
  const { siteId, exportId } = exportDue.parse(JSON.parse(body));
  await keep(siteId, exportId, systemClock.nowMs);
});
