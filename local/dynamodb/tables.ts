import { randomUUID } from 'node:crypto';
import db from 'dynalite/db/index.js';
import * as z from 'zod';
import type { Cells } from './cells.ts';
import { DynamoError, validationError } from './dynamo-error.ts';
import { type Expiries, expiryOf } from './expiries.ts';
import type { Item, StreamLog } from './stream-log.ts';
import {
  type Index,
  indexSpace,
  itemSpace,
  type TableDefinition,
  type TableDescription,
  tableDescription,
} from './table-description.ts';

export type Table = { readonly description: TableDescription; readonly ttlAttribute: string | undefined };
const storedTable = z.object({ description: tableDescription, ttlAttribute: z.string().optional() });

/** The tables' descriptions: kept in memory, stored with the items. */
export const openTables = (
  cells: Cells,
  identity: { readonly region: string; readonly accountId: string },
) => {
  const { database } = cells;
  database.exec('CREATE TABLE IF NOT EXISTS tables (name TEXT PRIMARY KEY, stored TEXT NOT NULL)');
  const write = database.prepare(
    'INSERT INTO tables (name, stored) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET stored = excluded.stored',
  );
  const remove = database.prepare('DELETE FROM tables WHERE name = ?');
  const tables = new Map<string, Table>();
  for (const row of database.prepare('SELECT name, stored FROM tables').all()) {
    const { description, ttlAttribute } = storedTable.parse(JSON.parse(String(row.stored)));
    tables.set(String(row.name), { description, ttlAttribute });
  }

  const get = (name: string): Table => {
    const table = tables.get(name);
    if (!table)
      throw new DynamoError(
        'ResourceNotFoundException',
        `Requested resource not found: Table: ${name} not found`,
      );
    return table;
  };
  const save = (table: Table) => {
    write.run(table.description.TableName, JSON.stringify(table));
    tables.set(table.description.TableName, table);
    return table;
  };

  const withStream = (arn: string, specification: TableDefinition['StreamSpecification']) => {
    if (!specification?.StreamEnabled) return {};
    if (!specification.StreamViewType)
      throw validationError('StreamViewType is required when a stream is enabled');
    const label = new Date().toISOString().slice(0, -1);
    return {
      StreamSpecification: specification,
      LatestStreamLabel: label,
      LatestStreamArn: `${arn}/stream/${label}`,
    };
  };

  const create = (definition: TableDefinition): Table => {
    const name = definition.TableName;
    if (tables.has(name)) throw new DynamoError('ResourceInUseException', `Table already exists: ${name}`);
    const { StreamSpecification, ...rest } = definition;
    const arn = `arn:aws:dynamodb:${identity.region}:${identity.accountId}:table/${name}`;
    const throughput = { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 } as const;
    const described = (index: Index): Index => ({
      ...index,
      IndexArn: `${arn}/index/${index.IndexName}`,
      IndexStatus: 'ACTIVE',
    });
    return save({
      ttlAttribute: undefined,
      description: {
        ...rest,
        ...(rest.GlobalSecondaryIndexes && {
          GlobalSecondaryIndexes: rest.GlobalSecondaryIndexes.map(described),
        }),
        ...(rest.LocalSecondaryIndexes && {
          LocalSecondaryIndexes: rest.LocalSecondaryIndexes.map(described),
        }),
        TableArn: arn,
        TableId: randomUUID(),
        TableStatus: 'ACTIVE',
        CreationDateTime: Date.now() / 1000,
        ItemCount: 0,
        TableSizeBytes: 0,
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        ProvisionedThroughput: throughput,
        ...withStream(arn, StreamSpecification),
      },
    });
  };

  return {
    get,
    has: (name: string) => tables.has(name),
    names: () => [...tables.keys()].sort(),
    all: () => [...tables.values()],
    create,
    save,
    setStream: (table: Table, specification: TableDefinition['StreamSpecification']): Table => {
      const {
        StreamSpecification: _,
        LatestStreamArn: __,
        LatestStreamLabel: ___,
        ...rest
      } = table.description;
      return save({ ...table, description: { ...rest, ...withStream(rest.TableArn, specification) } });
    },
    drop: (table: Table, streams: StreamLog, expiries: Expiries) => {
      const {
        TableName: name,
        GlobalSecondaryIndexes = [],
        LocalSecondaryIndexes = [],
        LatestStreamArn,
      } = table.description;
      cells.clear(itemSpace(name));
      for (const index of GlobalSecondaryIndexes) cells.clear(indexSpace('global', name, index.IndexName));
      for (const index of LocalSecondaryIndexes) cells.clear(indexSpace('local', name, index.IndexName));
      expiries.clear(name);
      if (LatestStreamArn) streams.drop(LatestStreamArn);
      remove.run(name);
      tables.delete(name);
    },
  };
};
export type Tables = ReturnType<typeof openTables>;

/** Switches the time to live on (for the items that are there, too) or off. */
export const setTimeToLive = (
  cells: Cells,
  tables: Tables,
  expiries: Expiries,
  table: Table,
  attribute: string | undefined,
): Table => {
  const { description } = table;
  expiries.clear(description.TableName);
  if (attribute !== undefined) {
    const items = [...cells.values(itemSpace(description.TableName), {})];
    for (const text of items) {
      const item: Item = JSON.parse(text);
      if (expiryOf(item, attribute, Date.now() / 1000) === undefined) continue;
      expiries.note(description.TableName, db.createKey(item, description), item, attribute);
    }
  }
  return tables.save({ description, ttlAttribute: attribute });
};

/** Adds and removes global indexes of a table that has items; the new ones are filled. */
export const setGlobalIndexes = (
  cells: Cells,
  tables: Tables,
  table: Table,
  definitions: TableDefinition['AttributeDefinitions'],
  wanted: readonly Index[],
): Table => {
  const { description } = table;
  const name = description.TableName;
  const kept = description.GlobalSecondaryIndexes ?? [];
  const isSame = (a: Index, b: Index) =>
    a.IndexName === b.IndexName &&
    JSON.stringify([a.KeySchema, a.Projection.ProjectionType, a.Projection.NonKeyAttributes ?? []]) ===
      JSON.stringify([b.KeySchema, b.Projection.ProjectionType, b.Projection.NonKeyAttributes ?? []]);
  const gone = kept.filter((old) => !wanted.some((one) => isSame(old, one)));
  const added = wanted.filter((one) => !kept.some((old) => isSame(old, one)));
  const attributes = new Map(
    [...description.AttributeDefinitions, ...definitions].map((one) => [one.AttributeName, one]),
  );
  const changed: Table = {
    ...table,
    description: {
      ...description,
      AttributeDefinitions: [...attributes.values()],
      GlobalSecondaryIndexes: [
        ...kept.filter((old) => !gone.includes(old)),
        ...added.map((one) => ({
          ...one,
          IndexArn: `${description.TableArn}/index/${one.IndexName}`,
          IndexStatus: 'ACTIVE',
        })),
      ],
    },
  };
  for (const one of gone) cells.clear(indexSpace('global', name, one.IndexName));
  for (const text of added.length > 0 ? [...cells.values(itemSpace(name), {})] : []) {
    const item: Item = JSON.parse(text);
    for (const put of db.getIndexActions(added, undefined, item, changed.description).puts)
      cells.put(indexSpace('global', name, put.index), put.key, JSON.stringify(put.item));
  }
  return tables.save(changed);
};
