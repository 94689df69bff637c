import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startDynamoDb } from '../../local/dynamodb/start-dynamodb.ts';

/** A table for a test: its name, and its indexes as lib/shared/app-table.ts declares them. */
export type TestTable = {
  readonly name: string;
  readonly stream?: boolean;
  readonly indexes?: readonly { readonly name: string; readonly pk: string; readonly sk: string }[];
};

/**
 * Real tables over the local DynamoDB, shaped like those of the stacks: `pk` and `sk`, TTL on `ttl`. The names given are
 * logical; use the answered ones.
 */
export const startTables = async <const N extends string>(
  tables: readonly (TestTable & { readonly name: N })[],
) => {
  const directory = mkdtempSync(join(tmpdir(), 'tables-'));
  const service = await startDynamoDb({
    region: 'us-east-1',
    accountId: '000000000000',
    stateDir: () => directory,
    log: () => {},
  });
  const create = service.resources['AWS::DynamoDB::GlobalTable'];
  if (!create) throw new Error('the local DynamoDB makes no tables');
  const names: Partial<Record<N, string>> = {};
  for (const { name, stream, indexes = [] } of tables) {
    const attributes = new Set(['pk', 'sk', ...indexes.flatMap(({ pk, sk }) => [pk, sk])]);
    const keySchema = (pk: string, sk: string) => [
      { AttributeName: pk, KeyType: 'HASH' },
      { AttributeName: sk, KeyType: 'RANGE' },
    ];
    const { ref } = await create({
      stack: 'Test',
      logicalId: name,
      type: 'AWS::DynamoDB::GlobalTable',
      properties: {
        AttributeDefinitions: [...attributes].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: keySchema('pk', 'sk'),
        BillingMode: 'PAY_PER_REQUEST',
        Replicas: [{ Region: 'us-east-1' }],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        ...(stream && { StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' } }),
        ...(indexes.length > 0 && {
          GlobalSecondaryIndexes: indexes.map((index) => ({
            IndexName: index.name,
            KeySchema: keySchema(index.pk, index.sk),
            Projection: { ProjectionType: 'ALL' },
          })),
        }),
      },
    });
    names[name] = ref;
  }
  const db = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: service.endpoint ?? '',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
    { marshallOptions: { removeUndefinedValues: true } },
  );
  return {
    db,
    service,
    nameOf: (name: N) => names[name] ?? name,
    close: async () => {
      db.destroy();
      await service.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
