import db from 'dynalite/db/index.js';
import * as z from 'zod';
import { DynamoError } from '../dynamodb/dynamo-error.ts';
import { expiryOf } from '../dynamodb/expiries.ts';
import type { ItemStore } from '../dynamodb/item-store.ts';
import type { Tables } from '../dynamodb/tables.ts';
import { itemSize } from './item-size.ts';
import { chunks, type Meter } from './meter.ts';
import { storedBytes, writeUnits } from './write-units.ts';

type Input = Record<string, unknown>;
type Operation = (input: Input) => Input | Promise<Input>;
type Item = Readonly<Record<string, unknown>>;
type Operations = Readonly<Record<string, Operation>>;
type Parts = { readonly tables: Tables; readonly items: ItemStore; readonly meter: Meter };

const attributes = z.record(z.string(), z.unknown());
const target = z.looseObject({
  TableName: z.string(),
  Item: attributes.optional(),
  Key: attributes.optional(),
  ConsistentRead: z.boolean().optional(),
});
const batchWrite = z.object({
  RequestItems: z.record(
    z.string(),
    z.array(
      z.object({
        PutRequest: z.object({ Item: attributes }).optional(),
        DeleteRequest: z.object({ Key: attributes }).optional(),
      }),
    ),
  ),
});
const batchGet = z.object({
  RequestItems: z.record(
    z.string(),
    z.object({ Keys: z.array(attributes), ConsistentRead: z.boolean().optional() }),
  ),
});
const transactWrite = z.object({
  TransactItems: z.array(
    z.object({
      Put: target.optional(),
      Update: target.optional(),
      Delete: target.optional(),
      ConditionCheck: target.optional(),
    }),
  ),
});
const transactGet = z.object({ TransactItems: z.array(z.object({ Get: target })) });
const consumed = z.object({ ConsumedCapacity: z.object({ CapacityUnits: z.number() }).optional() });

/** An item that a request names, found before the request runs, as requests change what they read. */
/** Made once: to make a schema takes longer than to use it. */
const stringValue = z.object({ S: z.string() });
type Touched = { readonly table: string; readonly key: string; readonly kind: string };

/**
 * The operations of the local DynamoDB, which report what their requests consume. Writes: the larger image by the KB, twice in
 * a transaction, also when a condition refuses them; reads: by 4 KB, half when eventually consistent, twice in a
 * transaction. Deletions by the time to live do not come this way, as they are free.
 */
