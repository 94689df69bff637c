import type { Route } from '../../contracts/route.ts';
import { advisorRoutes } from '../../lambdas/advisor/api.ts';
import { alertingRoutes } from '../../lambdas/alerting/api.ts';
import { auditRoutes } from '../../lambdas/audit/api.ts';
import { controlRoutes } from '../../lambdas/control/api.ts';
import { fleetRoutes } from '../../lambdas/fleet/api.ts';
import { gatewayRoutes } from '../../lambdas/gateway/api.ts';
import { credentialRoutes, edgeRoutes } from '../../lambdas/gateway/edge-api.ts';
import { identityRoutes } from '../../lambdas/identity/api.ts';
import { usersRoutes } from '../../lambdas/identity/users-api.ts';
import { legacyEdgeRoutes, legacyRoutes, legacySettingRoutes } from '../../lambdas/legacy/api.ts';
import { sealingRoutes } from '../../lambdas/sealing/api.ts';
import { telemetryRoutes } from '../../lambdas/telemetry/api.ts';
import { webhookRoutes } from '../../lambdas/webhooks/api.ts';

export type Operation = Route & { readonly id: string };

/** Every route of every context. */
export const operations: readonly Operation[] = [
  identityRoutes,
  usersRoutes,
  fleetRoutes,
  gatewayRoutes,
  credentialRoutes,
  edgeRoutes,
  telemetryRoutes,
  alertingRoutes,
  advisorRoutes,
  controlRoutes,
  auditRoutes,
  webhookRoutes,
  legacySettingRoutes,
  sealingRoutes,
].flatMap((table) => Object.entries<Route>(table).map(([id, route]) => ({ ...route, id })));

/** The old routes, which are gone unless a site switches them on: lambdas/legacy/legacy-api.test.ts. */
export const legacyOperations: readonly Operation[] = [legacyRoutes, legacyEdgeRoutes].flatMap((table) =>
  Object.entries<Route>(table).map(([id, route]) => ({ ...route, id })),
);

/** What the samples name. */
export type Ids = {
  readonly siteId: number;
  readonly minerId: string;
  readonly gatewayId: string;
  readonly recommendationId: string;
  readonly alertId: string;
  readonly commandId: string;
  readonly ruleId: number;
};

const day = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
const diagnosis = { root_cause: 'Dust', evidence: ['Fans at 100 %'], confidence: 0.7 };

const batchOf = (siteId: number, minerId: string) => ({
  site_id: siteId,
  command_type: 'HASHING_DISABLE',
  selection: { miner_ids: [minerId] },
  reason: 'They smell',
});

