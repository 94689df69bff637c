/**
 * A whole gateway in a process of its own, on a line that comes and goes and gives receipts while it is there. A child of soak.ts; ends
 * when its parent says so.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { decodeBatch } from '../../contracts/telemetry-batch.ts';
import { topics, uplinks } from '../../contracts/topics.ts';
import { startAgent } from '../../edge-greengrass/agent.ts';
import type { EdgeBus } from '../../edge-greengrass/bus/edge-bus.ts';
import { readGatewayConfig } from '../../edge-greengrass/config.ts';
import { logNothing } from '../../edge-greengrass/log.ts';
import { type SoakSaid, soakTask } from './soak-words.ts';

const say = (words: SoakSaid) => process.send?.(words);
const receiptEveryMs = 5_000;
const mb = (bytes: number) => Math.round(bytes / 104_857.6) / 10;

/** Connections of this process, whoever opened them. */
const openSockets = () =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap' || kind === 'TCPConnectWrap')
    .length;

/** A line that a clock switches, and a cloud behind it that has everything that came. */
const comingAndGoing = (place: { readonly siteId: number; readonly gatewayId: string }) => {
  const telemetry = uplinks.telemetry(place);
  const receivers = new Map<string, (payload: Uint8Array) => Promise<void>>();
  const listeners = new Set<(up: boolean) => void>();
  const heads = new Map<number, { through: number; previous: Map<number, number> }>();
  const came = new Set<number>();
  let up = true;
  const bus: EdgeBus = {
    subscribe: (topic, receive) => void receivers.set(topic, receive),
    open: async () => {},
    close: async () => {},
    isUp: () => up,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: async (topic, payload) => {
      if (!up) throw new Error('the line is down');
      if (topic !== telemetry) return;
      const decoded = decodeBatch(payload);
      if (!decoded.ok) throw new Error(decoded.detail);
      const { shard, sequence, previousSequence = 0 } = decoded.batch;
      came.add(sequence);
      const head = heads.get(shard) ?? { through: previousSequence, previous: new Map() };
      heads.set(shard, head);
      head.previous.set(previousSequence, sequence);
      for (
        let next = head.previous.get(head.through);
        next !== undefined;
        next = head.previous.get(head.through)
      ) {
        head.previous.delete(head.through);
        head.through = next;
      }
    },
  };
  return {
    bus,
    count: () => came.size,
    /** Shards whose chain of batches has a gap. */
    gaps: () =>
      [...heads.values()].filter(({ through, previous }) =>
        [...previous.values()].some((sequence) => sequence > through),
      ).length,
    turn: () => {
      up = !up;
      for (const listener of listeners) listener(up);
    },
    setUp: () => {
      up = true;
      for (const listener of listeners) listener(up);
    },
    receipt: async () => {
      if (!up) return;
      const shards = [...heads].map(([shard, { through }]) => ({
        shard,
        through,
        highest: through,
        gaps: [],
      }));
      const receipt = { version: 1, ...place, issuedAtMs: Date.now(), shards };
      await receivers.get(topics.receipt(place))?.(new TextEncoder().encode(JSON.stringify(receipt)));
    },
  };
};

const run = async () => {
  const task = soakTask.parse(JSON.parse(process.argv[2] ?? ''));
  const config = readGatewayConfig(task.configPath);
  const cloud = comingAndGoing(config);
  const agent = await startAgent(config, cloud.bus, {
    stateDir: task.directory,
    log: logNothing,
    onSweep: async (result) => {
      const atMs = Date.now();
      // What was closed by the sweep's end leaves the list in the next turns of the loop.
      await delay(50);
      const { rss, heapUsed } = process.memoryUsage();
      say({
        said: 'sweep',
        atMs,
        ...result,
        openSockets: openSockets(),
        rssMb: mb(rss),
        heapMb: mb(heapUsed),
      });
    },
  });
  const timers = [
    setInterval(cloud.turn, task.lineMs),
    setInterval(() => void cloud.receipt(), receiptEveryMs),
  ];
  process.once('message', async () => {
    for (const timer of timers) clearInterval(timer);
    cloud.setUp();
    for (let at = 0; at < 600 && agent.status().waiting > 0; at++) await delay(50);
    await cloud.receipt();
    const spoolBytes = agent.status().spool.bytes;
    await agent.stop();
    process.send?.(
      { said: 'ended', lost: cloud.gaps(), batches: cloud.count(), spoolBytes } satisfies SoakSaid,
      () => process.exit(0),
    );
  });
};

run().catch((error: unknown) => {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.send?.({ said: 'failed', reason } satisfies SoakSaid, () => process.exit(1));
});
