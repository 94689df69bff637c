import type { AlertKind, AnomaliesDetected, Anomaly } from '../../contracts/alert.ts';
import type { EventPayload } from '../../contracts/event-catalogue.ts';
import {
  type Alert,
  alertIdOf,
  type Device,
  type Group,
  type Incident,
  incidentIdOf,
  raised,
  worse,
  worst,
} from './alert.ts';

export type AlertPolicy = {
  /** The same miner and kind within this time of its last sample is the same alert. */
  readonly sameAlertMs: number;
  /** So many miners of a zone with the same kind, sampled within this time, are an incident. */
  readonly incidentMiners: number;
  readonly incidentWindowMs: number;
  /** An open incident takes in what follows its newest alert within this time. */
  readonly incidentGrowsMs: number;
};
export const usualPolicy: AlertPolicy = {
  sameAlertMs: 300_000,
  incidentMiners: 3,
  incidentWindowMs: 30_000,
  incidentGrowsMs: 300_000,
};

/** What is known before: everything that the anomalies may touch. Missing keys are things that do not exist yet. */
export type World = {
  readonly devices: ReadonlyMap<string, Device>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly incidents: ReadonlyMap<string, Incident>;
};

export type PlannedEvent =
  | { readonly type: 'alerting.alert.opened'; readonly payload: EventPayload<'alerting.alert.opened'> }
  | { readonly type: 'alerting.alert.repeated'; readonly payload: EventPayload<'alerting.alert.repeated'> }
  | { readonly type: 'alerting.alert.resolved'; readonly payload: EventPayload<'alerting.alert.resolved'> }
  | { readonly type: 'alerting.incident.opened'; readonly payload: EventPayload<'alerting.incident.opened'> }
  | { readonly type: 'alerting.incident.grown'; readonly payload: EventPayload<'alerting.incident.grown'> }
  | {
      readonly type: 'alerting.incident.resolved';
      readonly payload: EventPayload<'alerting.incident.resolved'>;
    };

/** What changes: whole new states of what was touched, and what to announce. */
export type Plan = {
  readonly devices: ReadonlyMap<string, Device>;
  readonly alerts: readonly Alert[];
  readonly groups: ReadonlyMap<string, Group>;
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly events: readonly PlannedEvent[];
};

export const refOf = ({ type, payload }: PlannedEvent) =>
  'incident_id' in payload && payload.incident_id !== undefined && type.startsWith('alerting.incident')
    ? { ref_type: 'incident', ref_id: payload.incident_id }
    : { ref_type: 'alert', ref_id: 'alert_id' in payload ? payload.alert_id : '' };

export type Detected = Pick<
  AnomaliesDetected,
  'siteId' | 'gatewayId' | 'receivedAtMs' | 'anomalies' | 'recoveries' | 'gatewaySilent'
>;

/** Where an anomaly gathers with others. */
export const groupKeyOf = (
  { gatewaySilent, gatewayId }: Detected,
  { zoneId, kind }: Pick<Anomaly, 'zoneId' | 'kind'>,
) => (gatewaySilent ? `GATEWAY#${gatewayId}#${kind}` : `ZONE#${zoneId}#${kind}`);

/** Of several symptoms in one batch the one nearer to a cause comes first, and the others attach to it. */
const causal: readonly AlertKind[] = [
  'offline',
  'fan_failure',
  'power_anomaly',
  'overheating',
  'hashrate_drop',
];

/**
 * What a batch's findings change in a site's alerts and incidents. Pure, and idempotent: on a world that has taken them
 * in already, the same findings change nothing.
 */
export const planAlerts = (world: World, detected: Detected, policy: AlertPolicy, nowMs: number): Plan => {
  const draft = new Draft(world, detected, policy, nowMs);
  const ordered = detected.anomalies.toSorted(
    (a, b) =>
      a.reading.sampledAtMs - b.reading.sampledAtMs || causal.indexOf(a.kind) - causal.indexOf(b.kind),
  );
  for (const anomaly of ordered) draft.take(anomaly);
  for (const { minerId, kind, sampledAtMs } of detected.recoveries) draft.recover(minerId, kind, sampledAtMs);
  return draft.plan();
};

