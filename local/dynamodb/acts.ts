import * as z from 'zod';
import type { Act } from '../iam/policy.ts';

const named = z.object({ TableName: z.string(), IndexName: z.string().optional() });
const batch = z.object({ RequestItems: z.record(z.string(), z.unknown()) });
const transaction = z.object({ TransactItems: z.array(z.record(z.string(), named)) });

/** What an operation is in a transaction's entry, as policies name it. */
const ofEntry: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  ConditionCheck: 'ConditionCheckItem',
};

/**
 * The rights that a request asks for: one for each table or index that it names, of a transaction for each entry
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html). None for input that is no such request, which
 * the operation itself refuses.
 */
export const actsOf = (operation: string, input: unknown, arnOf: (table: string) => string): Act[] => {
  const of = (action: string, table: string, index?: string): Act => ({
    action: `dynamodb:${action}`,
    resource: index === undefined ? arnOf(table) : `${arnOf(table)}/index/${index}`,
  });
  const single = named.safeParse(input);
  if (single.success) return [of(operation, single.data.TableName, single.data.IndexName)];
  const many = batch.safeParse(input);
  if (many.success) return Object.keys(many.data.RequestItems).map((table) => of(operation, table));
  const together = transaction.safeParse(input);
  if (!together.success) return [];
  return together.data.TransactItems.flatMap((entry) =>
    Object.entries(entry).map(([kind, { TableName }]) => of(ofEntry[kind] ?? kind, TableName)),
  );
};
