import batchGetItem from 'dynalite/actions/batchGetItem.js';
import batchWriteItem from 'dynalite/actions/batchWriteItem.js';
import deleteItem from 'dynalite/actions/deleteItem.js';
import getItem from 'dynalite/actions/getItem.js';
import putItem from 'dynalite/actions/putItem.js';
import query from 'dynalite/actions/query.js';
import scan from 'dynalite/actions/scan.js';
import updateItem from 'dynalite/actions/updateItem.js';
import db from 'dynalite/db/index.js';
import batchGetRules from 'dynalite/validations/batchGetItem.js';
import batchWriteRules from 'dynalite/validations/batchWriteItem.js';
import createTableRules from 'dynalite/validations/createTable.js';
import deleteItemRules from 'dynalite/validations/deleteItem.js';
import getItemRules from 'dynalite/validations/getItem.js';
import validations from 'dynalite/validations/index.js';
import putItemRules from 'dynalite/validations/putItem.js';
import queryRules from 'dynalite/validations/query.js';
import scanRules from 'dynalite/validations/scan.js';
import updateItemRules from 'dynalite/validations/updateItem.js';
import * as z from 'zod';
import type { Cells } from './cells.ts';
import { DynamoError, validationError } from './dynamo-error.ts';
import type { Expiries } from './expiries.ts';
import type { ItemStore } from './item-store.ts';
import type { StreamLog } from './stream-log.ts';
import { itemSpace, tableDefinition } from './table-description.ts';
import { setTimeToLive, type Tables } from './tables.ts';
import { transactions } from './transactions.ts';

type Input = Record<string, unknown>;
type Operation = (input: Input) => Input | Promise<Input>;
type Parts = {
  readonly cells: Cells;
  readonly tables: Tables;
  readonly streams: StreamLog;
  readonly expiries: Expiries;
  readonly items: ItemStore;
};

const named = z.object({ TableName: z.string() });
const timeToLiveInput = named.extend({
  TimeToLiveSpecification: z.object({ AttributeName: z.string().min(1).max(255), Enabled: z.boolean() }),
});
const keyedItem = z.record(z.string(), z.unknown());

/** The operations of the local DynamoDB by name. Each gets the parsed body and throws DynamoError. */
export const operations = ({ cells, tables, streams, expiries, items }: Parts) => {
  const transact = transactions(cells, tables, items);

  const reading =
    (action: DynaliteAction, rules: DynaliteCheck): Operation =>
    (input) =>
      items.read(action, items.check(rules, input, validations));

  const writing =
    (action: DynaliteAction, rules: DynaliteCheck): Operation =>
    (input) => {
      const wantsOld = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
      const data = items.check(rules, input, validations);
      try {
        return items.commit(() => items.write(action, data));
      } catch (error) {
        if (!wantsOld || !(error instanceof DynamoError) || error.type !== 'ConditionalCheckFailedException')
          throw error;
        const { description } = tables.get(String(data.TableName));
        const old = items.item(
          description.TableName,
          db.createKey(keyedItem.parse(data.Key ?? data.Item), description),
        );
        throw new DynamoError(error.type, error.message, old ? { Item: old } : {});
      }
    };

  const described = (name: string) => {
    const { description } = tables.get(name);
    return { ...description, ItemCount: cells.count(itemSpace(name)) };
  };

  const createTable: Operation = (input) => {
    const stream = input.StreamSpecification;
    items.check(createTableRules, structuredClone(input), validations);
    const definition = tableDefinition.parse({ ...input, StreamSpecification: stream });
    const { description } = cells.atomically(() => tables.create(definition));
    if (description.LatestStreamArn) streams.announce(description.LatestStreamArn);
    return { TableDescription: description };
  };

  const updateTimeToLive: Operation = (input) => {
    const { TableName, TimeToLiveSpecification: wanted } = timeToLiveInput.parse(input);
    const table = tables.get(TableName);
    const enabled = table.ttlAttribute !== undefined;
    if (enabled === wanted.Enabled)
      throw validationError(`TimeToLive is already ${enabled ? 'enabled' : 'disabled'}`);
    if (enabled && table.ttlAttribute !== wanted.AttributeName)
      throw validationError(
        `TimeToLive is active on a different AttributeName: current AttributeName is ${table.ttlAttribute}`,
      );
    cells.atomically(() =>
      setTimeToLive(cells, tables, expiries, table, wanted.Enabled ? wanted.AttributeName : undefined),
    );
    return { TimeToLiveSpecification: wanted };
  };

  const deleteTable: Operation = (input) => {
    const { TableName } = named.parse(input);
    const before = described(TableName);
    cells.atomically(() => tables.drop(tables.get(TableName), streams, expiries));
    return { TableDescription: { ...before, TableStatus: 'DELETING' } };
  };

  const describeTable: Operation = (input) => ({ Table: described(named.parse(input).TableName) });
  const listTables: Operation = () => ({ TableNames: tables.names() });

  const describeTimeToLive: Operation = (input) => {
    const { ttlAttribute: name } = tables.get(named.parse(input).TableName);
    return {
      TimeToLiveDescription:
        name === undefined
          ? { TimeToLiveStatus: 'DISABLED' }
          : { TimeToLiveStatus: 'ENABLED', AttributeName: name },
    };
  };

  const byName: Readonly<Record<string, Operation>> = {
    BatchGetItem: reading(batchGetItem, batchGetRules),
    BatchWriteItem: writing(batchWriteItem, batchWriteRules),
    CreateTable: createTable,
    DeleteItem: writing(deleteItem, deleteItemRules),
    DeleteTable: deleteTable,
    DescribeTable: describeTable,
    DescribeTimeToLive: describeTimeToLive,
    GetItem: reading(getItem, getItemRules),
    ListTables: listTables,
    PutItem: writing(putItem, putItemRules),
    Query: reading(query, queryRules),
    Scan: reading(scan, scanRules),
    TransactGetItems: transact.read,
    TransactWriteItems: transact.write,
    UpdateItem: writing(updateItem, updateItemRules),
    UpdateTimeToLive: updateTimeToLive,
  };
  return { byName, close: transact.close };
};
