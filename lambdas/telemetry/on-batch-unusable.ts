import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { insertEntry } from './quarantine-repository.ts';
import { setAside } from './set-aside.ts';
import { setAsideRequest } from './set-aside-request.ts';

const env = config({ TELEMETRY_TABLE: z.string(), AUDIT_TABLE: z.string(), QUARANTINE_BUCKET: z.string() });
const insert = insertEntry({
  db: documentClient(),
  telemetryTable: env.TELEMETRY_TABLE,
  auditTable: env.AUDIT_TABLE,
});
const keep = setAside({ s3: new S3Client({}), bucket: env.QUARANTINE_BUCKET, insert });

export const handler = sqsHandler(async ({ body }) => {
  const { payload, tenantId, fault, detail, ...place } = setAsideRequest.parse(JSON.parse(body));
  await keep({ ...place, bytes: Buffer.from(payload, 'base64') }, tenantId, fault, detail);
});
