import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { encodeBatchColumns } from '../../contracts/telemetry-batch.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { startDynamoDb } from '../../local/dynamodb/start-dynamodb.ts';
import { pendingBatchItem } from './batch-repository.ts';
import { type BlockStore, memoryBlockStore } from './block-store.ts';
import type { GroupFactsOf } from './groups-table.ts';
import { compactGroups } from './roll-up-groups.ts';
import { compactShard } from './roll-up-levels.ts';
import { type RollUpShardDeps, rollUpShard } from './roll-up-shard.ts';
import { type Shard, telemetryKeys } from './telemetry-keys.ts';
import { readBlocks } from './tier-repository.ts';

/** For tests and benches: the local DynamoDB with one table after the other, in a directory that is gone afterwards. */
export const startTables = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tiers-'));
  const service = await startDynamoDb({
    region: 'us-east-1',
    accountId: '000000000000',
    stateDir: () => directory,
    log: () => {},
  });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = () =>
    DynamoDBDocumentClient.from(
      new DynamoDBClient({ endpoint: service.endpoint, region: 'us-east-1', credentials }),
      { marshallOptions: { removeUndefinedValues: true } },
    );
  const db = client();
  let tables = 0;
  return {
    db,
    newTable: async (): Promise<string> => {
      const create = service.resources['AWS::DynamoDB::GlobalTable'];
      if (!create) throw new Error('The local DynamoDB makes no tables');
      const table = await create({
        stack: 'Test',
        logicalId: `Telemetry${tables++}`,
        type: 'AWS::DynamoDB::GlobalTable',
        properties: {
          AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          BillingMode: 'PAY_PER_REQUEST',
          Replicas: [{ Region: 'us-east-1' }],
        },
      });
      return table.ref;
    },
    close: async () => {
      db.destroy();
      await service.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

export const registeredFacts: GroupFactsOf = (minerId) => ({
  zoneId: minerId.endsWith('1') ? 'A' : 'B',
  model: 'Antminer S19',
  ...(minerId.endsWith('2') && { customerId: 'c-2' }),
});

export type World = {
  readonly db: DynamoDBDocumentClient;
  readonly telemetryTable: string;
  readonly blocks: BlockStore;
  readonly clock: { nowMs: () => number };
  readonly readFacts: () => Promise<GroupFactsOf>;
  readonly timeZoneOf: () => Promise<string>;
  readonly setAside: RollUpShardDeps['setAside'];
};

/** A table, a store of blocks and a clock that the test sets. */
export const newWorld = (
  db: DynamoDBDocumentClient,
  telemetryTable: string,
  timeZone: string,
  nowMs: () => number,
  blocks: BlockStore = memoryBlockStore(),
): World => ({
  db,
  telemetryTable,
  blocks,
  clock: { nowMs },
  readFacts: async () => registeredFacts,
  timeZoneOf: async () => timeZone,
  setAside: async () => {},
});

export type TestBatch = Shard & { readonly sequence: number; readonly columns: TelemetryColumns };

/** What ingest leaves behind of a batch. */
export const deliver = async (world: World, { columns, sequence, ...shard }: TestBatch): Promise<void> => {
  const nowMs = world.clock.nowMs();
  const times = columns.sampledAtMs;
  const [firstMs, lastMs] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
  const bytes = encodeBatchColumns({ ...shard, sequence, createdAtMs: lastMs }, columns);
  const stored = await world.blocks.put('batch', `${sequence}`, bytes);
  const pending = { ...shard, sequence, receivedAtMs: nowMs, firstMs, lastMs, rows: columns.rows, stored };
  const head = {
    ...telemetryKeys.live(shard),
    site_id: shard.siteId,
    gateway_id: shard.gatewayId,
    shard: shard.shard,
    version: 1,
    newest_ms: lastMs,
    received_at_ms: nowMs,
    highest: sequence,
    live: { inline: Uint8Array.of(0) },
  };
  for (const Item of [pendingBatchItem(pending), head])
    await world.db.send(new PutCommand({ TableName: world.telemetryTable, Item }));
};

/** Rolls up until nothing is left to do at the clock's time. */
export const settle = async (world: World, shards: readonly Shard[]): Promise<void> => {
  for (const shard of shards) {
    while ((await rollUpShard(world)(shard)).isMore);
    while ((await compactShard(world)(shard)).isMore);
  }
  for (const siteId of new Set(shards.map((shard) => shard.siteId)))
    while ((await compactGroups(world)(siteId)).isMore);
};

const keyed = z.object({ pk: z.string(), sk: z.string() });

/** The bytes of every block of every level, and what the directories say of the windows, by key. */
export const bytesOfBlocks = async (world: World): Promise<Map<string, string>> => {
  const found = new Map<string, string>();
  const keys: z.infer<typeof keyed>[] = [];
  for await (const { Items } of paginateScan({ client: world.db }, { TableName: world.telemetryTable }))
    for (const item of Items ?? []) keys.push(keyed.parse(item));
  const isBlock = ({ pk }: { pk: string }) => /^(BLOCK|GROUPS|MONTH)#/.test(pk);
  for (const { pk, sk } of keys
    .filter(isBlock)
    .toSorted((a, b) => (`${a.pk}/${a.sk}` < `${b.pk}/${b.sk}` ? -1 : 1)))
    for (const { objects, raw, content, windows, moved, shards } of await readBlocks(world)(pk, sk, sk)) {
      if (moved) continue;
      const bytes = await Promise.all(objects.map((object) => world.blocks.get(object)));
      const hex = Buffer.concat(bytes).toString('hex');
      found.set(`${pk}/${sk}`, `${JSON.stringify({ raw, content, windows, shards })} ${hex}`);
    }
  return found;
};
