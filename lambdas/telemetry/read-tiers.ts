import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import { type PendingBatch, pendingBatches } from './batch-repository.ts';
import { BytesGone } from './block-store.ts';
import {
  type CounterWindows,
  counterOf,
  type GaugeWindows,
  gaugeOf,
  historyColumnsOf,
  historyRules,
  statesOf,
} from './history-table.ts';
import { readHeads, shardOfHead } from './live-repository.ts';
import { fromRawTable, rawColumnsOf, rawRules, toRawTable } from './raw-table.ts';
import { decodeStored } from './roll-up-shard.ts';
import { shardsHolding } from './roster-repository.ts';
import { type Shard, telemetryKeys } from './telemetry-keys.ts';
import { historyBlocks, historySource, layersOf } from './tier-history.ts';
import { levelSpanMs } from './tier-levels.ts';
import { readLiveBlocks, type TierBlock, type TierStore } from './tier-repository.ts';
import { isVisible, visibilityIn, visibleFrom } from './tier-retention.ts';
import { readMinerOf, rowsOfMiner } from './tier-streams.ts';
import { cutKeys, mergeTables, type TierTable } from './tier-table.ts';
import { windowMs, windowOf } from './windows.ts';

export type TierReadStore = TierStore & { readonly clock?: Clock };

/** One miner's five-minute windows in the order of time, field by field as far as they are asked for. */
export type WindowColumns = {
  readonly rows: number;
  readonly startMs: Float64Array;
  readonly samples: Float64Array;
  /** Samples in each state, in the order of minerStates. */
  readonly states: readonly Float64Array[];
  readonly gauge: (field: ReadingField) => GaugeWindows | undefined;
  readonly counter: (field: ReadingField) => CounterWindows | undefined;
};

const readAttempts = 4;
/** Reads again from the items where an object was replaced between item and object. */
export const rereading = async <T>(read: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof BytesGone) || attempt >= readAttempts) throw error;
    }
  }
};

export const nowOf = ({ clock = systemClock }: TierReadStore) => clock.nowMs();

/**
 * The shards to ask for a miner: those whose blocks have it; where none has, all of the site, since a batch of any may have
 * come within the last five minutes.
 */
export const shardsToAsk = async (store: TierStore, siteId: number, minerId: string): Promise<Shard[]> => {
  const holding = await shardsHolding(store)(siteId, minerId);
  return holding.length > 0 ? holding : (await readHeads(store)(siteId)).map(shardOfHead);
};

/**
 * A miner's samples in [fromMs, toMs), oldest first, as far as the raw tier keeps them: 24 h from the sample, or from receipt where it came
 * later than that. With `fields`, only these columns.
 */
export const readRawColumns =
  (store: TierReadStore) =>
  (
    siteId: number,
    minerId: string,
    fromMs: number,
    toMs: number,
    fields: readonly ReadingField[] = readingFieldNames,
  ): Promise<TelemetryColumns> =>
    rereading(async () => {
      const only = rawColumnsOf(fields);
      const shards = await shardsToAsk(store, siteId, minerId);
      const found = await Promise.all(
        shards.map((shard) => rawTables(store, shard, minerId, { fromMs, toMs }, only)),
      );
      const tables = found.flat().map((table) => cutKeys(table, rawRules.key, 0, toMs - fromMs));
      return fromRawTable(mergeTables(tables, rawRules).table, fromMs);
    });

type Span = { readonly fromMs: number; readonly toMs: number };

/** One table per batch and block, with times since `fromMs`: what waits first, then what is in blocks, so that nothing moves past the reader. */
const rawTables = async (
  store: TierReadStore,
  shard: Shard,
  minerId: string,
  { fromMs, toMs }: Span,
  only: ReadonlySet<string>,
): Promise<TierTable[]> => {
  const nowMs = nowOf(store);
  const reading = inTheMeantime<TierTable>();
  for (const batch of await pendingBatches(store)(shard))
    if (batch.lastMs >= fromMs && batch.firstMs < toMs)
      reading.add(pendingRows(store, batch, minerId, fromMs, only));
  for (const level of ['five', 'raw_quarter'] as const) {
    const pk = telemetryKeys.blocksOfShard(shard, level);
    const blocks = await readLiveBlocks(store)(pk, fromMs - levelSpanMs[level] + 1, toMs);
    for (const block of blocks)
      if ((block.rawUntilMs ?? 0) > nowMs) reading.add(blockRows(store, block, minerId, fromMs, only));
  }
  return reading.all();
};

