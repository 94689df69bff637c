import Stream from 'node:stream';
import type { Cells, Range } from './cells.ts';
import { DynamoError, toDynamoError } from './dynamo-error.ts';
import type { Expiries } from './expiries.ts';
import type { Item, StreamLog } from './stream-log.ts';
import { indexSpace, itemSpace } from './table-description.ts';
import type { Tables } from './tables.ts';

type Done = (error: unknown, value?: unknown) => void;
type Result = Record<string, unknown>;

/** Emits the values of a range in one go, once dynalite has attached its listeners; stops when it has enough. */
class ValueStream extends Stream {
  #enough = false;
  constructor(values: Iterable<string>) {
    super();
    process.nextTick(() => {
      try {
        for (const text of values) {
          this.emit('data', JSON.parse(text));
          if (this.#enough) break;
        }
        this.emit('end');
      } catch (error) {
        this.emit('error', error);
      }
    });
  }
  destroy() {
    this.#enough = true;
  }
}

/**
 * The store that dynalite's actions work on, over our cells: items with stream records and expiries, and index entries.
 * Every call answers before it returns, so an action is one uninterrupted step and needs no locks.
 */
export const openItemStore = (cells: Cells, tables: Tables, streams: StreamLog, expiries: Expiries) => {
  let byService = false;

  const lock = (_key: string, enter: (release: (done: Done) => Done) => void) => enter((done) => done);
  const readCell = (space: string) => (key: string, done: Done) => {
    const text = cells.get(space, key);
    if (text === undefined) return done(Object.assign(new Error('not found'), { name: 'NotFoundError' }));
    done(null, JSON.parse(text));
  };

  const changed = (tableName: string, key: string, now: Item | undefined) => {
    const table = tables.get(tableName);
    if (table.description.LatestStreamArn) {
      const text = cells.get(itemSpace(tableName), key);
      const before: Item | undefined = text === undefined ? undefined : JSON.parse(text);
      const source = now ?? before;
      if (source) {
        const keys = Object.fromEntries(
          table.description.KeySchema.map(({ AttributeName: name }) => [name, source[name]]),
        );
        streams.record(table.description, keys, before, now, byService);
      }
    }
    if (table.ttlAttribute) {
      if (now) expiries.note(tableName, key, now, table.ttlAttribute);
      else expiries.forget(tableName, key);
    }
  };

  const space = (name: string) => ({
    lock,
    get: readCell(name),
    put: (key: string, value: object, done: Done) => {
      cells.put(name, key, JSON.stringify(value));
      done(null);
    },
    del: (key: string, done: Done) => {
      cells.del(name, key);
      done(null);
    },
    createValueStream: (range: Range) => new ValueStream(cells.values(name, range)),
  });

  const store = {
    options: { maxItemSize: 400 * 1024, maxItemSizeKb: 400 },
    getTable: (name: string, checkStatus: boolean | Done, done?: Done) => {
      const answer = typeof checkStatus === 'function' ? checkStatus : done;
      try {
        answer?.(null, tables.get(name).description);
      } catch (error) {
        if (!(error instanceof DynamoError)) throw error;
        answer?.(error);
      }
    },
    getItemDb: (tableName: string) => {
      const items = space(itemSpace(tableName));
      return {
        ...items,
        put: (key: string, item: Item, done: Done) => {
          changed(tableName, key, item);
          items.put(key, item, done);
        },
        del: (key: string, done: Done) => {
          changed(tableName, key, undefined);
          items.del(key, done);
        },
      };
    },
    getIndexDb: (kind: string, tableName: string, indexName: string) =>
      space(indexSpace(kind, tableName, indexName)),
  };

  /** Types and rules of one operation's input, as dynalite knows them. Throws DynamoError. Consumes `input`. */
  const check = (rules: DynaliteCheck, input: Result, validations: Validations): Result => {
    try {
      const data = validations.checkTypes(input, rules.types);
      validations.checkValidations(data, rules.types, rules.custom, store);
      return data;
    } catch (error) {
      throw toDynamoError(error);
    }
  };

  /** Runs an action that writes. Its writes are the caller's to commit. Throws DynamoError. */
  const write = (action: DynaliteAction, data: Result): Result => {
    let settled: { readonly error: unknown; readonly result: Result } | undefined;
    action(store, data, (error, result = {}) => {
      settled ??= { error, result };
    });
    if (!settled) throw new Error('A DynamoDB write did not finish in one step');
    if (settled.error) throw toDynamoError(settled.error);
    return settled.result;
  };

  /** Runs an action that reads. Rejects with DynamoError. */
  const read = (action: DynaliteAction, data: Result): Promise<Result> =>
    new Promise((resolve, reject) => {
      action(store, data, (error, result = {}) => (error ? reject(toDynamoError(error)) : resolve(result)));
    });

  /** One transaction: everything or nothing, with its stream records; then the streams' readers wake. */
  const commit = <T>(work: () => T): T => {
    try {
      const result = cells.atomically(work);
      streams.committed();
      return result;
    } catch (error) {
      streams.forget();
      throw error;
    }
  };

  return {
    check,
    write,
    read,
    commit,
    item: (tableName: string, key: string): Item | undefined => {
      const text = cells.get(itemSpace(tableName), key);
      return text === undefined ? undefined : JSON.parse(text);
    },
    /** Marks what `work` writes as done by the time to live. */
    asService: <T>(work: () => T): T => {
      byService = true;
      try {
        return work();
      } finally {
        byService = false;
      }
    },
  };
};
type Validations = typeof import('dynalite/validations/index.js').default;
export type ItemStore = ReturnType<typeof openItemStore>;
