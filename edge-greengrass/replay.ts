import type { MinerReading } from '../contracts/reading.ts';
import { uplinks } from '../contracts/topics.ts';
import { readBitaxeCsv } from './bitaxe-csv.ts';
import type { EdgeBus } from './bus/edge-bus.ts';
import { gatewayLimits } from './config.ts';
import { type Log, logNothing } from './log.ts';
import { batcher } from './polling/batcher.ts';
import { assignShards } from './polling/shards.ts';
import { realClock } from './real-clock.ts';
import { unpaced } from './state/pace.ts';
import { Spool } from './state/spool.ts';
import { startSpoolSender } from './state/spool-sender.ts';
import { StateFile } from './state/state-file.ts';

export { readBitaxeCsv };

export type ReplayProgress = {
  readonly sent: number;
  readonly total: number;
  readonly batches: number;
  readonly atMs: number;
};
export type ReplayOptions = {
  readonly bus: EdgeBus;
  readonly siteId: number;
  readonly gatewayId: string;
  readonly files: readonly string[];
  /** Of recorded time in one batch; the next waits until the cloud has acknowledged it. */
  readonly windowMs?: number;
  /** Keeps the batch sequence over runs; without it a replay counts on from the clock. */
  readonly stateDir?: string;
  readonly onProgress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
  readonly log?: Log;
};
export type ReplayResult = {
  readonly readings: number;
  readonly batches: number;
  readonly firstMs: number;
  readonly lastMs: number;
};

const inWindows = (readings: readonly MinerReading[], windowMs: number) => {
  const windows = new Map<number, MinerReading[]>();
  for (const reading of readings) {
    const window = Math.floor(reading.sampledAtMs / windowMs);
    const rows = windows.get(window);
    if (rows) rows.push(reading);
    else windows.set(window, [reading]);
  }
  return [...windows.values()];
};

const lineUp = (bus: EdgeBus, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(new Error('the replay was stopped'));
    if (bus.isUp()) return resolve();
    const unlisten = bus.onChange((up) => {
      if (!up) return;
      unlisten();
      resolve();
    });
    signal?.addEventListener('abort', () => reject(new Error('the replay was stopped')), { once: true });
  });

/**
 * Sends recorded telemetry by the path of the live one (shards, batches, outbox, line), as fast as the cloud
 * acknowledges it, with the original timestamps, oldest first. Opens the bus, and leaves it open.
 */
export const replay = async (options: ReplayOptions): Promise<ReplayResult> => {
  const {
    bus,
    siteId,
    gatewayId,
    files,
    windowMs = 5 * 60_000,
    onProgress,
    signal,
    log = logNothing,
  } = options;
  const limits = gatewayLimits.parse({});
  const place = { siteId, gatewayId };
  const readings = files.flatMap(readBitaxeCsv).toSorted((a, b) => a.sampledAtMs - b.sampledAtMs);
  const state = new StateFile(options.stateDir ?? ':memory:');
  const spool = new Spool(state, Date.now());
  const sender = startSpoolSender({
    ...limits,
    spool,
    bus,
    topic: uplinks.telemetry(place),
    inFlight: 1,
    pace: unpaced,
    clock: realClock(Date.now),
    log,
  });
  const pack = batcher({
    spool,
    place,
    maxBytes: limits.batchBytes,
    spoolBytes: limits.spoolBytes,
    nowMs: Date.now,
  });
  const shardOf = assignShards(
    state,
    [...new Set(readings.map(({ minerId }) => minerId))].toSorted(),
    limits.minersPerShard,
  );
  let batches = 0;
  let sent = 0;
  try {
    await bus.open();
    await lineUp(bus, signal);
    for (const window of inWindows(readings, windowMs)) {
      const byShard = Map.groupBy(window, ({ minerId }) => shardOf.get(minerId) ?? 0);
      for (const [shard, rows] of byShard) batches += pack(shard, rows).sequences.length;
      await sender.drained();
      if (signal?.aborted) throw new Error('the replay was stopped');
      sent += window.length;
      onProgress?.({ sent, total: readings.length, batches, atMs: window.at(-1)?.sampledAtMs ?? 0 });
    }
  } finally {
    await sender.stop();
    state.close();
  }
  return {
    readings: sent,
    batches,
    firstMs: readings[0]?.sampledAtMs ?? 0,
    lastMs: readings.at(-1)?.sampledAtMs ?? 0,
  };
};
