import { QueryCommand } from '@aws-sdk/lib-dynamodb';
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
});

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
