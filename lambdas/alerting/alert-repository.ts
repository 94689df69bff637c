import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { AlertStatus } from '../../contracts/api-alerting.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type AuditStore, commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import {
  type Alert,
  alertRecord,
  type Device,
  deviceRecord,
  type Group,
  groupRecord,
  type Incident,
  incidentRecord,
} from './alert.ts';
import type { Plan } from './plan-alerts.ts';

export type AlertingStore = { readonly db: DynamoDBDocumentClient; readonly alertingTable: string };

/** Index of alerts and incidents by their status: partition `status_pk`, sort `sk`. */
export const byStatus = 'by-status';

const pkOf = (siteId: number) => `SITE#${siteId}`;
const keys = {
  alert: (siteId: number, id: string) => ({ pk: pkOf(siteId), sk: `ALERT#${id}` }),
  incident: (siteId: number, id: string) => ({ pk: pkOf(siteId), sk: `INCIDENT#${id}` }),
  device: (siteId: number, minerId: string) => ({ pk: pkOf(siteId), sk: `DEVICE#${minerId}` }),
  group: (siteId: number, key: string) => ({ pk: pkOf(siteId), sk: `GROUP#${key}` }),
};

const versioned = z.object({ sk: z.string(), version: z.int().positive(), record: z.unknown() });
const listed = z.object({ record: z.unknown() });
type Versioned<T> = { readonly version: number; readonly record: T };

/** What `planAlerts` starts from, with the versions that the commit is conditional on. */
export type StoredWorld = {
  readonly devices: ReadonlyMap<string, Versioned<Device>>;
  readonly groups: ReadonlyMap<string, Versioned<Group>>;
  readonly incidents: ReadonlyMap<string, Versioned<Incident>>;
};

const readMany = async <S extends z.ZodType>(
  { db, alertingTable }: AlertingStore,
  siteId: number,
  sks: readonly string[],
  record: S,
) => {
  const found = new Map<string, Versioned<z.output<S>>>();
  for (let from = 0; from < sks.length; from += 100) {
    let Keys = sks.slice(from, from + 100).map((sk) => ({ pk: pkOf(siteId), sk }));
    while (Keys.length > 0) {
      const { Responses, UnprocessedKeys } = await db.send(
        new BatchGetCommand({ RequestItems: { [alertingTable]: { Keys, ConsistentRead: true } } }),
      );
      for (const item of Responses?.[alertingTable] ?? []) {
        const stored = versioned.parse(item);
        found.set(stored.sk, { version: stored.version, record: record.parse(stored.record) });
      }
      Keys = z
        .array(z.object({ pk: z.string(), sk: z.string() }))
        .parse(UnprocessedKeys?.[alertingTable]?.Keys ?? []);
    }
  }
  return found;
};

const rename = <T>(prefix: string, found: ReadonlyMap<string, T>) =>
  new Map([...found].map(([sk, value]) => [sk.slice(prefix.length), value]));

/** The groups, the devices named and those that wait in the groups, and the incidents that any of them belong to. */
export const readWorld =
  (store: AlertingStore) =>
  async (siteId: number, minerIds: readonly string[], groupKeys: readonly string[]): Promise<StoredWorld> => {
    const groups = rename(
      'GROUP#',
      await readMany(
        store,
        siteId,
        groupKeys.map((key) => `GROUP#${key}`),
        groupRecord,
      ),
    );
    const waiting = [...groups.values()].flatMap(({ record }) => record.recent.map(({ minerId }) => minerId));
    const ids = [...new Set([...minerIds, ...waiting])];
    const devices = rename(
      'DEVICE#',
      await readMany(
        store,
        siteId,
        ids.map((id) => `DEVICE#${id}`),
        deviceRecord,
      ),
    );
    const ofGroups = [...groups.values()].map(({ record }) => record.incidentId);
    const ofAlerts = [...devices.values()].flatMap(({ record }) =>
      Object.values(record.alerts).map(({ incidentId }) => incidentId),
    );
    const incidentIds = [...new Set([...ofGroups, ...ofAlerts])].filter((id) => id !== undefined);
    const incidents = rename(
      'INCIDENT#',
      await readMany(
        store,
        siteId,
        incidentIds.map((id) => `INCIDENT#${id}`),
        incidentRecord,
      ),
    );
    return { devices, groups, incidents };
  };

const put = (
  store: AlertingStore,
  item: Record<string, unknown>,
  version: number | undefined,
): TransactItem => ({
  Put: {
    TableName: store.alertingTable,
    Item: { ...item, version: (version ?? 0) + 1 },
    ...(version === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } }),
  },
});

