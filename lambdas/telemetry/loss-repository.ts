import { GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { epochMs, gatewayId } from '../../contracts/identifiers.ts';
import type { SequenceGap } from '../../contracts/telemetry-receipt.ts';
import { type AuditStore, commitWithAudit, stateEvent } from '../audit/commit-with-audit.ts';
import { liveHead, sequencesOf } from './live-repository.ts';
import { noteGone } from './sequence-state.ts';
import { type Shard, type TelemetryStore, telemetryKeys } from './telemetry-keys.ts';

const count = z.int().nonnegative();
const lossItem = z.object({
  gateway_id: gatewayId,
  shard: count,
  after: count,
  before: count,
  lost_at_ms: epochMs,
});
export type Loss = z.infer<typeof lossItem>;

const attempts = 12;
/** A commit takes 90 items and 9 events; a shard has at most 50 gaps. */
const mostLosses = 60;

/**
 * Takes gaps that a gateway cannot fill out of its shard's open ones and records them as lost, with an audit event, all
 * or nothing. Returns what was lost by it: nothing the second time.
 */
export const recordGone =
  (store: TelemetryStore & AuditStore) =>
  async (
    shard: Shard,
    gone: readonly SequenceGap[],
    tenantId: string,
    nowMs: number,
  ): Promise<readonly SequenceGap[]> => {
    const Key = telemetryKeys.live(shard);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const { Item } = await store.db.send(
        new GetCommand({ TableName: store.telemetryTable, Key, ConsistentRead: true }),
      );
      if (!Item) return [];
      const head = liveHead.parse(Item);
      let state = sequencesOf(head);
      const lost: SequenceGap[] = [];
      for (const gap of gone) {
        const noted = noteGone(state, gap);
        if (lost.length + noted.lost.length > mostLosses) break;
        state = noted.state;
        lost.push(...noted.lost);
      }
      if (lost.length === 0) return [];
      const update = {
        Update: {
          TableName: store.telemetryTable,
          Key,
          UpdateExpression: 'SET gaps = :gaps, version = :next',
          ConditionExpression: 'version = :version',
          ExpressionAttributeValues: {
            ':gaps': state.gaps.map(({ after, upTo, before, sinceMs }) => [after, upTo, before, sinceMs]),
            ':next': head.version + 1,
            ':version': head.version,
          },
        },
      };
      const losses = lost.map(({ after, before }) => ({
        Put: {
          TableName: store.telemetryTable,
          Item: {
            ...telemetryKeys.loss(shard, after),
            gateway_id: shard.gatewayId,
            shard: shard.shard,
            after,
            before,
            lost_at_ms: nowMs,
          },
        },
      }));
      const committed = await commitWithAudit(store)(
        [update, ...losses],
        [
          stateEvent({
            tenant_id: tenantId,
            site_id: shard.siteId,
            actor_type: 'device',
            actor_id: shard.gatewayId,
            type: 'telemetry.batches.lost',
            ref_type: 'gateway',
            ref_id: shard.gatewayId,
            payload: { gateway_id: shard.gatewayId, shard: shard.shard, gaps: lost },
          }),
        ],
      );
      if (committed.ok) return lost;
    }
    throw new Error(`Shard ${shard.shard} stayed contended over ${attempts} attempts`);
  };

/** Batches of a site that are lost for good, by gateway and shard. What is missing and may still come is in the shards' heads. */
export const lossesOf =
  ({ db, telemetryTable }: TelemetryStore) =>
  async (siteId: number): Promise<Loss[]> => {
    const losses: Loss[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: telemetryTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': telemetryKeys.lossesOfSite(siteId) },
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) losses.push(lossItem.parse(item));
    return losses;
  };
