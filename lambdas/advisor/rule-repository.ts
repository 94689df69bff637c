import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { rule as ruleSchema } from '../../contracts/api-advisor.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { type AdvisorStore, advisorKeys } from './advisor-keys.ts';

const item = z.object({ rule: ruleSchema, version: z.int() });
export type StoredRule = z.infer<typeof item>;

/** Integer ids, one series per tenant. */
export const nextRuleId =
  ({ db, advisorTable }: AdvisorStore) =>
  async (tenantId: string): Promise<number> => {
    const { Attributes } = await db.send(
      new UpdateCommand({
        TableName: advisorTable,
        Key: advisorKeys.ruleCounter(tenantId),
        UpdateExpression: 'ADD last_id :one',
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return z.object({ last_id: z.int() }).parse(Attributes).last_id;
  };

export const readRule =
  ({ db, advisorTable }: AdvisorStore) =>
  async (tenantId: string, ruleId: number): Promise<StoredRule | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: advisorTable,
        Key: advisorKeys.rule(tenantId, ruleId),
        ConsistentRead: true,
      }),
    );
    return Item && item.parse(Item);
  };

/** All rules of a site, active or not, by id. Consistent: a rule that was just switched off approves nothing. */
export const listRules =
  ({ db, advisorTable }: AdvisorStore) =>
  async (tenantId: string, siteId: number): Promise<StoredRule[]> => {
    const found: StoredRule[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const page = await db.send(
        new QueryCommand({
          TableName: advisorTable,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :rule)',
          ExpressionAttributeValues: { ':pk': `RULES#${tenantId}`, ':rule': 'RULE#' },
          ConsistentRead: true,
          ...(start && { ExclusiveStartKey: start }),
        }),
      );
      for (const one of page.Items ?? []) found.push(item.parse(one));
      start = page.LastEvaluatedKey;
    } while (start);
    return found.filter(({ rule }) => rule.site_id === siteId);
  };

export const putRule = (table: string, tenantId: string, { rule, version }: StoredRule): TransactItem => ({
  Put: {
    TableName: table,
    Item: { ...advisorKeys.rule(tenantId, rule.id), rule, version },
    ...(version === 1
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': version - 1 } }),
  },
});

/** Holds an approval by rule to the rule as it was read. */
export const requireRule = (
  table: string,
  tenantId: string,
  { rule, version }: StoredRule,
): TransactItem => ({
  ConditionCheck: {
    TableName: table,
    Key: advisorKeys.rule(tenantId, rule.id),
    ConditionExpression: 'version = :version',
    ExpressionAttributeValues: { ':version': version },
  },
});
