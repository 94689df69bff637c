import { createHash } from 'node:crypto';
import deleteItem from 'dynalite/actions/deleteItem.js';
import getItem from 'dynalite/actions/getItem.js';
import putItem from 'dynalite/actions/putItem.js';
import updateItem from 'dynalite/actions/updateItem.js';
import db from 'dynalite/db/index.js';
import deleteItemRules from 'dynalite/validations/deleteItem.js';
import getItemRules from 'dynalite/validations/getItem.js';
import validations from 'dynalite/validations/index.js';
import putItemRules from 'dynalite/validations/putItem.js';
import updateItemRules from 'dynalite/validations/updateItem.js';
import * as z from 'zod';
import type { Cells } from './cells.ts';
import { DynamoError, toDynamoError, validationError } from './dynamo-error.ts';
import type { ItemStore } from './item-store.ts';
import type { Tables } from './tables.ts';

const attributes = z.record(z.string(), z.unknown());
const writeInput = z.object({
  TransactItems: z.array(
    z.object({
      Put: attributes.optional(),
      Update: attributes.optional(),
      Delete: attributes.optional(),
      ConditionCheck: attributes.optional(),
    }),
  ),
  ClientRequestToken: z.string().min(1).max(36).optional(),
});
const readInput = z.object({ TransactItems: z.array(z.object({ Get: attributes })) });

const maxItems = 100;
const maxBytes = 4 * 1024 * 1024;
const tokenLifeMs = 10 * 60_000;
const rules = {
  Put: putItemRules,
  Update: updateItemRules,
  Delete: deleteItemRules,
  ConditionCheck: deleteItemRules,
};
const actions = { Put: putItem, Update: updateItem, Delete: deleteItem };
type Kind = keyof typeof rules;

type Reason = { readonly Code: string; readonly Message?: string; readonly Item?: unknown };
type Prepared = {
  readonly kind: Kind;
  readonly data: Record<string, unknown>;
  readonly tableName: string;
  readonly wantsOld: boolean;
};