class Draft {
  readonly #world: World;
  readonly #detected: Detected;
  readonly #policy: AlertPolicy;
  readonly #nowMs: number;
  readonly #devices = new Map<string, Device>();
  readonly #alerts = new Map<string, Alert>();
  readonly #groups = new Map<string, Group>();
  readonly #incidents = new Map<string, Incident>();
  readonly #opened = new Set<string>();
  readonly #joined = new Map<string, Alert[]>();
  readonly #events: PlannedEvent[] = [];

  constructor(world: World, detected: Detected, policy: AlertPolicy, nowMs: number) {
    this.#world = world;
    this.#detected = detected;
    this.#policy = policy;
    this.#nowMs = nowMs;
  }

  take(anomaly: Anomaly) {
    const { minerId, kind, reading } = anomaly;
    const current = this.#device(minerId).alerts[kind];
    if (current && reading.sampledAtMs <= current.lastSampledAtMs) return;
    if (current && reading.sampledAtMs - current.lastSampledAtMs <= this.#policy.sameAlertMs)
      return this.#repeat(current, anomaly);
    if (current?.status === 'open') this.#resolve(current, current.lastSampledAtMs);
    this.#open(anomaly);
  }

  recover(minerId: string, kind: AlertKind, sampledAtMs: number) {
    const current = this.#device(minerId).alerts[kind];
    if (current?.status === 'open' && sampledAtMs >= current.lastSampledAtMs)
      this.#resolve(current, sampledAtMs);
  }

  plan(): Plan {
    const news = [...this.#opened]
      .flatMap((id) => this.#alerts.get(id) ?? [])
      .filter(({ incidentId }) => incidentId === undefined);
    const opened = news.map(
      (alert): PlannedEvent => ({ type: 'alerting.alert.opened', payload: openedPayload(alert) }),
    );
    const incidents = [...this.#joined].flatMap(([id, members]) => this.#incidentEvent(id, members));
    return {
      devices: this.#devices,
      alerts: [...this.#alerts.values()],
      groups: this.#groups,
      incidents: this.#incidents,
      events: [...incidents, ...opened, ...this.#events],
    };
  }

  #device(minerId: string): Device {
    return this.#devices.get(minerId) ?? this.#world.devices.get(minerId) ?? { alerts: {} };
  }

  #incident(id: string) {
    return this.#incidents.get(id) ?? this.#world.incidents.get(id);
  }

  #put(alert: Alert) {
    const { alerts } = this.#device(alert.minerId);
    this.#devices.set(alert.minerId, { alerts: { ...alerts, [alert.kind]: alert } });
    this.#alerts.set(alert.alertId, alert);
  }

  #repeat(current: Alert, { severity, reason, reading }: Anomaly) {
    const cameBack = current.status === 'resolved';
    const gotWorse = worse(severity, current.severity);
    const { resolvedAtMs: _, ...rest } = current;
    const alert: Alert = {
      ...rest,
      status: 'open',
      count: current.count + 1,
      severity: worst(severity, current.severity),
      reason,
      reading,
      lastSampledAtMs: reading.sampledAtMs,
    };
    this.#put(alert);
    if (cameBack || gotWorse) this.#announceRepeat(alert);
    if (gotWorse && alert.parentAlertId) this.#escalate(alert.minerId, alert.parentAlertId, alert.severity);
    const incident = cameBack && alert.incidentId ? this.#incident(alert.incidentId) : undefined;
    if (!incident) return;
    const { resolvedAtMs: __, ...open } = incident;
    this.#incidents.set(incident.incidentId, {
      ...open,
      status: 'open',
      openAlerts: incident.openAlerts + 1,
    });
  }

