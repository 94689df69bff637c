import { setTimeout as delay } from 'node:timers/promises';
import { type AnomaliesDetected, alertKinds } from '../../contracts/alert.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type AuditStore, stateEvent } from '../audit/commit-with-audit.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import { type AlertingStore, commitPlan, itemsOf, readWorld, type StoredWorld } from './alert-repository.ts';
import {
  type AlertPolicy,
  type Detected,
  groupKeyOf,
  type PlannedEvent,
  planAlerts,
  refOf,
} from './plan-alerts.ts';

/** What one commit takes: DynamoDB's 100 items less the audit chain's, and the chain's 9 events. */
const mostItems = 85;
const mostEvents = 9;
const attempts = 20;

export type RecordDeps = EndDeps & {
  readonly readTenant: (siteId: number, gatewayId: string) => Promise<string | undefined>;
  /** The miners of a site that were taken out of use: what is found of them is left out. */
  readonly readRetired: (siteId: number) => Promise<ReadonlySet<string>>;
};

/**
 * Takes a batch's findings into alerts and incidents: each change in one transaction with its audit events. May be
 * repeated and may run beside others: what was taken in already changes nothing. Throws where the gateway is unknown.
 */
export const recordAnomalies =
  (deps: RecordDeps) =>
  async (detected: AnomaliesDetected): Promise<void> => {
    const tenantId = await deps.readTenant(detected.siteId, detected.gatewayId);
    if (tenantId === undefined)
      throw new Error(`Site ${detected.siteId} has no gateway ${detected.gatewayId}`);
    const { anomalies } = detected;
    const retired = anomalies.length > 0 ? await deps.readRetired(detected.siteId) : undefined;
    const inUse = anomalies.filter(({ minerId }) => !retired?.has(minerId));
    await recordPart(deps, tenantId, { ...detected, anomalies: inUse });
  };

export type EndDeps = AlertingStore & AuditStore & { readonly clock?: Clock; readonly policy: AlertPolicy };

/** Ends every open alert of miners that were taken out of use. May be repeated. */
export const endAlerts =
  (deps: EndDeps) =>
  async (tenantId: string, siteId: number, minerIds: readonly string[]): Promise<void> => {
    const nowMs = (deps.clock ?? systemClock).nowMs();
    const recoveries = minerIds.flatMap((minerId) =>
      alertKinds.map((kind) => ({ minerId, kind, sampledAtMs: nowMs })),
    );
    await recordPart(deps, tenantId, {
      siteId,
      gatewayId: '',
      receivedAtMs: nowMs,
      anomalies: [],
      recoveries,
    });
  };

const recordPart = async (deps: EndDeps, tenantId: string, detected: Detected): Promise<void> => {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const outcome = await tryOnce(deps, tenantId, detected);
    if (outcome === 'done') return;
    if (outcome === 'too_large') {
      for (const half of halves(detected)) await recordPart(deps, tenantId, half);
      return;
    }
    await delay(Math.random() * Math.min(200, 5 * 2 ** Math.min(attempt, 6)));
  }
  throw new Error(`The alerts of site ${detected.siteId} stayed contended over ${attempts} attempts`);
};

const tryOnce = async (deps: EndDeps, tenantId: string, detected: Detected) => {
  const { siteId, anomalies, recoveries } = detected;
  const miners = [...anomalies, ...recoveries].map(({ minerId }) => minerId);
  const groups = [...new Set(anomalies.map((anomaly) => groupKeyOf(detected, anomaly)))];
  const world = await readWorld(deps)(siteId, miners, groups);
  const plan = planAlerts(plain(world), detected, deps.policy, (deps.clock ?? systemClock).nowMs());
  const items = itemsOf(deps, siteId, world, plan);
  if (items.length === 0) return 'done';
  if ((items.length > mostItems || plan.events.length > mostEvents) && new Set(miners).size > 1)
    return 'too_large';
  const events = plan.events.map((event) => toDomainEvent(siteId, tenantId, event));
  return (await commitPlan(deps)(items, events)) ? 'done' : 'overtaken';
};

const plain = ({ devices, groups, incidents }: StoredWorld) => {
  const records = <T>(from: ReadonlyMap<string, { readonly record: T }>) =>
    new Map([...from].map(([key, { record }]) => [key, record]));
  return { devices: records(devices), groups: records(groups), incidents: records(incidents) };
};

/** Halves by miner, so that all symptoms of one stay together; miners with the same anomaly stay neighbours. */
const halves = (detected: Detected): Detected[] => {
  const miners = [
    ...new Set(
      [...detected.anomalies.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)), ...detected.recoveries].map(
        ({ minerId }) => minerId,
      ),
    ),
  ];
  const first = new Set(miners.slice(0, Math.ceil(miners.length / 2)));
  return [true, false].map((wanted) => ({
    ...detected,
    anomalies: detected.anomalies.filter(({ minerId }) => first.has(minerId) === wanted),
    recoveries: detected.recoveries.filter(({ minerId }) => first.has(minerId) === wanted),
  }));
};

const toDomainEvent = (siteId: number, tenantId: string, event: PlannedEvent): NewDomainEvent =>
  stateEvent({
    ...event,
    tenant_id: tenantId,
    site_id: siteId,
    actor_type: 'system',
    actor_id: 'alerting',
    ...refOf(event),
  });
