import type { MinerReading } from '../../contracts/reading.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import { type RawBlock, readDays, readHistories, readRaw } from './block-repository.ts';
import type { MinerDay } from './daily-block.ts';
import type { MinerWindow } from './history-block.ts';
import { type SlidingMean, slidingMean } from './live-block.ts';
import { readBlocks, shardsOfMiner } from './live-repository.ts';
import type { Shard, TelemetryStore } from './telemetry-keys.ts';
import { dayMs, dayOf, keptMs, windowMs, windowOf } from './windows.ts';

type Deps = TelemetryStore & { readonly clock?: Clock };

/** A miner's latest reading, with its means over the five minutes before it. */
export type LiveReading = { readonly reading: MinerReading; readonly mean: SlidingMean };

/** The latest of every miner of a site, ordered by miner. Reads every live block of the site: a few for 1,000 miners. */
export const readLive =
  (deps: Deps) =>
  async (siteId: number): Promise<LiveReading[]> => {
    const latest = new Map<string, LiveReading>();
    for (const { miners } of await readBlocks(deps)(siteId))
      for (const [minerId, { reading, slices }] of miners) {
        const known = latest.get(minerId);
        if (!known || known.reading.sampledAtMs < reading.sampledAtMs)
          latest.set(minerId, { reading, mean: slidingMean(slices) });
      }
    return [...latest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, live]) => live);
  };

/**
 * A miner's single readings since a time, oldest first, from the raw tier (24 h by receipt). Reads at most `atMost`
 * blocks of each of its shards, the newest: with a sweep every two seconds the default spans about four minutes.
 */
export const readRecentReadings =
  (deps: Deps) =>
  async (siteId: number, minerId: string, sinceMs: number, atMost = 120): Promise<MinerReading[]> => {
    const ahead = farFuture(deps);
    const readings = await fromShards(deps, siteId, minerId, (shard) =>
      readRaw(deps)(shard, windowOf(sinceMs), ahead, { atMost }),
    );
    return readingsOf(readings, minerId, deps).filter(({ sampledAtMs }) => sampledAtMs >= sinceMs);
  };

/** A miner's single readings in [fromMs, toMs), oldest first. */
export const readRawSeries =
  (deps: Deps) =>
  async (siteId: number, minerId: string, fromMs: number, toMs: number): Promise<MinerReading[]> => {
    const blocks = await fromShards(deps, siteId, minerId, (shard) =>
      readRaw(deps)(shard, windowOf(fromMs), windowOf(toMs - 1) + windowMs),
    );
    return readingsOf(blocks, minerId, deps).filter(
      ({ sampledAtMs }) => sampledAtMs >= fromMs && sampledAtMs < toMs,
    );
  };

export type Point<T> = { readonly startMs: number; readonly of: T };

/** A miner's five-minute windows that start in [fromMs, toMs). */
export const readWindowSeries =
  (deps: Deps) =>
  async (siteId: number, minerId: string, fromMs: number, toMs: number): Promise<Point<MinerWindow>[]> => {
    const blocks = await fromShards(deps, siteId, minerId, (shard) =>
      readHistories(deps)(shard, fromMs, toMs, nowOf(deps)),
    );
    return ordered(blocks.flatMap(({ startMs, block }) => pointOf(startMs, block.miners[minerId])));
  };

/** A miner's days that start in [fromMs, toMs), UTC. */
export const readDailySeries =
  (deps: Deps) =>
  async (siteId: number, minerId: string, fromMs: number, toMs: number): Promise<Point<MinerDay>[]> => {
    const blocks = await fromShards(deps, siteId, minerId, (shard) =>
      readDays(deps)(shard, dayOf(fromMs), toMs, nowOf(deps)),
    );
    return ordered(blocks.flatMap(({ startMs, block }) => pointOf(startMs, block[minerId])));
  };

const nowOf = ({ clock = systemClock }: Deps) => clock.nowMs();
const farFuture = (deps: Deps) => nowOf(deps) + dayMs;
const pointOf = <T>(startMs: number, of: T | undefined): Point<T>[] =>
  of === undefined ? [] : [{ startMs, of }];
const ordered = <T>(points: Point<T>[]) => points.toSorted((a, b) => a.startMs - b.startMs);

const fromShards = async <T>(
  deps: Deps,
  siteId: number,
  minerId: string,
  read: (shard: Shard) => Promise<T[]>,
): Promise<T[]> => (await Promise.all((await shardsOfMiner(deps)(siteId, minerId)).map(read))).flat();

/** The miner's readings in blocks that were received within the raw tier's keep, oldest first. */
const readingsOf = (blocks: readonly RawBlock[], minerId: string, deps: Deps) =>
  blocks
    .filter(({ receivedAtMs }) => receivedAtMs > nowOf(deps) - keptMs.raw)
    .flatMap(({ readings }) => readings.filter((reading) => reading.minerId === minerId))
    .toSorted((a, b) => a.sampledAtMs - b.sampledAtMs);
