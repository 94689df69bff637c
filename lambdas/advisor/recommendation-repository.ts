import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { ranks } from '../../contracts/access.ts';
import {
  actionTypes,
  type RecommendationStatus,
  recommendationStatuses,
  riskAssessment,
  triggerTypes,
} from '../../contracts/api-advisor.ts';
import { text } from '../../contracts/text.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { type AdvisorStore, advisorKeys, createdKey } from './advisor-keys.ts';
import { json } from './json.ts';
import { isOpen, type Recommendation } from './recommendation.ts';

const someText = z.union([text, z.string()]);
const stored = z.object({
  id: z.string(),
  tenantId: z.string(),
  siteId: z.int(),
  version: z.int(),
  status: z.enum(recommendationStatuses),
  statusReason: z.string().optional(),
  createdAtMs: z.int(),
  draftedAtMs: z.int(),
  expiresAtMs: z.int(),
  createdBy: z.string(),
  loopId: z.string().optional(),
  trigger: z.object({ type: z.enum(triggerTypes), id: z.string().optional(), data: json.optional() }),
  diagnosis: z.object({ rootCause: someText, evidence: z.array(someText), confidence: z.number() }),
  action: z.object({
    type: z.enum(actionTypes),
    params: json,
    targetIds: z.array(z.string()),
    description: text.optional(),
  }),
  risk: riskAssessment,
  priority: z.int(),
  expectedBenefit: json.optional(),
  votes: z.array(
    z.object({
      userId: z.int(),
      name: z.string(),
      rank: z.enum(ranks),
      atMs: z.int(),
      reason: z.string().optional(),
    }),
  ),
  approvedByRule: z.int().optional(),
  approvedAtMs: z.int().optional(),
  rejection: z.object({ userId: z.int(), atMs: z.int(), reason: z.string() }).optional(),
  execution: z
    .object({
      commandIds: z.array(z.string()),
      startedAtMs: z.int(),
      completedAtMs: z.int().optional(),
      result: json.optional(),
    })
    .optional(),
  learning: z
    .object({
      verdict: z.enum(['effective', 'no_effect', 'worse', 'inconclusive']),
      score: z.number(),
      evidence: z.array(text),
    })
    .optional(),
});
const item = z.object({ doc: stored });

/** Undefined where there is none. The read is consistent, because a decision follows it. */
export const readRecommendation =
  ({ db, advisorTable }: AdvisorStore) =>
  async (id: string): Promise<Recommendation | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: advisorTable, Key: advisorKeys.recommendation(id), ConsistentRead: true }),
    );
    return Item && item.parse(Item).doc;
  };

/**
 * The write that puts `next` in the place of version `next.version - 1` (none, where it is 1). Its condition is what
 * orders people who decide at once.
 */
export const putRecommendation = (table: string, next: Recommendation): TransactItem => {
  const waits = next.status === 'pending' || next.status === 'approved';
  return {
    Put: {
      TableName: table,
      Item: {
        ...advisorKeys.recommendation(next.id),
        doc: next,
        version: next.version,
        site_pk: advisorKeys.recommendationsOfSite(next.tenantId, next.siteId),
        status_pk: advisorKeys.recommendationsByStatus(next.tenantId, next.siteId, next.status),
        created_sk: createdKey(next.createdAtMs, next.id),
        ...(waits && { due_pk: advisorKeys.due, due_sk: createdKey(next.expiresAtMs, next.id) }),
      },
      ...(next.version === 1
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'version = :before',
            ExpressionAttributeValues: { ':before': next.version - 1 },
          }),
    },
  };
};

/** More targets than this are not held: a transaction takes 100 items. */
const mostHeld = 60;

/** While the closed loop's recommendation is open, no other loop makes one for the same miner. */
export const holdMiners = (table: string, { id, siteId, action }: Recommendation): TransactItem[] =>
  action.targetIds.slice(0, mostHeld).map((minerId) => ({
    Put: {
      TableName: table,
      Item: { ...advisorKeys.openForMiner(siteId, minerId), recommendation_id: id },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  }));

export const releaseMiners = (
  table: string,
  { loopId, siteId, action, status }: Recommendation,
): TransactItem[] =>
  loopId === undefined || isOpen(status)
    ? []
    : action.targetIds
        .slice(0, mostHeld)
        .map((minerId) => ({ Delete: { TableName: table, Key: advisorKeys.openForMiner(siteId, minerId) } }));

/** The open recommendation of the closed loop for a miner. */
export const readOpenForMiner =
  ({ db, advisorTable }: AdvisorStore) =>
  async (siteId: number, minerId: string): Promise<string | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: advisorTable,
        Key: advisorKeys.openForMiner(siteId, minerId),
        ConsistentRead: true,
      }),
    );
    return Item && z.object({ recommendation_id: z.string() }).parse(Item).recommendation_id;
  };

export type ListQuery = {
  readonly tenantId: string;
  readonly siteId: number;
  readonly status?: RecommendationStatus | undefined;
  readonly limit: number;
};

/** A site's recommendations, newest first. */
export const listRecommendations =
  ({ db, advisorTable }: AdvisorStore) =>
  async ({ tenantId, siteId, status, limit }: ListQuery): Promise<Recommendation[]> => {
    const found: Recommendation[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const page = await db.send(
        new QueryCommand({
          TableName: advisorTable,
          IndexName: status ? 'by-status' : 'by-site',
          KeyConditionExpression: `${status ? 'status_pk' : 'site_pk'} = :pk`,
          ExpressionAttributeValues: {
            ':pk': status
              ? advisorKeys.recommendationsByStatus(tenantId, siteId, status)
              : advisorKeys.recommendationsOfSite(tenantId, siteId),
          },
          ScanIndexForward: false,
          Limit: limit - found.length,
          ...(start && { ExclusiveStartKey: start }),
        }),
      );
      for (const one of page.Items ?? []) found.push(item.parse(one).doc);
      start = page.LastEvaluatedKey;
    } while (start && found.length < limit);
    return found;
  };

/** The sites of a tenant that ever had a recommendation, for lists over all sites. */
export const listAdvisedSites =
  ({ db, advisorTable }: AdvisorStore) =>
  async (tenantId: string): Promise<number[]> => {
    const { Items = [] } = await db.send(
      new QueryCommand({
        TableName: advisorTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': `TENANT#${tenantId}` },
      }),
    );
    return z
      .array(z.object({ site_id: z.int() }))
      .parse(Items)
      .map(({ site_id }) => site_id);
  };

export const putAdvisedSite = (table: string, { tenantId, siteId }: Recommendation): TransactItem => ({
  Put: { TableName: table, Item: { ...advisorKeys.siteOfTenant(tenantId, siteId), site_id: siteId } },
});

/** Ids of pending and approved recommendations whose time is over, oldest first. */
export const listDue =
  ({ db, advisorTable }: AdvisorStore) =>
  async (nowMs: number, limit = 100): Promise<string[]> => {
    const { Items = [] } = await db.send(
      new QueryCommand({
        TableName: advisorTable,
        IndexName: 'by-due',
        KeyConditionExpression: 'due_pk = :pk AND due_sk <= :now',
        ExpressionAttributeValues: { ':pk': advisorKeys.due, ':now': createdKey(nowMs, '~') },
        Limit: limit,
      }),
    );
    return Items.map((one) => item.parse(one).doc.id);
  };
