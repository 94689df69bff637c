/**
 * A gateway's polling in a process of its own, from its adapters to batches in a spool on the disk, so that processor time and peak of
 * memory are its alone. A child of sweep.ts.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { gatewayLimits, readGatewayConfig } from '../../edge-greengrass/config.ts';
import { logNothing } from '../../edge-greengrass/log.ts';
import { type Miner, openMiners } from '../../edge-greengrass/miners.ts';
import { batcher } from '../../edge-greengrass/polling/batcher.ts';
import { assignShards } from '../../edge-greengrass/polling/shards.ts';
import { identifyAll, type SweepResult, sweeper } from '../../edge-greengrass/polling/sweep.ts';
import { realClock } from '../../edge-greengrass/real-clock.ts';
import { newGatewayKeys } from '../../edge-greengrass/sealing/gateway-keys.ts';
import { Spool } from '../../edge-greengrass/state/spool.ts';
import { StateFile } from '../../edge-greengrass/state/state-file.ts';
import { memoryOf } from '../process-memory.ts';
import { spreadOf } from '../quantiles.ts';
import { type FromSweeper, type Measured, type SweepTask, sweepTask } from './sweep-words.ts';

const say = (words: FromSweeper) => process.send?.(words);
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Bytes over all connections that are opened while it counts. */
const countBytes = () => {
  const count = { read: 0, written: 0 };
  const look = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    socket.once('close', () => {
      count.read += socket.bytesRead;
      count.written += socket.bytesWritten;
    });
  };
  subscribe('net.client.socket', look);
  return { count, stop: () => unsubscribe('net.client.socket', look) };
};

const measure = async (task: SweepTask): Promise<Measured> => {
  const config = readGatewayConfig(task.configPath);
  const miners = openMiners(config, Date.now, await newGatewayKeys());
  const askMs: number[] = [];
  let isMeasuring = false;
  const timed = (miner: Miner): Miner => ({
    ...miner,
    adapter: {
      ...miner.adapter,
      read: async (depth, signal) => {
        const begun = performance.now();
        const result = await miner.adapter.read(depth, signal);
        if (isMeasuring && result.fault === undefined) askMs.push(performance.now() - begun);
        return result;
      },
    },
  });
  const state = new StateFile(task.directory);
  const limits = gatewayLimits.parse({});
  const place = { siteId: config.siteId, gatewayId: config.gatewayId };
  const spool = new Spool(state, Date.now());
  const pack = batcher({
    spool,
    place,
    maxBytes: limits.batchBytes,
    spoolBytes: limits.spoolBytes,
    nowMs: Date.now,
  });
  const shardOf = assignShards(state, [...miners.keys()], limits.minersPerShard);
  const shards = new Map<number, Miner[]>();
  for (const miner of miners.values()) {
    const shard = shardOf.get(miner.minerId) ?? 0;
    shards.set(shard, [...(shards.get(shard) ?? []), timed(miner)]);
  }
  let deliveredAtMs = 0;
  const { sweep } = sweeper({
    shards,
    sockets: config.limits.sockets,
    settings: () => ({
      ...config.limits,
      pollIntervalMs: config.pollIntervalMs,
      fullReadEverySweeps: task.depth === 'full' ? 1 : 1_000_000,
    }),
    clock: realClock(() => performance.now()),
    nowMs: Date.now,
    reports: { safety: () => {} },
    log: logNothing,
    deliver: (shard, readings) => {
      pack(shard, readings);
      deliveredAtMs = performance.now();
    },
    guard: () => {},
  });
  const never = new AbortController().signal;
  const identified = await identifyAll(
    [...shards.values()].flat(),
    config.limits.sockets,
    AbortSignal.timeout(60_000),
  );
  const warmUps = 2;
  const all = warmUps + task.sweeps;
  const results: (SweepResult & { readonly deliveredMs: number; readonly cpuMs: number })[] = [];
  for (let at = 0; at < all; at++) {
    isMeasuring = at >= warmUps;
    const [begun, cpu] = [performance.now(), cpuMs()];
    const result = await sweep(never);
    results.push({ ...result, deliveredMs: deliveredAtMs - begun, cpuMs: cpuMs() - cpu });
    say({ said: 'progress', done: at + 1, all });
  }
  const { rssMb, peakMb } = memoryOf(process.pid);
  isMeasuring = false;
  const bytesBefore = spool.bytes;
  const { count, stop } = countBytes();
  await sweep(never);
  stop();
  const measured = results.slice(warmUps);
  const last = measured.at(-1);
  const { p50, p99, max } = spreadOf(askMs);
  const batchBytes = spool.bytes - bytesBefore;
  state.close();
  return {
    identified,
    asked: last?.asked ?? 0,
    unreachable: last?.unreachable ?? 0,
    tookMs: measured.map(({ tookMs }) => tookMs),
    deliveredMs: measured.map(({ deliveredMs }) => deliveredMs),
    cpuMs: measured.map((one) => one.cpuMs),
    ask: { p50, p99, max },
    bytesRead: count.read,
    bytesWritten: count.written,
    batchBytes,
    rssMb,
    peakMb,
  };
};

measure(sweepTask.parse(JSON.parse(process.argv[2] ?? ''))).then(
  (measured) => process.send?.({ said: 'done', measured } satisfies FromSweeper, () => process.exit(0)),
  (error: unknown) => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.send?.({ said: 'failed', reason } satisfies FromSweeper, () => process.exit(1));
  },
);
