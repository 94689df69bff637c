import { GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs, siteId, tenantId } from '../../contracts/identifiers.ts';
import { type AuditStore, commitWithAudit, stateEvent } from '../audit/commit-with-audit.ts';

export type LegacyStore = AuditStore & { readonly legacyTable: string };
type Reader = Pick<LegacyStore, 'db' | 'legacyTable'>;

const storedSwitch = z.object({
  tenantId,
  siteId,
  enabled: z.boolean(),
  untilMs: epochMs.optional(),
  reason: z.string(),
  changedBy: z.string(),
  changedAtMs: epochMs,
  version: z.int().positive(),
});
/** Whether the old routes work for a site, and until when. */
export type LegacySwitch = z.infer<typeof storedSwitch>;

export const isOn = ({ enabled, untilMs = 0 }: LegacySwitch, nowMs: number) => enabled && untilMs > nowMs;

const partition = (tenant: string) => `TENANT#${tenant}`;
const keyOf = (tenant: string, site: number) => ({ pk: partition(tenant), sk: `SITE#${site}` });

export const readSwitch =
  ({ db, legacyTable }: Reader) =>
  async (tenant: string, site: number): Promise<LegacySwitch | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: legacyTable, Key: keyOf(tenant, site), ConsistentRead: true }),
    );
    return Item && storedSwitch.parse(Item);
  };

/** The tenant's sites for which the old routes work now. */
export const listSitesOn =
  ({ db, legacyTable }: Reader) =>
  async (tenant: string, nowMs: number): Promise<number[]> => {
    const found: number[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: legacyTable,
        KeyConditionExpression: 'pk = :tenant',
        ExpressionAttributeValues: { ':tenant': partition(tenant) },
        ConsistentRead: true,
      },
    );
    for await (const { Items } of pages)
      for (const item of Items ?? []) {
        const one = storedSwitch.parse(item);
        if (isOn(one, nowMs)) found.push(one.siteId);
      }
    return found;
  };

/** Writes a switch with its event. False where it has changed meanwhile. */
export const writeSwitch =
  (store: LegacyStore) =>
  async (next: LegacySwitch, userId: number): Promise<boolean> => {
    const committed = await commitWithAudit(store)(
      [
        {
          Put: {
            TableName: store.legacyTable,
            Item: { ...keyOf(next.tenantId, next.siteId), ...next },
            ...(next.version === 1
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: 'version = :before',
                  ExpressionAttributeValues: { ':before': next.version - 1 },
                }),
          },
        },
      ],
      [
        stateEvent({
          actor_type: 'user',
          actor_id: String(userId),
          tenant_id: next.tenantId,
          site_id: next.siteId,
          type: 'legacy.api.switched',
          ref_type: 'site',
          ref_id: String(next.siteId),
          payload: {
            enabled: next.enabled,
            ...(next.untilMs !== undefined && { until_ms: next.untilMs }),
            reason: next.reason,
          },
        }),
      ],
    );
    return committed.ok;
  };
