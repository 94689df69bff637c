import * as z from 'zod';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import type { Result } from '../shared/result.ts';
import { succeed } from '../shared/result.ts';
import { auditRoutes } from './api.ts';
import { listLinks, readHead, walkLinks } from './audit-repository.ts';
import { listEvents, verify } from './read-audit.ts';

const env = config({ AUDIT_TABLE: z.string() });
const store = { db: documentClient(), auditTable: env.AUDIT_TABLE };
const list = listEvents({ readHead: readHead(store), listLinks: listLinks(store) });
const check = verify({ readHead: readHead(store), walkLinks: walkLinks(store), clock: systemClock });

const asBody = <T>(result: Result<T>) => (result.ok ? succeed({ body: result.value }) : result);

export const handler = apiHandler(auditRoutes, {
  listAuditEvents: async ({ who, query }) =>
    asBody(await list(who, query.site_id, query.limit, query.cursor)),
  verifyAudit: async ({ who, query }) => asBody(await check(who, query.site_id)),
});
