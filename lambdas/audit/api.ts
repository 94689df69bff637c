import {
  auditEventList,
  auditVerification,
  auditVerificationQuery,
  listAuditEventsQuery,
} from '../../contracts/api-audit.ts';
import type { RouteTable } from '../../contracts/route.ts';

const access = { module: 'system', level: 'read' } as const;

export const auditRoutes = {
  listAuditEvents: {
    method: 'GET',
    path: '/api/v1/audit/events',
    summary: { en: 'Audit events of a site, newest first', zh: '站点的审计事件（由新到旧）' },
    access,
    query: listAuditEventsQuery,
    success: { status: 200, body: auditEventList },
  },
  verifyAudit: {
    method: 'GET',
    path: '/api/v1/audit/verification',
    summary: { en: "Verify a site's audit chain", zh: '校验站点的审计哈希链' },
    access,
    query: auditVerificationQuery,
    success: { status: 200, body: auditVerification },
  },
} as const satisfies RouteTable;
