import { type EventPayload, eventPayloads } from '../../contracts/event-catalogue.ts';
import { parseDomainEvent } from '../shared/bus-message.ts';
import type { LoopStart } from './loop-repository.ts';

/** The loop that an opened alert or incident starts; undefined for an alert whose incident or older alert has one. */
export const loopStartOf = (
  busEvent: unknown,
): (LoopStart & { readonly alertIds: readonly string[] }) | undefined => {
  const { type, event } = parseDomainEvent(busEvent, 'alerting.alert.opened', 'alerting.incident.opened');
  const base = { tenantId: event.tenant_id, siteId: event.site_id, openedAtMs: Date.parse(event.created_at) };
  if (type === 'alerting.incident.opened')
    return { ...base, ...ofIncident(eventPayloads[type].parse(event.payload)) };
  const alert = eventPayloads[type].parse(event.payload);
  return alert.incident_id || alert.parent_alert_id ? undefined : { ...base, ...ofAlert(alert) };
};

const ofAlert = ({
  alert_id,
  kind,
  severity,
  zone_id,
  miner_id,
  batch_received_at_ms,
}: EventPayload<'alerting.alert.opened'>) => ({
  loopId: alert_id,
  alertId: alert_id,
  alertIds: [],
  kind,
  severity,
  zoneId: zone_id,
  minerIds: [miner_id],
  batchReceivedAtMs: batch_received_at_ms,
});

const ofIncident = ({
  incident_id,
  kind,
  severity,
  zone_id,
  miner_ids,
  alert_ids,
  batch_received_at_ms,
}: EventPayload<'alerting.incident.opened'>) => ({
  loopId: incident_id,
  incidentId: incident_id,
  alertIds: alert_ids,
  kind,
  severity,
  zoneId: zone_id,
  minerIds: miner_ids,
  batchReceivedAtMs: batch_received_at_ms,
});
