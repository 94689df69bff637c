import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { ActionType } from '../../contracts/api-advisor.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { toUtc } from '../shared/clock.ts';
import { type AdvisorStore, advisorKeys } from './advisor-keys.ts';

export type Counter =
  | 'created'
  | 'approved'
  | 'rejected'
  | 'executed'
  | 'verified'
  | 'effective'
  | 'score_sum'
  | 'feedback';

const stored = z.object({ last_updated: z.string().optional() }).catchall(z.unknown());
const count = z.number().catch(0);

export type SiteStats = {
  readonly of: (counter: Counter) => number;
  /** Effective among the verified actions of this type here; undefined before the fifth, because two tell nothing. */
  readonly successRate: (action: ActionType) => number | undefined;
  readonly lastUpdated: string | undefined;
};

const leastVerified = 5;

export const readStats =
  ({ db, advisorTable }: AdvisorStore) =>
  async (tenantId: string, siteId: number): Promise<SiteStats> => {
    const { Item = {} } = await db.send(
      new GetCommand({ TableName: advisorTable, Key: advisorKeys.stats(tenantId, siteId) }),
    );
    const item = stored.parse(Item);
    return {
      of: (counter) => count.parse(item[counter]),
      successRate: (action) => {
        const verified = count.parse(item[`verified_${action}`]);
        return verified >= leastVerified ? count.parse(item[`effective_${action}`]) / verified : undefined;
      },
      lastUpdated: item.last_updated,
    };
  };

/**
 * Adds to a site's learning counters; `verified` and `effective` also to the action's own. It belongs in the very
 * transaction that makes the counted change: what happens once is counted once.
 */
export const countItem = (
  table: string,
  {
    tenantId,
    siteId,
    action,
  }: { readonly tenantId: string; readonly siteId: number; readonly action: { readonly type: ActionType } },
  counters: Partial<Record<Counter, number>>,
  atMs: number,
): TransactItem => {
  const entries = Object.entries(counters).flatMap(([name, by]) =>
    name === 'verified' || name === 'effective'
      ? [[name, by] as const, [`${name}_${action.type}`, by] as const]
      : [[name, by] as const],
  );
  return {
    Update: {
      TableName: table,
      Key: advisorKeys.stats(tenantId, siteId),
      UpdateExpression: `SET last_updated = :at ADD ${entries.map((_, index) => `#c${index} :c${index}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(entries.map(([name], index) => [`#c${index}`, name])),
      ExpressionAttributeValues: {
        ':at': toUtc(atMs),
        ...Object.fromEntries(entries.map(([, by], index) => [`:c${index}`, by])),
      },
    },
  };
};
