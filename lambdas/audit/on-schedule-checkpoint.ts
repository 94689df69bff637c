import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { readHead } from './audit-repository.ts';
import { openCheckpoint } from './checkpoint.ts';
import {
  kmsSigner,
  loggedSites,
  readFullTile,
  readLatest,
  readLinks,
  record,
  writeFullTile,
} from './checkpoint-repository.ts';
import { extendLog } from './extend-log.ts';

const env = config({ AUDIT_TABLE: z.string(), AUDIT_LOG_BUCKET: z.string(), AUDIT_KEY_ID: z.string() });
const store = {
  db: documentClient(),
  auditTable: env.AUDIT_TABLE,
  s3: new S3Client({}),
  logBucket: env.AUDIT_LOG_BUCKET,
};
const signer = kmsSigner(new KMSClient({}), env.AUDIT_KEY_ID);
const metrics = new Metrics();
const marginMs = 10_000;

const extend = extendLog({
  readHead: readHead(store),
  readLinks: readLinks(store),
  readLatest: readLatest(store),
  openNote: async (note) => {
    const opened = openCheckpoint(note, await signer.readPublicKey());
    return opened.ok ? opened.checkpoint : undefined;
  },
  readFullTile: readFullTile(store),
  writeFullTile: writeFullTile(store),
  sign: signer.sign,
  record: record(store),
  clock: systemClock,
});

/** Every few minutes: signs a checkpoint of every site that has new events. A log that does not fit raises an alarm, and is never signed. */
export const handler = async (_event: unknown, context: Context) => {
  try {
    for (const siteId of await loggedSites(store)()) {
      let extended = await extend(siteId);
      while (extended.outcome === 'extended' && context.getRemainingTimeInMillis() > marginMs)
        extended = await extend(siteId);
      if (extended.outcome === 'broken') {
        metrics.addMetric('AuditLogBroken', MetricUnit.Count, 1);
        logger.error('the audit log is broken and was not signed', { siteId });
      }
      if (context.getRemainingTimeInMillis() < marginMs) break;
    }
  } finally {
    metrics.publishStoredMetrics();
  }
};
