/**
 * The gateway of the outage bench, one part in a process of its own, so that each has its own peak of memory: `spool` writes the
 * outage, `drain` sends it over MQTT as fast as it goes, `pace` sends it on a virtual clock at the limits of AWS IoT Core.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { topics, uplinks } from '../contracts/topics.ts';
import type { EdgeBus } from '../edge-greengrass/bus/edge-bus.ts';
import { mqttBus } from '../edge-greengrass/bus/mqtt-bus.ts';
import { gatewayLimits } from '../edge-greengrass/config.ts';
import { logNothing } from '../edge-greengrass/log.ts';
import { batcher } from '../edge-greengrass/polling/batcher.ts';
import { realClock } from '../edge-greengrass/real-clock.ts';
import { foldSlots } from '../edge-greengrass/state/make-room.ts';
import { type Clock, type Pace, pace, unpaced } from '../edge-greengrass/state/pace.ts';
import { receiptTaker } from '../edge-greengrass/state/receipts.ts';
import { Spool } from '../edge-greengrass/state/spool.ts';
import { startSpoolSender } from '../edge-greengrass/state/spool-sender.ts';
import { StateFile } from '../edge-greengrass/state/state-file.ts';
import { virtualClock } from '../edge-greengrass/test-kit/virtual-clock.ts';
import { type ReadingModel, readingModel, readingsOf } from './outage-readings.ts';
import { outageReceiver } from './outage-receiver.ts';
import { type FromGateway, type OutageTask, outageTask, place } from './outage-words.ts';
import { memoryOf } from './process-memory.ts';

const minuteMs = 60_000;
const limits = gatewayLimits.parse({});
const say = (words: FromGateway) => process.send?.(words);
const memory = () => {
  const { rssMb, peakMb } = memoryOf(process.pid);
  return { rssMb, ...(peakMb !== undefined && { peakMb }) };
};

const openSpool = (task: OutageTask, nowMs: () => number) => {
  const state = new StateFile(task.directory);
  const spool = new Spool(state, task.startMs);
  const packing = { spool, place, maxBytes: limits.batchBytes };
  const pack = batcher({ ...packing, spoolBytes: limits.spoolBytes, nowMs });
  const shards = Math.ceil(task.miners / limits.minersPerShard);
  const members = (shard: number) => {
    const first = shard * limits.minersPerShard;
    return Array.from(
      { length: Math.min(limits.minersPerShard, task.miners - first) },
      (_, at) => first + at,
    );
  };
  return { state, spool, packing, pack, shards, members };
};

/** The line is down: every minute each shard's sweep goes to the disk, and past slots are folded. */
const spoolAll = async (task: OutageTask, model: ReadingModel) => {
  let nowMs = task.startMs;
  const { state, spool, packing, pack, shards, members } = openSpool(task, () => nowMs);
  const reading = readingsOf(model, task.startMs, task.seed);
  const writeMs: number[] = [];
  for (let minute = 0; minute < task.minutes; minute++) {
    nowMs = task.startMs + minute * minuteMs + 10_000;
    let took = 0;
    for (let shard = 0; shard < shards; shard++) {
      const readings = members(shard).map((miner) => reading(miner, minute));
      const begun = performance.now();
      foldSlots(packing, shard, nowMs, limits.foldMs);
      pack(shard, readings);
      took += performance.now() - begun;
    }
    writeMs.push(took);
    if (minute % 20 === 0) {
      say({ said: 'progress', done: minute, all: task.minutes, what: 'minutes of outage spooled' });
      await turn();
    }
  }
  const words = {
    said: 'spooled' as const,
    batches: spool.waitingCount,
    payloadBytes: spool.bytes,
    writeMs,
  };
  state.close();
  const diskBytes = statSync(join(task.directory, 'gateway.db')).size;
  say({ ...words, diskBytes, memory: memory() });
};

const senderOf = (spool: Spool, bus: EdgeBus, pacing: Pace, clock: Clock, inFlight: number) =>
  startSpoolSender({
    ...limits,
    spool,
    bus,
    topic: uplinks.telemetry(place),
    inFlight,
    pace: pacing,
    clock,
    log: logNothing,
  });

/** Over a real broker, without a pace. Ends when receipts have covered everything. */
const drain = async (task: OutageTask) => {
  const begun = performance.now();
  const { state, spool } = openSpool(task, Date.now);
  const depth = spool.depth(Date.now());
  const openMs = performance.now() - begun;
  const opened = memory();
  const bus = mqttBus({
    url: `mqtt://127.0.0.1:${task.port}`,
    clientId: place.gatewayId,
    publishMs: 60_000,
    log: logNothing,
  });
  const sender = senderOf(spool, bus, unpaced, realClock(Date.now), limits.publishesInFlight);
  const take = receiptTaker({
    spool,
    place,
    nowMs: Date.now,
    log: logNothing,
    gone: () => undefined,
    wake: sender.wake,
  });
  let covered = () => {};
  const empty = new Promise<void>((resolve) => {
    covered = resolve;
  });
  bus.subscribe(topics.receipt(place), async (payload) => {
    take(payload);
    say({
      said: 'progress',
      done: depth.bytes - spool.bytes,
      all: depth.bytes,
      what: 'bytes drained over MQTT',
    });
    if (spool.bytes === 0) covered();
  });
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await bus.open();
  await empty;
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await sender.stop();
  await bus.close();
  state.close();
  say({ said: 'drained', openMs, opened, seconds, cpuS: (user + system) / 1e6, memory: memory() });
};

