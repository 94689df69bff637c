import * as z from 'zod';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const index = z.looseObject({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.looseObject({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});
export const streamViewType = z.enum(['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES']);

/** What CreateTable and CloudFormation say of a table; other fields (throughput, tags, encryption) have no local effect. */
export const tableDefinition = z.object({
  TableName: z.string().regex(/^[a-zA-Z0-9_.-]{3,255}$/),
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: keySchema.min(1).max(2),
  GlobalSecondaryIndexes: z.array(index).optional(),
  LocalSecondaryIndexes: z.array(index).optional(),
  StreamSpecification: z
    .object({ StreamEnabled: z.boolean().default(true), StreamViewType: streamViewType.optional() })
    .optional(),
});
export type TableDefinition = z.infer<typeof tableDefinition>;

/** A table as DescribeTable answers it, and as dynalite's actions read it. */
export const tableDescription = tableDefinition.extend({
  TableArn: z.string(),
  TableId: z.string(),
  TableStatus: z.literal('ACTIVE'),
  CreationDateTime: z.number(),
  ItemCount: z.number(),
  TableSizeBytes: z.number(),
  BillingModeSummary: z.object({ BillingMode: z.literal('PAY_PER_REQUEST') }),
  ProvisionedThroughput: z.object({
    ReadCapacityUnits: z.literal(0),
    WriteCapacityUnits: z.literal(0),
    NumberOfDecreasesToday: z.literal(0),
  }),
  LatestStreamArn: z.string().optional(),
  LatestStreamLabel: z.string().optional(),
});
export type TableDescription = z.infer<typeof tableDescription>;

export type Index = z.infer<typeof index>;

/** The name under which an index's entries are stored. */
export const indexSpace = (kind: string, tableName: string, indexName: string) =>
  `index-${kind.toLowerCase()}~${tableName}~${indexName}`;
export const itemSpace = (tableName: string) => `item-${tableName}`;
