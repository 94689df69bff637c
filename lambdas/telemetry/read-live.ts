import type { MinerReading } from '../../contracts/reading.ts';
import { type Column, readingAt, scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { BytesGone } from './block-store.ts';
import { decodeLive, openLatest } from './live-codec.ts';
import { type LiveHead, type LiveStore, readHeads } from './live-repository.ts';
import { noColumns } from './live-state.ts';
import { gatherRows } from './row-sets.ts';
import type { SlidingMean } from './slices.ts';
import { withKnownIds } from './step-shard.ts';

/** Means of the five minutes before each miner's latest sample; NaN where it said nothing. */
export type LiveMeans = { readonly hashrateThs: Column; readonly powerW: Column; readonly samples: Column };

/** The latest row of every miner, one each, ordered by miner, with its means. */
export type LiveColumns = { readonly latest: TelemetryColumns; readonly means: LiveMeans };

type OpenShard = LiveColumns & { readonly head: LiveHead };

/** What this process has unpacked: by table, the shards in their newest version that it met, and each site's whole. */
type Opened = {
  readonly shards: Map<string, OpenShard>;
  readonly sites: Map<
    number,
    { readonly versions: string; readonly live: LiveColumns; readonly order: Order }
  >;
};
const opened = new WeakMap<object, Map<string, Opened>>();

const openedOf = ({ db, telemetryTable }: LiveStore): Opened => {
  const tables = opened.get(db) ?? new Map<string, Opened>();
  opened.set(db, tables);
  const known = tables.get(telemetryTable) ?? { shards: new Map(), sites: new Map() };
  tables.set(telemetryTable, known);
  return known;
};

const readTries = 5;

/** Every shard of a site, unpacked; only those are read whose version this process does not have. */
const readShards = async (store: LiveStore, siteId: number): Promise<OpenShard[]> => {
  const { shards } = openedOf(store);
  for (let tries = 1; ; tries++) {
    const heads = await readHeads(store)(siteId);
    try {
      return await Promise.all(
        heads.map(async (head) => {
          const key = `${head.site_id}/${head.gateway_id}/${head.shard}`;
          const known = shards.get(key);
          if (known?.head.version === head.version) return { ...known, head };
          const shard = openShard(head, await store.blocks.get(head.live), known?.latest.minerIds);
          shards.set(key, shard);
          return shard;
        }),
      );
    } catch (error) {
      // Replaced since its item was read.
      if (!(error instanceof BytesGone) || tries === readTries) throw error;
    }
  }
};

const openShard = (head: LiveHead, bytes: Uint8Array, knownIds: readonly string[] | undefined): OpenShard => {
  const {
    rows,
    slices: { totals: sums },
  } = decodeLive(bytes);
  const latest = withKnownIds(openLatest(rows), knownIds);
  const mean = (sum: Column, count: Column, scale: number) =>
    sum.map((value, at) => (count[at] ? value / (count[at] ?? 1) / scale : Number.NaN));
  return {
    head,
    latest,
    means: {
      hashrateThs: mean(sums.hashrateSum, sums.hashrateCount, scaleOf('hashrateThs')),
      powerW: mean(sums.powerSum, sums.powerCount, scaleOf('powerW')),
      samples: sums.hashrateCount,
    },
  };
};

/** Where the miners of a site's shards stand in the whole: for each its shard and its row there. */
type Order = {
  readonly lists: readonly (readonly string[])[];
  readonly minerIds: readonly string[];
  readonly shard: Uint16Array;
  readonly row: Uint32Array;
};

/** Miners that several shards know stand where they were seen last. */
const orderOf = (shards: readonly OpenShard[], before: Order | undefined): Order => {
  const lists = shards.map(({ latest }) => latest.minerIds);
  const isSame =
    before?.lists.length === lists.length && lists.every((list, at) => list === before.lists[at]);
  const total = lists.reduce((sum, { length }) => sum + length, 0);
  if (before && isSame && before.minerIds.length === total) return before;
  const places = shards.flatMap(({ latest }, shard) =>
    latest.minerIds.map((id, row) => ({ id, shard, row })),
  );
  const seenMs = ({ shard, row }: (typeof places)[number]) => shards[shard]?.latest.sampledAtMs[row] ?? 0;
  places.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : seenMs(b) - seenMs(a)));
  const kept = places.filter(({ id }, at) => places[at - 1]?.id !== id);
  return {
    lists,
    minerIds: kept.map(({ id }) => id),
    shard: Uint16Array.from(kept, ({ shard }) => shard),
    row: Uint32Array.from(kept, ({ row }) => row),
  };
};

/**
 * The latest of every miner of a site. Reads the site's heads, and of its shards' states those that have changed since this
 * process read them last; what it answers is shared and not to be changed.
 */
export const readLiveColumns =
  (store: LiveStore) =>
  async (siteId: number): Promise<LiveColumns> => {
    const shards = await readShards(store, siteId);
    const { sites } = openedOf(store);
    const versions = shards.map(({ head }) => `${head.gateway_id}/${head.shard}/${head.version}`).join();
    const known = sites.get(siteId);
    if (known?.versions === versions) return known.live;
    const order = orderOf(shards, known?.order);
    const live = joinShards(shards, order);
    sites.set(siteId, { versions, live, order });
    return live;
  };

const joinShards = (shards: readonly OpenShard[], { minerIds, shard, row }: Order): LiveColumns => {
  const [only] = shards;
  if (!only) return { latest: noColumns, means: { hashrateThs: none, powerW: none, samples: none } };
  if (shards.length === 1) return only;
  const { length } = minerIds;
  const miner = Uint32Array.from({ length }, (_, at) => at);
  const sources = shards.map(({ latest }) => latest);
  const join = (name: keyof LiveMeans) => {
    const column = new Float64Array(length);
    for (let at = 0; at < length; at++)
      column[at] = shards[shard[at] ?? 0]?.means[name][row[at] ?? 0] ?? Number.NaN;
    return column;
  };
  return {
    latest: gatherRows(minerIds, miner, sources, shard, row),
    means: { hashrateThs: join('hashrateThs'), powerW: join('powerW'), samples: join('samples') },
  };
};
const none = new Float64Array();

/** A miner's latest reading, with its means over the five minutes before it. */
export type LiveReading = { readonly reading: MinerReading; readonly mean: SlidingMean };

/** The latest of every miner of a site, ordered by miner, as readings. */
export const readLive =
  (store: LiveStore) =>
  async (siteId: number): Promise<LiveReading[]> => {
    const { latest, means } = await readLiveColumns(store)(siteId);
    const said = (column: Column, at: number) => {
      const value = column[at] ?? Number.NaN;
      return Number.isNaN(value) ? undefined : value;
    };
    return Array.from({ length: latest.rows }, (_, at) => {
      const [hashrateThs, powerW] = [said(means.hashrateThs, at), said(means.powerW, at)];
      return {
        reading: readingAt(latest, at),
        mean: {
          samples: means.samples[at] ?? 0,
          ...(hashrateThs !== undefined && { hashrateThs }),
          ...(powerW !== undefined && { powerW }),
        },
      };
    });
  };