/** A body that each operation would accept if everything else were right. */
export const bodyOf = (id: string, { siteId, minerId, gatewayId }: Ids): object | undefined => {
  const bodies: Readonly<Record<string, object>> = {
    createSite: { name: 'Another site', capacity_kw: 10 },
    createZone: { zone_id: 'zone-9', name: 'Nine', zone_type: 'room', capacity_kw: 10 },
    registerGateway: { gateway_id: 'gw-9', name: 'Nine' },
    bindGateway: { zone_ids: ['zone-1'] },
    revokeGateway: { reason: 'Stolen' },
    createClaim: { gateway_id: 'gw-9', name: 'Nine' },
    registerByClaim: {
      claim: `hic.${'0'.repeat(16)}.${'A'.repeat(43)}`,
      csr_pem: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----',
    },
    rotateCredentials: {},
    inviteUser: {
      email: 'new@mine.example',
      name: 'New',
      role: 'client',
      site_ids: [siteId],
      reason: 'Joins',
    },
    changeUser: { name: 'Other', reason: 'Married' },
    removeUser: { reason: 'Left' },
    disableUser: { reason: 'On leave' },
    enableUser: { reason: 'Is back' },
    signOutUser: { reason: 'Lost a laptop' },
    resetSecondFactor: { reason: 'Lost a phone' },
    revokeUserApiKey: { reason: 'Leaked' },
    stepUp: { code: '000000' },
    confirmSecondFactor: { code: '000000' },
    createApiKey: { name: 'Script', scopes: ['hosting:read'], expires_in_days: 1 },
    acknowledgeCommand: { version: 1, commandId: 'cmd-1', siteId, gatewayId, atMs: 1, outcome: 'accepted' },
    reportGone: { version: 1, siteId, gatewayId, gone: [{ shard: 0, after: 0, before: 2 }] },
    reportSafety: {
      events: [
        { version: 1, eventId: 'e', siteId, gatewayId, atMs: 1, kind: 'kill_switch', code: 'X', detail: '' },
      ],
    },
    registerMiners: {
      miners: [
        {
          miner_id: 'm-9',
          vendor: 'antminer',
          model: 'Antminer S21',
          zone_id: 'zone-1',
          gateway_id: gatewayId,
          rated_hashrate_ths: 200,
          rated_power_w: 3500,
        },
      ],
    },
    changeSite: { version: 1, name: 'Renamed' },
    archiveSite: { version: 1, reason: 'Closed' },
    restoreSite: { version: 1, reason: 'Open again' },
    changeZone: { version: 1, name: 'Renamed' },
    archiveZone: { version: 1, reason: 'Empty' },
    restoreZone: { version: 1, reason: 'In use again' },
    importMiners: {
      csv: `miner_id,vendor,model,zone_id,gateway_id,rated_hashrate_ths,rated_power_w\nm-8,antminer,Antminer S21,zone-1,${gatewayId},200,3500\n`,
    },
    changeMiners: { selection: { miner_ids: [minerId] }, change: { add_labels: ['seen'] }, reason: 'Seen' },
    assignMiners: { selection: { miner_ids: [minerId] }, customer_id: 'cust-borealis', reason: 'Sold' },
    changeMiner: { version: 1, labels: ['seen'] },
    retireMiner: { version: 1, reason: 'Broken' },
    restoreMiner: { version: 1, reason: 'Repaired' },
    createCustomer: { customer_id: 'cust-9', name: 'Nine' },
    changeCustomer: { version: 1, name: 'Renamed' },
    archiveCustomer: { version: 1, reason: 'Gone' },
    restoreCustomer: { version: 1, reason: 'Back' },
    proposeCommand: {
      site_id: siteId,
      miner_id: minerId,
      command_type: 'HASHING_DISABLE',
      reason: 'It smells',
    },
    approveCommand: { site_id: siteId, reason: 'Seen' },
    denyCommand: { site_id: siteId, reason: 'No' },
    cancelCommand: { site_id: siteId, reason: 'Not needed' },
    rollbackCommand: { site_id: siteId, reason: 'Worse than before' },
    dryRunBatch: batchOf(siteId, minerId),
    proposeBatch: batchOf(siteId, minerId),
    changeBatch: batchOf(siteId, minerId),
    approveBatch: { site_id: siteId, selection_hash: '0'.repeat(64), reason: 'Seen' },
    denyBatch: { site_id: siteId, reason: 'No' },
    pauseBatch: { site_id: siteId, reason: 'Wait' },
    resumeBatch: { site_id: siteId, reason: 'Go on' },
    cancelBatch: { site_id: siteId, reason: 'Not needed' },
    setPolicy: { site_id: siteId, version: 0, reason: 'Stricter', approvers: 3 },
    setHalt: { scope: 'site', site_id: siteId, reason: 'Fire' },
    liftHalt: { scope: 'site', site_id: siteId, reason: 'Fire is out' },
    createRecommendation: {
      site_id: siteId,
      trigger_type: 'user_request',
      diagnosis,
      action_type: 'reboot',
      target_ids: [minerId],
    },
    approveRecommendation: { reason: 'Seen' },
    approveAutoRecommendation: { reason: 'Seen' },
    rejectRecommendation: { reason: 'No' },
    rejectAutoRecommendation: { reason: 'No' },
    giveFeedback: { feedback_type: 'user_review', was_effective: true },
    diagnoseAlert: { site_id: siteId, miner_id: minerId, alert_type: 'hashrate_drop' },
    diagnoseBatch: { site_id: siteId, alert_type: 'hashrate_drop', miner_ids: [minerId] },
    assessRisk: { action_type: 'reboot', target_ids: [minerId] },
    createRule: { site_id: siteId, name: 'A rule', conditions: { max_risk_level: 'low' } },
    updateRule: { name: 'Another name' },
    executeApproved: { site_id: siteId },
    createExport: { site_id: siteId, ...day },
    replayQuarantined: { site_id: siteId },
    restoreInventory: { reason: 'The gateway was replaced' },
    switchLegacyApi: { enabled: true, reason: 'Old scheduler' },
    createWebhook: { site_id: siteId, url: 'https://hooks.example.com/', event_types: ['*'] },
    changeWebhook: { site_id: siteId, enabled: false },
    rotateWebhookSecret: { site_id: siteId },
    pingWebhook: { site_id: siteId },
    replayDelivery: { site_id: siteId },
    replayWebhook: { site_id: siteId, from: day.from, to: day.to },
  };
  return bodies[id];
};

