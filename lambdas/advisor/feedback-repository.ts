import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type Feedback, feedback } from '../../contracts/api-advisor.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { type AdvisorStore, advisorKeys } from './advisor-keys.ts';

const item = z.object({ feedback });

export const putFeedback = (table: string, one: Feedback): TransactItem => ({
  Put: {
    TableName: table,
    Item: {
      ...advisorKeys.feedback(one.recommendation_id, Date.parse(one.created_at), one.id),
      feedback: one,
    },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
});

/** The loop's own check; a recommendation has one. */
export const putAutomatedCheck = (table: string, one: Feedback): TransactItem => ({
  Put: { TableName: table, Item: { ...advisorKeys.automatedCheck(one.recommendation_id), feedback: one } },
});

/** All feedback on a recommendation, oldest first. */
export const listFeedback =
  ({ db, advisorTable }: AdvisorStore) =>
  async (recommendationId: string): Promise<Feedback[]> => {
    const { pk } = advisorKeys.recommendation(recommendationId);
    const { Items = [] } = await db.send(
      new QueryCommand({
        TableName: advisorTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :feedback)',
        ExpressionAttributeValues: { ':pk': pk, ':feedback': 'FEEDBACK#' },
      }),
    );
    return Items.map((one) => item.parse(one).feedback).toSorted((a, b) =>
      a.created_at.localeCompare(b.created_at),
    );
  };
