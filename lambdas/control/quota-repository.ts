import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { ttlSeconds } from '../shared/clock.ts';
import type { ControlReader } from './command-repository.ts';
import { controlKeys } from './control-keys.ts';
import type { QuotaUse } from './request-deps.ts';

const hourMs = 3_600_000;
const hourOf = (nowMs: number) => Math.floor(nowMs / hourMs);
const counted = z.object({ pk: z.string(), sk: z.string(), used: z.int() });

/** Counts orders of this hour against the site's and the person's quota, in this order; the transaction fails where one is used up. */
export const quotaItems =
  ({ controlTable: TableName }: Pick<ControlReader, 'controlTable'>) =>
  ({ siteId, type, userId, miners, limits, nowMs }: QuotaUse): TransactItem[] =>
    (
      [
        ['SITE', limits.site],
        [`USER#${userId}`, limits.user],
      ] as const
    ).map(([who, most]) => ({
      Update: {
        TableName,
        Key: controlKeys.quota(siteId, type, who, hourOf(nowMs)),
        UpdateExpression: 'ADD used :miners SET #ttl = :ttl',
        ConditionExpression:
          most >= miners ? 'attribute_not_exists(used) OR used <= :left' : 'attribute_exists(never)',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':miners': miners,
          ':ttl': ttlSeconds(nowMs + 2 * hourMs),
          ...(most >= miners && { ':left': most - miners }),
        },
      },
    }));

/** What is left of both quotas this hour. */
export const quotaLeft =
  ({ db, controlTable }: ControlReader) =>
  async ({ siteId, type, userId, limits, nowMs }: Omit<QuotaUse, 'miners'>) => {
    const keys = ['SITE', `USER#${userId}`].map((who) => controlKeys.quota(siteId, type, who, hourOf(nowMs)));
    const { Responses } = await db.send(
      new BatchGetCommand({ RequestItems: { [controlTable]: { Keys: keys, ConsistentRead: true } } }),
    );
    const items = (Responses?.[controlTable] ?? []).map((item) => counted.parse(item));
    const used = keys.map(({ pk, sk }) => items.find((one) => one.pk === pk && one.sk === sk)?.used ?? 0);
    return {
      site: Math.max(0, limits.site - (used[0] ?? 0)),
      user: Math.max(0, limits.user - (used[1] ?? 0)),
    };
  };
