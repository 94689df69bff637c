import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { AuditLog } from '../../contracts/api-audit.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import type { Result } from '../shared/result.ts';
import { succeed } from '../shared/result.ts';
import { auditRoutes } from './api.ts';
import { listLinks, readHead, walkLinks } from './audit-repository.ts';
import { kmsSigner, readFullTile, readLatest, readLinks, readNote } from './checkpoint-repository.ts';
import { exportEvents, proveConsistency, proveInclusion, tellCheckpoint } from './prove-log.ts';
import { listEvents, verify } from './read-audit.ts';
import { tenantLog } from './tenant-log.ts';

const env = config({ AUDIT_TABLE: z.string(), AUDIT_LOG_BUCKET: z.string(), AUDIT_KEY_ID: z.string() });
const store = { db: documentClient(), auditTable: env.AUDIT_TABLE };
const shelf = { s3: new S3Client({}), logBucket: env.AUDIT_LOG_BUCKET };
const deps = {
  readHead: readHead(store),
  readLatest: readLatest(store),
  readLinks: readLinks(store),
  readNote: readNote(shelf),
  readFullTile: readFullTile(shelf),
  readPublicKey: kmsSigner(new KMSClient({}), env.AUDIT_KEY_ID).readPublicKey,
};
const list = listEvents({ readHead: readHead(store), listLinks: listLinks(store) });
const check = verify({ readHead: readHead(store), walkLinks: walkLinks(store), clock: systemClock });

const numberOf = (who: Principal, log: AuditLog) => (log === 'tenant' ? tenantLog(who.tenantId) : log);
const asBody = <T>(result: Result<T>) => (result.ok ? succeed({ body: result.value }) : result);

export const handler = apiHandler(auditRoutes, {
  listAuditEvents: async ({ who, query }) =>
    asBody(await list(who, numberOf(who, query.site_id), query.limit, query.cursor)),
  verifyAudit: async ({ who, query }) => asBody(await check(who, numberOf(who, query.site_id))),
  getAuditCheckpoint: async ({ who, query }) =>
    asBody(await tellCheckpoint(deps)(who, numberOf(who, query.site_id))),
  proveAuditInclusion: async ({ who, query }) =>
    asBody(await proveInclusion(deps)(who, numberOf(who, query.site_id), query.seq)),
  proveAuditConsistency: async ({ who, query }) =>
    asBody(await proveConsistency(deps)(who, numberOf(who, query.site_id), query.from_size)),
  exportAudit: async ({ who, query }) =>
    asBody(await exportEvents(deps)(who, numberOf(who, query.site_id), query.from_seq, query.limit)),
});