export const meteredOperations = (operations: Operations, { tables, items, meter }: Parts): Operations => {
  const touched = (table: string, source: Item): Touched | undefined => {
    if (!tables.has(table)) return undefined;
    const { description } = tables.get(table);
    if (db.validateKey(keyOf(table, source), description)) return undefined;
    return { table, key: db.createKey(keyOf(table, source), description), kind: kindOf(table, source) };
  };
  const keyOf = (table: string, source: Item): Record<string, unknown> =>
    Object.fromEntries(
      tables.get(table).description.KeySchema.map(({ AttributeName: name }) => [name, source[name]]),
    );
  const kindOf = (table: string, source: Item) => {
    const hash = tables.get(table).description.KeySchema[0]?.AttributeName ?? '';
    const text = stringValue.safeParse(source[hash]).data?.S ?? '';
    return `${table} ${text.split('#')[0]}`;
  };
  const stored = ({ table, key }: Touched) => items.item(table, key);

  const keep = ({ table, kind }: Touched, item: Item | undefined, sign: 1 | -1) => {
    if (!item) return;
    const { description, ttlAttribute } = tables.get(table);
    const nowS = Date.now() / 1000;
    const bytes = storedBytes(description, item);
    const expiry = ttlAttribute === undefined ? undefined : expiryOf(item, ttlAttribute, nowS);
    if (expiry === undefined) meter.count('dynamodb.keptBytes', kind, sign * bytes);
    else meter.count('dynamodb.byteSeconds', kind, sign * bytes * Math.max(0, expiry - nowS));
  };

  /** Runs a request that writes, and counts each of its items by what lay there before and lies there after. */
  const writing = async (
    run: Operation,
    input: Input,
    found: readonly (Touched | undefined)[],
    factor: 1 | 2,
  ) => {
    const named = found.filter((one) => one !== undefined);
    const before = named.map(stored);
    const count = (after: (one: Touched, at: number) => Item | undefined) =>
      named.forEach((one, at) => {
        const units = writeUnits(tables.get(one.table).description, before[at], after(one, at));
        meter.count('dynamodb.writeRequestUnits', one.kind, factor * (units.table + units.indexes));
      });
    try {
      const result = await run(input);
      count(stored);
      named.forEach((one, at) => {
        keep(one, before[at], -1);
        keep(one, stored(one), 1);
      });
      return result;
    } catch (error) {
      if (error instanceof DynamoError && /^(Conditional|TransactionCanceled)/.test(error.type))
        count((_, at) => before[at]);
      throw error;
    }
  };

  const reading = async (
    run: Operation,
    input: Input,
    found: readonly (Touched | undefined)[],
    factor: 0.5 | 1 | 2,
  ) => {
    const result = await run(input);
    for (const one of found) {
      if (!one) continue;
      const item = stored(one);
      meter.count('dynamodb.readRequestUnits', one.kind, factor * (item ? chunks(itemSize(item), 4096) : 1));
    }
    return result;
  };

  const ranging = async (run: Operation, input: Input) => {
    const asked = input.ReturnConsumedCapacity;
    const { TableName, ConsistentRead, ExpressionAttributeValues } = target.parse(input);
    const texts = Object.values(attributes.safeParse(ExpressionAttributeValues).data ?? {});
    const result = await run({ ...input, ReturnConsumedCapacity: 'TOTAL' });
    const units = consumed.parse(result).ConsumedCapacity?.CapacityUnits ?? 0;
    const kind = stringValue.safeParse(texts[0]).data?.S.split('#')[0] ?? '';
    meter.count(
      'dynamodb.readRequestUnits',
      `${TableName} ${kind}`,
      Math.max(units, ConsistentRead ? 1 : 0.5),
    );
    if (asked === 'TOTAL') return result;
    const { ConsumedCapacity: _, ...rest } = result;
    return rest;
  };

  const single = (run: Operation) => (input: Input) => {
    const parsed = target.safeParse(input).data;
    const source = parsed && (parsed.Item ?? parsed.Key);
    return writing(run, input, [parsed && source && touched(parsed.TableName, source)], 1);
  };
  const several = (run: Operation) => (input: Input) => {
    const parsed = batchWrite.safeParse(input).data;
    const found = Object.entries(parsed?.RequestItems ?? {}).flatMap(([table, requests]) =>
      requests.map(({ PutRequest, DeleteRequest }) =>
        touched(table, PutRequest?.Item ?? DeleteRequest?.Key ?? {}),
      ),
    );
    return writing(run, input, found, 1);
  };
  const transaction = (run: Operation) => (input: Input) => {
    const parsed = transactWrite.safeParse(input).data;
    const found = (parsed?.TransactItems ?? []).map(({ Put, Update, Delete, ConditionCheck }) => {
      const one = Put ?? Update ?? Delete ?? ConditionCheck;
      return one && touched(one.TableName, one.Item ?? one.Key ?? {});
    });
    return writing(run, input, found, 2);
  };
  const getOne = (run: Operation) => (input: Input) => {
    const parsed = target.safeParse(input).data;
    const found = parsed?.Key && touched(parsed.TableName, parsed.Key);
    return reading(run, input, [found], parsed?.ConsistentRead ? 1 : 0.5);
  };
  const getSeveral = (run: Operation) => async (input: Input) => {
    const parsed = batchGet.safeParse(input).data;
    const all = Object.entries(parsed?.RequestItems ?? {});
    const result = await run(input);
    for (const [table, { Keys, ConsistentRead }] of all)
      await reading(
        () => result,
        input,
        Keys.map((key) => touched(table, key)),
        ConsistentRead ? 1 : 0.5,
      );
    return result;
  };
  const getTogether = (run: Operation) => (input: Input) => {
    const parsed = transactGet.safeParse(input).data;
    const found = (parsed?.TransactItems ?? []).map(({ Get }) => touched(Get.TableName, Get.Key ?? {}));
    return reading(run, input, found, 2);
  };
  const range = (run: Operation) => (input: Input) => ranging(run, input);

  const wrappers: Readonly<Record<string, (run: Operation) => Operation>> = {
    PutItem: single,
    UpdateItem: single,
    DeleteItem: single,
    BatchWriteItem: several,
    TransactWriteItems: transaction,
    GetItem: getOne,
    BatchGetItem: getSeveral,
    TransactGetItems: getTogether,
    Query: range,
    Scan: range,
  };
  return Object.fromEntries(
    Object.entries(operations).map(([name, run]) => [name, wrappers[name]?.(run) ?? run]),
  );
};