const blockRows = async (
  store: TierReadStore,
  block: TierBlock,
  minerId: string,
  fromMs: number,
  only: ReadonlySet<string>,
): Promise<TierTable> => {
  const source = { block, parts: block.raw, only, shift: block.startMs - fromMs };
  const rows = await readMinerOf(store.blocks, source, rawRules.key, minerId);
  const nowMs = nowOf(store);
  if (block.late.length === 0)
    return cutKeys(rows, rawRules.key, visibleFrom('raw', nowMs) - fromMs, Number.POSITIVE_INFINITY);
  const visible = visibilityIn('raw', block.late, nowMs);
  return seen(rows, (at) => visible(fromMs + at));
};

/** Work that is under way while more of it is being looked for. One that fails does so when all are waited for. */
const inTheMeantime = <T>() => {
  const begun: Promise<T>[] = [];
  return {
    add: (work: Promise<T>) => {
      work.catch(() => undefined);
      begun.push(work);
    },
    all: () => Promise.all(begun),
  };
};

const pendingRows = async (
  store: TierReadStore,
  { stored, receivedAtMs }: PendingBatch,
  minerId: string,
  fromMs: number,
  only: ReadonlySet<string>,
): Promise<TierTable> => {
  const all = toRawTable(decodeStored(await store.blocks.get(stored)), fromMs);
  const columns = new Map([...all.columns].filter(([name]) => only.has(name)));
  const nowMs = nowOf(store);
  return seen(rowsOfMiner({ ...all, columns }, minerId), (at) =>
    isVisible('raw', fromMs + at, receivedAtMs, nowMs),
  );
};

/** The rows of a table whose key passes. */
const seen = (table: TierTable, passes: (key: number) => boolean): TierTable =>
  mergeTables([table], rawRules, (_, key) => passes(key)).table;

/**
 * A miner's five-minute windows that start in [fromMs, toMs), oldest first, as far as the history tier keeps them: 90 days. With
 * `fields`, only these.
 */
export const readHistoryColumns =
  (store: TierReadStore) =>
  (
    siteId: number,
    minerId: string,
    fromMs: number,
    toMs: number,
    fields: readonly ReadingField[] = readingFieldNames,
  ): Promise<WindowColumns> =>
    rereading(async () => {
      const originMs = windowOf(fromMs);
      const only = historyColumnsOf(fields);
      const shards = await shardsToAsk(store, siteId, minerId);
      const tables = await Promise.all(
        shards.map((shard) => historyOfMiner(store, shard, minerId, { fromMs, toMs }, originMs, only)),
      );
      const { table } = mergeTables(tables, historyRules);
      const startMs = Float64Array.from(table.columns.get('w') ?? []);
      for (let at = 0; at < table.rows; at++) startMs[at] = originMs + (startMs[at] as number) * windowMs;
      return {
        rows: table.rows,
        startMs,
        samples: table.columns.get('n') ?? new Float64Array(),
        states: statesOf(table),
        gauge: (field) => gaugeOf(table, field),
        counter: (field) => counterOf(table, field),
      };
    });

/** One miner's windows in one shard; `w` counts from `originMs`. */
export const historyOfMiner = async (
  store: TierReadStore,
  shard: Shard,
  minerId: string,
  span: Span,
  originMs: number,
  only: ReadonlySet<string>,
): Promise<TierTable> => {
  const reading = inTheMeantime<TierTable>();
  const blocks = await historyBlocks(store)(shard, span.fromMs, span.toMs, (block) => {
    const source = historySource(block, originMs, only);
    reading.add(readMinerOf(store.blocks, source, historyRules.key, minerId));
  });
  const { hidden } = layersOf(blocks, originMs, span, only);
  const tables = await reading.all();
  const nowMs = nowOf(store);
  const placeOf = (atMs: number) => Math.ceil((atMs - originMs) / windowMs);
  const shown = tables.map((table, index) => {
    const late = blocks[index]?.late ?? [];
    const from = late.length > 0 ? span.fromMs : Math.max(span.fromMs, visibleFrom('history', nowMs));
    const cut = cutKeys(table, historyRules.key, placeOf(from), placeOf(span.toMs));
    const isHidden = hidden[index];
    if (late.length === 0 && !isHidden) return cut;
    const visible = visibilityIn('history', late, nowMs);
    const keep = (_: number, window: number) => !isHidden?.(window) && visible(originMs + window * windowMs);
    return mergeTables([cut], historyRules, keep).table;
  });
  return mergeTables(shown, historyRules).table;
};