/** Parameters that a query must have, as far as the operation knows them. */
const queryOf = ({ id }: Operation, { siteId, minerId }: Ids): Record<string, string> => {
  const bySite: Record<string, string> = { site_id: String(siteId) };
  switch (id) {
    case 'getSeries':
      return { ...bySite, miner_id: minerId };
    case 'getExportFile':
      return { ...bySite, ...day };
    case 'listOwnership':
      return day;
    case 'getLive':
    case 'getMinerSeries':
    case 'getAggregates':
    case 'getAvailability':
    case 'listExports':
    case 'getExport':
    case 'getGaps':
    case 'listQuarantine':
    case 'listAlerts':
    case 'getAlert':
    case 'listIncidents':
    case 'listRecommendations':
    case 'listAutoRecommendations':
    case 'getLearningStats':
    case 'listRules':
    case 'listLoops':
    case 'listCommands':
    case 'getCommand':
    case 'listBatches':
    case 'getBatch':
    case 'listPolicies':
    case 'getPolicy':
    case 'listHalts':
    case 'listAuditEvents':
    case 'verifyAudit':
    case 'getAuditCheckpoint':
    case 'exportAudit':
    case 'listWebhooks':
    case 'getWebhook':
    case 'removeWebhook':
    case 'listDeliveries':
    case 'getDelivery':
    case 'getWebhookReplay':
      return bySite;
    case 'removePolicy':
      return { ...bySite, version: '1', reason: 'Enough' };
    case 'proveAuditInclusion':
      return { ...bySite, seq: '1' };
    case 'proveAuditConsistency':
      return { ...bySite, from_size: '1' };
    default:
      return {};
  }
};

/** The operation's path with ids filled in, and its query; `query` replaces or adds parameters. */
export const pathOf = (operation: Operation, ids: Ids, query: Readonly<Record<string, string>> = {}) => {
  const values: Readonly<Record<string, string>> = {
    site_id: String(ids.siteId),
    recommendation_id: ids.recommendationId,
    alert_id: ids.alertId,
    command_id: ids.commandId,
    batch_id: `bat-${'0'.repeat(28)}`,
    command_type: 'HASHING_DISABLE',
    rule_id: String(ids.ruleId),
    miner_id: ids.minerId,
    gateway_id: ids.gatewayId,
    claim_id: '0'.repeat(16),
    zone_id: 'zone-1',
    customer_id: 'cust-aurora',
    // Nobody: a user's own tests are in test/people.test.ts.
    user_id: '999999',
    session_id: '0'.repeat(24),
    key_id: '0'.repeat(16),
    export_id: `ex-${'0'.repeat(24)}`,
    quarantine_id: `q-${'0'.repeat(24)}`,
    webhook_id: `wh-${'0'.repeat(24)}`,
    delivery_id: `${'0'.repeat(13)}-evt_${'0'.repeat(24)}`,
    replay_id: `rp-${'0'.repeat(24)}`,
  };
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  );
  const parameters = new URLSearchParams({ ...queryOf(operation, ids), ...query });
  return parameters.size > 0 ? `${path}?${parameters}` : path;
};