const statusOf = (siteId: number, what: string, status: AlertStatus) => ({
  status_pk: `${pkOf(siteId)}#${what}#${status}`,
});

/** The writes of a plan. Alerts need no condition of their own: each changes only with its device. */
export const itemsOf = (
  store: AlertingStore,
  siteId: number,
  world: StoredWorld,
  plan: Plan,
): TransactItem[] => [
  ...[...plan.devices].map(([id, record]) =>
    put(store, { ...keys.device(siteId, id), record }, world.devices.get(id)?.version),
  ),
  ...[...plan.groups].map(([key, record]) =>
    put(store, { ...keys.group(siteId, key), record }, world.groups.get(key)?.version),
  ),
  ...[...plan.incidents].map(([id, record]) =>
    put(
      store,
      { ...keys.incident(siteId, id), ...statusOf(siteId, 'INCIDENT', record.status), record },
      world.incidents.get(id)?.version,
    ),
  ),
  ...plan.alerts.map((record) => ({
    Put: {
      TableName: store.alertingTable,
      Item: { ...keys.alert(siteId, record.alertId), ...statusOf(siteId, 'ALERT', record.status), record },
    },
  })),
];

/** Writes a plan with its audit events, or as a mere count where there is nothing to announce; false when overtaken. */
export const commitPlan =
  (store: AlertingStore & AuditStore) =>
  async (items: readonly TransactItem[], events: readonly NewDomainEvent[]): Promise<boolean> => {
    if (events.length > 0) return (await commitWithAudit(store)(items, events)).ok;
    try {
      await store.db.send(new TransactWriteCommand({ TransactItems: [...items] }));
      return true;
    } catch (error) {
      if (error instanceof TransactionCanceledException) return false;
      throw error;
    }
  };

const readRecord = async <S extends z.ZodType>(
  { db, alertingTable }: AlertingStore,
  Key: Record<string, string>,
  record: S,
) => {
  const { Item } = await db.send(new GetCommand({ TableName: alertingTable, Key }));
  return Item && record.parse(listed.parse(Item).record);
};

export const readAlertRecord = (store: AlertingStore) => (siteId: number, id: string) =>
  readRecord(store, keys.alert(siteId, id), alertRecord);
export const readIncidentRecord = (store: AlertingStore) => (siteId: number, id: string) =>
  readRecord(store, keys.incident(siteId, id), incidentRecord);

/** `nextPlace`: the last entry's name, where another page follows. */
export type Page<T> = { readonly found: readonly T[]; readonly nextPlace?: string };
export type PageRequest = {
  readonly status?: AlertStatus | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

const list = async <S extends z.ZodType>(
  { db, alertingTable }: AlertingStore,
  siteId: number,
  what: 'ALERT' | 'INCIDENT',
  { status, limit, cursor }: PageRequest,
  record: S,
) => {
  const start = cursor !== undefined && {
    pk: pkOf(siteId),
    sk: `${what}#${cursor}`,
    ...(status && statusOf(siteId, what, status)),
  };
  const { Items, LastEvaluatedKey } = await db.send(
    new QueryCommand({
      TableName: alertingTable,
      ...(status && { IndexName: byStatus }),
      KeyConditionExpression: status
        ? 'status_pk = :pk AND begins_with(sk, :what)'
        : 'pk = :pk AND begins_with(sk, :what)',
      ExpressionAttributeValues: {
        ':pk': status ? statusOf(siteId, what, status).status_pk : pkOf(siteId),
        ':what': `${what}#`,
      },
      ScanIndexForward: false,
      Limit: limit,
      ...(start && { ExclusiveStartKey: start }),
    }),
  );
  const nextPlace = LastEvaluatedKey && String(LastEvaluatedKey.sk).slice(what.length + 1);
  return {
    found: (Items ?? []).map((item) => record.parse(listed.parse(item).record)),
    ...(nextPlace !== undefined && { nextPlace }),
  };
};

/** Newest first. */
export const listAlerts =
  (store: AlertingStore) =>
  (siteId: number, request: PageRequest): Promise<Page<Alert>> =>
    list(store, siteId, 'ALERT', request, alertRecord);
export const listIncidents =
  (store: AlertingStore) =>
  (siteId: number, request: PageRequest): Promise<Page<Incident>> =>
    list(store, siteId, 'INCIDENT', request, incidentRecord);