  #announceRepeat({ alertId, minerId, count, severity }: Alert) {
    this.#events.push({
      type: 'alerting.alert.repeated',
      payload: { alert_id: alertId, miner_id: minerId, count, severity },
    });
  }

  #escalate(minerId: string, rootId: string, severity: Alert['severity']) {
    const root = Object.values(this.#device(minerId).alerts).find(({ alertId }) => alertId === rootId);
    if (!root || !worse(severity, root.severity)) return;
    const alert = { ...root, severity };
    this.#put(alert);
    if (!this.#opened.has(rootId)) this.#announceRepeat(alert);
  }

  #open({ minerId, zoneId, kind, severity, reason, reading }: Anomaly) {
    const { siteId, receivedAtMs, gatewaySilent } = this.#detected;
    const { sampledAtMs } = reading;
    const alert: Alert = {
      alertId: alertIdOf(siteId, minerId, kind, sampledAtMs),
      siteId,
      minerId,
      zoneId,
      kind,
      severity,
      status: 'open',
      count: 1,
      reason,
      reading,
      firstSampledAtMs: sampledAtMs,
      lastSampledAtMs: sampledAtMs,
      openedAtMs: this.#nowMs,
      batchReceivedAtMs: receivedAtMs,
      relatedAlertIds: [],
    };
    this.#opened.add(alert.alertId);
    const root = gatewaySilent ? undefined : this.#rootFor(alert);
    if (!root) {
      this.#put(alert);
      return this.#gather(alert);
    }
    this.#put({ ...root, relatedAlertIds: [...root.relatedAlertIds, alert.alertId] });
    this.#put({ ...alert, parentAlertId: root.alertId });
    this.#escalate(minerId, root.alertId, severity);
  }

  /** The open alert of the same miner that this one is a later symptom of. */
  #rootFor({ minerId, kind, firstSampledAtMs }: Alert) {
    return Object.values(this.#device(minerId).alerts)
      .filter((other) => other.kind !== kind && other.status === 'open' && other.parentAlertId === undefined)
      .filter((other) => Math.abs(firstSampledAtMs - other.lastSampledAtMs) <= this.#policy.sameAlertMs)
      .toSorted((a, b) => a.firstSampledAtMs - b.firstSampledAtMs)[0];
  }

  /** Puts an alert that stands for itself into its group: into the open incident, or with others into a new one. */
  #gather(alert: Alert) {
    const key = groupKeyOf(this.#detected, alert);
    const group = this.#groups.get(key) ?? this.#world.groups.get(key) ?? { recent: [] };
    const at = alert.firstSampledAtMs;
    const incident = group.incidentId === undefined ? undefined : this.#incident(group.incidentId);
    if (incident?.status === 'open' && Math.abs(at - (group.joinedMs ?? 0)) <= this.#policy.incidentGrowsMs) {
      this.#groups.set(key, { ...group, joinedMs: Math.max(at, group.joinedMs ?? 0) });
      return this.#join(incident, [alert]);
    }
    const near = group.recent.filter(
      (one) => Math.abs(at - one.sampledAtMs) <= this.#policy.incidentWindowMs,
    );
    const others = near.flatMap((one) => this.#stillAlone(one.minerId, one.alertId, alert));
    const members = [...others, alert];
    const enough = this.#detected.gatewaySilent ? 1 : this.#policy.incidentMiners;
    if (new Set(members.map(({ minerId }) => minerId)).size < enough) {
      const recent = [...near, { minerId: alert.minerId, alertId: alert.alertId, sampledAtMs: at }];
      this.#groups.set(key, { ...group, recent });
      return;
    }
    const created = this.#newIncident(key, members, alert);
    this.#groups.set(key, { recent: [], incidentId: created.incidentId, joinedMs: at });
    this.#join(created, members);
  }

  #stillAlone(minerId: string, alertId: string, { kind }: Alert): Alert[] {
    const found = this.#device(minerId).alerts[kind];
    return found?.alertId === alertId && found.status === 'open' && found.incidentId === undefined
      ? [found]
      : [];
  }

  #newIncident(key: string, members: readonly Alert[], { kind, zoneId, batchReceivedAtMs }: Alert): Incident {
    const { siteId, gatewayId, gatewaySilent } = this.#detected;
    const firstSampledAtMs = Math.min(...members.map((one) => one.firstSampledAtMs));
    return {
      incidentId: incidentIdOf(siteId, key, firstSampledAtMs, members[0]?.alertId ?? ''),
      siteId,
      zoneId,
      ...(gatewaySilent && { gatewayId }),
      kind,
      severity: 'P3',
      status: 'open',
      minerIds: [],
      alertIds: [],
      openAlerts: 0,
      firstSampledAtMs,
      lastSampledAtMs: firstSampledAtMs,
      openedAtMs: this.#nowMs,
      batchReceivedAtMs,
    };
  }

  #join(incident: Incident, members: readonly Alert[]) {
    const { incidentId } = incident;
    for (const member of members) this.#put({ ...member, incidentId });
    this.#incidents.set(incidentId, {
      ...incident,
      minerIds: [...new Set([...incident.minerIds, ...members.map(({ minerId }) => minerId)])],
      alertIds: [...incident.alertIds, ...members.map(({ alertId }) => alertId)],
      openAlerts: incident.openAlerts + members.length,
      severity: members.reduce(
        (severity, member) => worst(raised(member.severity), severity),
        incident.severity,
      ),
      lastSampledAtMs: Math.max(incident.lastSampledAtMs, ...members.map((one) => one.lastSampledAtMs)),
    });
    this.#joined.set(incidentId, [...(this.#joined.get(incidentId) ?? []), ...members]);
  }

  #incidentEvent(id: string, members: readonly Alert[]): PlannedEvent[] {
    const incident = this.#incident(id);
    if (!incident) return [];
    const { zoneId, kind, severity, gatewayId, minerIds, alertIds, firstSampledAtMs, batchReceivedAtMs } =
      incident;
    if (this.#world.incidents.has(id))
      return [
        {
          type: 'alerting.incident.grown',
          payload: {
            incident_id: id,
            zone_id: zoneId,
            miner_ids: members.map(({ minerId }) => minerId),
            alert_ids: members.map(({ alertId }) => alertId),
          },
        },
      ];
    return [
      {
        type: 'alerting.incident.opened',
        payload: {
          incident_id: id,
          zone_id: zoneId,
          kind,
          severity,
          ...(gatewayId && { gateway_id: gatewayId }),
          miner_ids: minerIds,
          alert_ids: alertIds,
          sampled_at_ms: firstSampledAtMs,
          batch_received_at_ms: batchReceivedAtMs,
        },
      },
    ];
  }

  #resolve(current: Alert, atMs: number) {
    const { alertId, minerId, kind, incidentId } = current;
    this.#put({ ...current, status: 'resolved', resolvedAtMs: atMs });
    this.#events.push({
      type: 'alerting.alert.resolved',
      payload: { alert_id: alertId, miner_id: minerId, kind },
    });
    const incident = incidentId === undefined ? undefined : this.#incident(incidentId);
    if (!incident || incidentId === undefined) return;
    const openAlerts = Math.max(0, incident.openAlerts - 1);
    const over = openAlerts === 0 && incident.status === 'open';
    this.#incidents.set(incidentId, {
      ...incident,
      openAlerts,
      ...(over && { status: 'resolved', resolvedAtMs: atMs }),
    });
    if (over)
      this.#events.push({
        type: 'alerting.incident.resolved',
        payload: { incident_id: incidentId, zone_id: incident.zoneId },
      });
  }
}

const openedPayload = (alert: Alert): EventPayload<'alerting.alert.opened'> => ({
  alert_id: alert.alertId,
  miner_id: alert.minerId,
  zone_id: alert.zoneId,
  kind: alert.kind,
  severity: alert.severity,
  ...(alert.parentAlertId !== undefined && { parent_alert_id: alert.parentAlertId }),
  sampled_at_ms: alert.firstSampledAtMs,
  batch_received_at_ms: alert.batchReceivedAtMs,
});
