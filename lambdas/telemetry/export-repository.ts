import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { exportId, exportStatuses } from '../../contracts/api-telemetry-export.ts';
import { epochMs } from '../../contracts/identifiers.ts';
import { ttlSeconds } from '../shared/clock.ts';
import { exportOrder } from './export-order.ts';
import { type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';
import { keptMs } from './windows.ts';

const exportItem = z.object({
  export_id: exportId,
  status: z.enum(exportStatuses),
  order: exportOrder,
  requested_by: z.string(),
  requested_at_ms: epochMs,
  finished_at_ms: epochMs.optional(),
  rows: z.int().optional(),
  bytes: z.int().optional(),
  reason: z.string().optional(),
  object_key: z.string().optional(),
});
export type ExportJob = z.infer<typeof exportItem>;

export const insertExport =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (job: ExportJob): Promise<void> => {
    const Item = {
      ...telemetryKeys.export(job.order.siteId, job.requested_at_ms, job.export_id),
      ...job,
      ttl: ttlSeconds(job.requested_at_ms + keptMs.export),
    };
    await db.send(
      new PutCommand({ TableName: telemetryTable, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
    );
  };

const kept = ({ requested_at_ms }: ExportJob, nowMs: number) => requested_at_ms >= nowMs - keptMs.export;

/** A site's export, as long as its file is kept; undefined for another site's as for none. */
export const readExport =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (siteId: number, id: string, nowMs: number): Promise<ExportJob | undefined> => {
    const requestedAtMs = Number.parseInt(id.slice(3, 15), 16);
    if (!Number.isSafeInteger(requestedAtMs)) return undefined;
    const { Item } = await db.send(
      new GetCommand({
        TableName: telemetryTable,
        Key: telemetryKeys.export(siteId, requestedAtMs, id),
        ConsistentRead: true,
      }),
    );
    const job = Item && exportItem.parse(Item);
    return job && kept(job, nowMs) ? job : undefined;
  };

/** A site's newest exports: so many, or as many as one query finds. */
export const listExports =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (siteId: number, nowMs: number, limit: number | undefined): Promise<ExportJob[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: telemetryTable,
        KeyConditionExpression: 'pk = :pk AND sk >= :kept',
        ExpressionAttributeValues: {
          ':pk': telemetryKeys.exportsOfSite(siteId),
          ':kept': telemetryKeys.from(nowMs - keptMs.export),
        },
        ScanIndexForward: false,
        ...(limit !== undefined && { Limit: limit }),
      }),
    );
    return (Items ?? []).map((item) => exportItem.parse(item));
  };

type Outcome =
  | { readonly status: 'running' }
  | {
      readonly status: 'done';
      readonly finished_at_ms: number;
      readonly rows: number;
      readonly bytes: number;
      readonly object_key: string;
    }
  | { readonly status: 'failed'; readonly finished_at_ms: number; readonly reason: string };

/** Says how far an export is. One that has its end keeps it: a second delivery changes nothing. */
export const settleExport =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (job: ExportJob, outcome: Outcome): Promise<void> => {
    const changes = Object.entries(outcome);
    try {
      await db.send(
        new UpdateCommand({
          TableName: telemetryTable,
          Key: telemetryKeys.export(job.order.siteId, job.requested_at_ms, job.export_id),
          UpdateExpression: `SET ${changes.map((_, index) => `#n${index} = :v${index}`).join(', ')}`,
          ConditionExpression: '#status IN (:queued, :running)',
          ExpressionAttributeNames: {
            '#status': 'status',
            ...Object.fromEntries(changes.map(([name], index) => [`#n${index}`, name])),
          },
          ExpressionAttributeValues: {
            ':queued': 'queued',
            ':running': 'running',
            ...Object.fromEntries(changes.map(([, value], index) => [`:v${index}`, value])),
          },
        }),
      );
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
    }
  };
