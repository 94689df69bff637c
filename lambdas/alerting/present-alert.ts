import type { AlertAnswer, IncidentAnswer } from '../../contracts/api-alerting.ts';
import { toUtc } from '../shared/clock.ts';
import type { Alert, Incident } from './alert.ts';

export const presentAlert = (alert: Alert): AlertAnswer => ({
  alert_id: alert.alertId,
  site_id: alert.siteId,
  miner_id: alert.minerId,
  zone_id: alert.zoneId,
  kind: alert.kind,
  severity: alert.severity,
  status: alert.status,
  count: alert.count,
  reason: alert.reason,
  reading: alert.reading,
  first_sampled_at: toUtc(alert.firstSampledAtMs),
  last_sampled_at: toUtc(alert.lastSampledAtMs),
  opened_at: toUtc(alert.openedAtMs),
  ...(alert.resolvedAtMs !== undefined && { resolved_at: toUtc(alert.resolvedAtMs) }),
  ...(alert.incidentId !== undefined && { incident_id: alert.incidentId }),
  ...(alert.parentAlertId !== undefined && { parent_alert_id: alert.parentAlertId }),
  related_alert_ids: alert.relatedAlertIds,
});

export const presentIncident = (incident: Incident): IncidentAnswer => ({
  incident_id: incident.incidentId,
  site_id: incident.siteId,
  zone_id: incident.zoneId,
  ...(incident.gatewayId !== undefined && { gateway_id: incident.gatewayId }),
  kind: incident.kind,
  severity: incident.severity,
  status: incident.status,
  miner_ids: incident.minerIds,
  alert_ids: incident.alertIds,
  first_sampled_at: toUtc(incident.firstSampledAtMs),
  last_sampled_at: toUtc(incident.lastSampledAtMs),
  opened_at: toUtc(incident.openedAtMs),
  ...(incident.resolvedAtMs !== undefined && { resolved_at: toUtc(incident.resolvedAtMs) }),
});