/** The most in any second that begins with a publish. */
const mostInASecond = (published: readonly (readonly [atMs: number, bytes: number])[]) => {
  let [last, publishes, bytes] = [0, 0, 0];
  const most = { publishes: 0, bytes: 0 };
  for (let first = 0; first < published.length; first++) {
    while (last < published.length && (published[last]?.[0] ?? 0) < (published[first]?.[0] ?? 0) + 1_000) {
      publishes++;
      bytes += published[last++]?.[1] ?? 0;
    }
    most.publishes = Math.max(most.publishes, publishes);
    most.bytes = Math.max(most.bytes, bytes);
    publishes--;
    bytes -= published[first]?.[1] ?? 0;
  }
  return most;
};

const roundTripMs = 150;

/** On a virtual clock at the pace of the line, sweeps going on meanwhile, receipts once a minute. */
const drainPaced = async (task: OutageTask, model: ReadingModel) => {
  const clock = virtualClock(task.startMs + task.minutes * minuteMs);
  const { state, spool, pack, shards, members } = openSpool(task, clock.nowMs);
  const reading = readingsOf(model, task.startMs, task.seed);
  const receiver = outageReceiver({ place, miners: task.miners, startMs: task.startMs });
  const published: [number, number][] = [];
  const freshDelayMs: number[] = [];
  const never = new AbortController().signal;
  let [flying, mostFlying, up] = [0, 0, false];
  const listeners = new Set<(up: boolean) => void>();
  const resumedMs = clock.nowMs();
  const bus: EdgeBus = {
    subscribe: () => undefined,
    open: async () => undefined,
    close: async () => undefined,
    isUp: () => up,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: async (topic, payload) => {
      published.push([clock.nowMs(), topic.length + payload.length]);
      mostFlying = Math.max(mostFlying, ++flying);
      const madeMs = receiver.take(payload);
      if (madeMs >= resumedMs) freshDelayMs.push(clock.nowMs() - madeMs);
      await clock.wait(roundTripMs, never);
      flying--;
    },
  };
  const pacing = pace({ publishesPerS: limits.publishesPerS, bytesPerS: limits.publishBytesPerS }, clock);
  const sender = senderOf(spool, bus, pacing, clock, limits.publishesInFlight);
  const take = receiptTaker({
    spool,
    place,
    nowMs: clock.nowMs,
    log: logNothing,
    gone: () => undefined,
    wake: sender.wake,
  });
  const { bytes } = spool;
  up = true;
  for (const listener of listeners) listener(up);
  let sweeps = 0;
  let drainedMs = 0;
  const backlog = () => spool.waiting('backlog', resumedMs, 1).length;
  for (; drainedMs === 0 || spool.bytes > 0; sweeps++) {
    if (drainedMs === 0)
      for (let shard = 0; shard < shards; shard++)
        pack(
          shard,
          members(shard).map((miner) => reading(miner, task.minutes + sweeps)),
        );
    sender.wake();
    const endMs = clock.nowMs() + minuteMs;
    while (clock.nowMs() < endMs) {
      await clock.until(Math.min(endMs, clock.nowMs() + 1_000));
      if (drainedMs === 0 && backlog() === 0 && flying === 0) drainedMs = clock.nowMs();
    }
    const receipt = receiver.receipt(clock.nowMs());
    if (receipt) take(receipt);
    say({
      said: 'progress',
      done: bytes - spool.bytes,
      all: bytes,
      what: 'bytes drained at the pace of AWS',
    });
  }
  const most = mostInASecond(published);
  await clock.run(sender.stop());
  say({
    said: 'paced',
    virtualS: (drainedMs - resumedMs) / 1_000,
    freshDelayMs,
    mostPublishes: most.publishes,
    mostBytes: most.bytes,
    mostFlying,
    left: spool.waitingCount,
    leftBytes: spool.bytes,
    sweeps: Math.ceil((drainedMs - resumedMs) / minuteMs),
    counted: receiver.counted(),
    memory: memory(),
  });
  state.close();
};

const run = async () => {
  const task = outageTask.parse(JSON.parse(process.argv[2] ?? ''));
  const model = readingModel.parse(JSON.parse(readFileSync(task.model, 'utf8')));
  if (task.part === 'spool') await spoolAll(task, model);
  else if (task.part === 'drain') await drain(task);
  else await drainPaced(task, model);
};

run().then(
  () => process.disconnect?.(),
  (error: unknown) => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.send?.({ said: 'failed', reason } satisfies FromGateway, () => process.exit(1));
  },
);
