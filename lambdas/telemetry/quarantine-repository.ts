import { paginateQuery, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs } from '../../contracts/identifiers.ts';
import { type AuditStore, commitWithAudit, stateEvent } from '../audit/commit-with-audit.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { cursorAfter } from '../shared/cursor.ts';
import type { QuarantineEntry } from './set-aside.ts';
import { type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';
import { keptMs } from './windows.ts';

const entryItem = z.object({
  quarantine_id: z.string(),
  gateway_id: z.string(),
  fault: z.string(),
  detail: z.string(),
  bytes: z.int(),
  received_at_ms: epochMs,
  replay: z.enum(['replayed', 'refused']).optional(),
  replayed_at_ms: epochMs.optional(),
  replay_detail: z.string().optional(),
});
export type QuarantineItem = z.infer<typeof entryItem>;
const keptEntry = entryItem.extend({ sk: z.string(), object_key: z.string() });
export type KeptEntry = z.infer<typeof keptEntry>;
export type ReplayOutcome = {
  readonly replay: 'replayed' | 'refused';
  readonly replayed_at_ms: number;
  readonly replay_detail?: string;
};

/** Records a batch that was set aside, with its audit event; a second time nothing happens. */
export const insertEntry =
  (store: TelemetryStore & AuditStore) => (entry: QuarantineEntry, tenantId: string) => {
    const { quarantineId, siteId, gatewayId, fault, detail, bytes, objectKey, receivedAtMs } = entry;
    const Item = {
      ...telemetryKeys.quarantine(siteId, receivedAtMs, quarantineId),
      quarantine_id: quarantineId,
      gateway_id: gatewayId,
      fault,
      detail,
      bytes,
      object_key: objectKey,
      received_at_ms: receivedAtMs,
      ttl: ttlSeconds(receivedAtMs + keptMs.quarantine),
    };
    return commitWithAudit(store)(
      [{ Put: { TableName: store.telemetryTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }],
      [
        stateEvent({
          tenant_id: tenantId,
          site_id: siteId,
          actor_type: 'system',
          actor_id: 'telemetry',
          type: 'telemetry.batch.set_aside',
          ref_type: 'quarantine',
          ref_id: quarantineId,
          payload: { gateway_id: gatewayId, fault, quarantine_id: quarantineId },
        }),
      ],
    );
  };

/** A site's batches that were set aside and are still kept, newest first. */
export const listEntries =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (siteId: number, nowMs: number, limit: number, after?: string) => {
    const kept = telemetryKeys.from(nowMs - keptMs.quarantine);
    if (after !== undefined && after < kept) return { entries: [] };
    const pk = telemetryKeys.quarantineOfSite(siteId);
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: telemetryTable,
        KeyConditionExpression: 'pk = :pk AND sk >= :kept',
        ExpressionAttributeValues: {
          ':pk': pk,
          ':kept': kept,
        },
        ScanIndexForward: false,
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: { pk, sk: after } }),
      }),
    );
    const nextCursor = cursorAfter(LastEvaluatedKey);
    return { entries: (Items ?? []).map((item) => entryItem.parse(item)), ...(nextCursor && { nextCursor }) };
  };

/** One batch of a site that was set aside and is still kept. */
export const findEntry =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (siteId: number, quarantineId: string, nowMs: number): Promise<KeptEntry | undefined> => {
    const pages = paginateQuery(
      { client: db },
      {
        TableName: telemetryTable,
        KeyConditionExpression: 'pk = :pk AND sk >= :kept',
        FilterExpression: 'quarantine_id = :id',
        ExpressionAttributeValues: {
          ':pk': telemetryKeys.quarantineOfSite(siteId),
          ':kept': telemetryKeys.from(nowMs - keptMs.quarantine),
          ':id': quarantineId,
        },
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) return keptEntry.parse(item);
    return undefined;
  };

/** Says of a batch that was set aside what came of its replay, with the audit event. */
export const noteReplay =
  (store: TelemetryStore & AuditStore) =>
  async (
    owner: { readonly tenantId: string; readonly siteId: number },
    entry: KeptEntry,
    outcome: ReplayOutcome,
    userId: number,
  ): Promise<void> => {
    const { replay, replayed_at_ms, replay_detail } = outcome;
    const committed = await commitWithAudit(store)(
      [
        {
          Update: {
            TableName: store.telemetryTable,
            Key: { pk: telemetryKeys.quarantineOfSite(owner.siteId), sk: entry.sk },
            UpdateExpression: 'SET #replay = :replay, replayed_at_ms = :at, replay_detail = :detail',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeNames: { '#replay': 'replay' },
            ExpressionAttributeValues: {
              ':replay': replay,
              ':at': replayed_at_ms,
              ':detail': replay_detail?.slice(0, 300) ?? '',
            },
          },
        },
      ],
      [
        stateEvent({
          tenant_id: owner.tenantId,
          site_id: owner.siteId,
          actor_type: 'user',
          actor_id: String(userId),
          type: 'telemetry.batch.replayed',
          ref_type: 'quarantine',
          ref_id: entry.quarantine_id,
          payload: {
            gateway_id: entry.gateway_id,
            quarantine_id: entry.quarantine_id,
            outcome: replay,
            ...(replay_detail !== undefined && { fault: replay_detail.slice(0, 300) }),
          },
        }),
      ],
    );
    if (!committed.ok) throw new Error(`Batch ${entry.quarantine_id} was let go while it was replayed`);
  };