/** TransactWriteItems and TransactGetItems, which dynalite lacks, out of its single-item actions. */
export const transactions = (cells: Cells, tables: Tables, items: ItemStore) => {
  cells.database.exec(
    'CREATE TABLE IF NOT EXISTS transaction_tokens (token TEXT PRIMARY KEY, request TEXT NOT NULL, at INTEGER NOT NULL)',
  );
  const readToken = cells.database.prepare(
    'SELECT request FROM transaction_tokens WHERE token = ? AND at > ?',
  );
  const writeToken = cells.database.prepare(
    'INSERT OR REPLACE INTO transaction_tokens (token, request, at) VALUES (?, ?, ?)',
  );
  const dropTokens = cells.database.prepare('DELETE FROM transaction_tokens WHERE at <= ?');
  const cleaning = setInterval(() => dropTokens.run(Date.now() - tokenLifeMs), 60_000).unref();

  const checkCount = (count: number) => {
    if (count < 1 || count > maxItems)
      throw validationError(
        `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${count < 1 ? 'greater than or equal to 1' : `less than or equal to ${maxItems}`}`,
      );
  };

  const prepare = (entry: z.infer<typeof writeInput>['TransactItems'][number]): Prepared => {
    const kinds = (['Put', 'Update', 'Delete', 'ConditionCheck'] as const).filter((kind) => entry[kind]);
    const [kind] = kinds;
    const input = kind && entry[kind];
    if (!kind || !input || kinds.length > 1)
      throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
    if (kind === 'ConditionCheck' && typeof input.ConditionExpression !== 'string')
      throw validationError(
        "1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null",
      );
    if (kind === 'Update' && typeof input.UpdateExpression !== 'string')
      throw validationError(
        "1 validation error detected: Value null at 'transactItems.1.member.update.updateExpression' failed to satisfy constraint: Member must not be null",
      );
    const wantsOld = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    const data = items.check(rules[kind], input, validations);
    return { kind, data, tableName: String(data.TableName), wantsOld };
  };

  const keyOf = ({ kind, data, tableName }: Prepared): string => {
    const { description } = tables.get(tableName);
    const source = attributes.parse(kind === 'Put' ? data.Item : data.Key);
    const fault = kind === 'Put' ? db.validateItem(source, description) : db.validateKey(source, description);
    if (fault) throw toDynamoError(fault);
    return db.createKey(source, description);
  };

  /** One item of a transaction. Its effect stays uncommitted. Answers the reason when it must be cancelled. */
  const attempt = (one: Prepared, key: string): Reason | undefined => {
    try {
      if (one.kind === 'ConditionCheck') checkCondition(one.data, items.item(one.tableName, key));
      else items.write(actions[one.kind], one.data);
      return undefined;
    } catch (error) {
      if (!(error instanceof DynamoError)) throw error;
      if (error.type === 'ConditionalCheckFailedException') {
        const old = one.wantsOld ? items.item(one.tableName, key) : undefined;
        return {
          Code: 'ConditionalCheckFailed',
          Message: 'The conditional request failed',
          ...(old && { Item: old }),
        };
      }
      if (error.type === 'ValidationException') return { Code: 'ValidationError', Message: error.message };
      throw error;
    }
  };
  const checkCondition = (data: Record<string, unknown>, item: object | undefined) => {
    const fault = db.checkConditional(data, item);
    if (fault) throw toDynamoError(fault);
  };

  const write = (raw: unknown): Record<string, unknown> => {
    const { TransactItems, ClientRequestToken: token } = writeInput.parse(raw);
    checkCount(TransactItems.length);
    const request =
      token === undefined ? '' : createHash('sha256').update(JSON.stringify(TransactItems)).digest('base64');
    if (token !== undefined) {
      const earlier = readToken.get(token, Date.now() - tokenLifeMs)?.request;
      if (earlier === request) return {};
      if (earlier !== undefined)
        throw new DynamoError(
          'IdempotentParameterMismatchException',
          'Request parameters do not match those of the earlier request with this token',
        );
    }
    const prepared = TransactItems.map(prepare);
    for (const { tableName } of prepared) tables.get(tableName);
    const bytes = prepared.reduce(
      (sum, { kind, data }) => sum + (kind === 'Put' ? db.itemSize(Object(data.Item)) : 0),
      0,
    );
    if (bytes > maxBytes) throw validationError('Transaction items larger than 4 MB in total');
    const keys = prepared.map((one): string | Reason => {
      try {
        return keyOf(one);
      } catch (error) {
        if (error instanceof DynamoError && error.type === 'ValidationException')
          return { Code: 'ValidationError', Message: error.message };
        throw error;
      }
    });
    const places = prepared.map(
      ({ tableName }, index) => `${tableName}\n${typeof keys[index] === 'string' ? keys[index] : index}`,
    );
    if (new Set(places).size < places.length)
      throw validationError('Transaction request cannot include multiple operations on one item');
    items.commit(() => {
      const reasons = prepared.map((one, index) => {
        const key = keys[index];
        return typeof key === 'string' ? attempt(one, key) : key;
      });
      if (reasons.some((reason) => reason !== undefined)) throw cancelled(reasons);
      if (token !== undefined) writeToken.run(token, request, Date.now());
    });
    return {};
  };

  const read = async (raw: unknown): Promise<Record<string, unknown>> => {
    const { TransactItems } = readInput.parse(raw);
    checkCount(TransactItems.length);
    const asked = TransactItems.map(({ Get }) =>
      items.check(getItemRules, { ...Get, ConsistentRead: true }, validations),
    );
    return {
      Responses: await Promise.all(
        asked.map(async (data) => ({ Item: (await items.read(getItem, data)).Item })),
      ),
    };
  };

  return { write, read, close: () => clearInterval(cleaning) };
};

const cancelled = (reasons: readonly (Reason | undefined)[]) => {
  const full = reasons.map((reason) => reason ?? { Code: 'None' });
  const codes = full.map(({ Code }) => Code).join(', ');
  return new DynamoError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: full },
  );
};
