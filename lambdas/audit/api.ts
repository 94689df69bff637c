import {
  auditCheckpoint,
  auditConsistency,
  auditConsistencyQuery,
  auditEventList,
  auditExport,
  auditExportQuery,
  auditInclusion,
  auditInclusionQuery,
  auditSiteQuery,
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
  getAuditCheckpoint: {
    method: 'GET',
    path: '/api/v1/audit/checkpoint',
    summary: {
      en: "The newest signed checkpoint of a site's log, and its public key",
      zh: '站点审计日志的最新签名检查点及其公钥',
    },
    access,
    query: auditSiteQuery,
    success: { status: 200, body: auditCheckpoint },
  },
  proveAuditInclusion: {
    method: 'GET',
    path: '/api/v1/audit/proofs/inclusion',
    summary: { en: 'Proof that an event stands in the log', zh: '证明某事件存在于日志中' },
    access,
    query: auditInclusionQuery,
    success: { status: 200, body: auditInclusion },
  },
  proveAuditConsistency: {
    method: 'GET',
    path: '/api/v1/audit/proofs/consistency',
    summary: { en: 'Proof that the log continues an older state of it', zh: '证明日志是其旧状态的延续' },
    access,
    query: auditConsistencyQuery,
    success: { status: 200, body: auditConsistency },
  },
  exportAudit: {
    method: 'GET',
    path: '/api/v1/audit/export',
    summary: {
      en: 'Events in order, for hashinsight-verify',
      zh: '按顺序导出事件，供 hashinsight-verify 校验',
    },
    access,
    query: auditExportQuery,
    success: { status: 200, body: auditExport },
  },
} as const satisfies RouteTable;
