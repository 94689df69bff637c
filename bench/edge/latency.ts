import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { decodeBatch } from '../../contracts/telemetry-batch.ts';
import { uplinks } from '../../contracts/topics.ts';
import { startAgent } from '../../edge-greengrass/agent.ts';
import type { EdgeBus } from '../../edge-greengrass/bus/edge-bus.ts';
import { mqttBusOf } from '../../edge-greengrass/bus/mqtt-bus.ts';
import { parseGatewayConfig } from '../../edge-greengrass/config.ts';
import { logNothing } from '../../edge-greengrass/log.ts';
import { readHeads } from '../../lambdas/telemetry/live-repository.ts';
import { buildStacks, cdkOut } from '../../local/build.ts';
import { provision } from '../../local/demo/provision.ts';
import { type Runtime, startRuntime } from '../../local/runtime.ts';
import type { Bench } from '../bench.ts';
import { spreadOf } from '../quantiles.ts';
import { startBenchSite } from './site.ts';

export type LatencyOptions = {
  readonly miners: number;
  /** Measured, after one that is not. */
  readonly minutes: number;
  readonly seed: number;
};

/** When a batch's readings were sampled, and when it got where. */
type Way = {
  readonly shard: number;
  readonly sequence: number;
  readonly sampledMs: readonly number[];
  readonly publishedMs: number;
  ackedMs?: number;
  durableMs?: number;
};

/** The line with a look at what goes over it. */
const watched = (bus: EdgeBus, telemetry: string, ways: Way[]): EdgeBus => ({
  ...bus,
  publish: async (topic, payload) => {
    const decoded = topic === telemetry ? decodeBatch(payload) : undefined;
    if (!decoded?.ok) return bus.publish(topic, payload);
    const { shard, sequence, readings } = decoded.batch;
    const sampledMs = readings.map(({ sampledAtMs }) => sampledAtMs);
    const way: Way = { shard, sequence, sampledMs, publishedMs: Date.now() };
    ways.push(way);
    await bus.publish(topic, payload);
    way.ackedMs = Date.now();
  },
});

/** Bytes of the connections to the broker: what is in TLS and TLS itself, without TCP and IP. */
const countUplink = (port: number) => {
  const sockets: Socket[] = [];
  const look = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    socket.once('connect', () => {
      if (socket.remotePort === port) sockets.push(socket);
    });
  };
  subscribe('net.client.socket', look);
  const sum = (of: (socket: Socket) => number) => sockets.reduce((total, socket) => total + of(socket), 0);
  return {
    bytes: () => ({ out: sum((one) => one.bytesWritten), in: sum((one) => one.bytesRead) }),
    stop: () => unsubscribe('net.client.socket', look),
  };
};

/** Notes when the cloud's heads say that a batch is stored, until told to stop. */
const watchHeads = (runtime: Runtime, siteId: number, ways: readonly Way[]) => {
  const endpoint = String(runtime.endpoints.AWS_ENDPOINT_URL_DYNAMODB);
  const outputs = runtime.outputs.HashInsightTelemetry ?? {};
  const db = DynamoDBDocumentClient.from(new DynamoDBClient({ ...runtime.clientConfig, endpoint }));
  const heads = readHeads({ db, telemetryTable: String(outputs.TelemetryTable) });
  let going = true;
  const look = async () => {
    while (going) {
      if (ways.some(({ durableMs }) => durableMs === undefined)) {
        for (const { shard, highest } of await heads(siteId))
          for (const way of ways)
            if (way.shard === shard && way.sequence <= highest) way.durableMs ??= Date.now();
      }
      await delay(20);
    }
  };
  const looking = look();
  return async () => {
    going = false;
    await looking;
    db.destroy();
  };
};

const minuteMs = 60_000;

/** From a miner's answer to what the cloud keeps, with the gateway's usual settings over a real line to the local cloud. */
export const benchLatency: Bench<LatencyOptions> = async ({ miners, minutes, seed }, { say, progress }) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hashinsight-latency-'));
  say('Building the stacks');
  await buildStacks();
  const runtime = await startRuntime({ cdkOut, stateDir: join(stateDir, 'cloud'), port: 0 });
  say(`Starting ${miners} simulated miners`);
  const site = await startBenchSite({ miners, seed }, say);
  const record = await provision(
    runtime.url,
    stateDir,
    {
      gatewayId: 'gw-bench-1',
      name: 'Bench',
      seed,
      withRule: false,
      capacityKw: miners * 4,
      miners: (await site.control.inventory()).map((miner) => ({
        miner_id: miner.minerId,
        vendor: miner.vendor,
        model: miner.model,
        zone_id: miner.zoneId,
        rated_hashrate_ths: miner.ratedHashrateThs,
        rated_power_w: miner.ratedPowerW,
      })),
    },
    (done, all) => progress(done, all, 'miners registered'),
  );
  const { siteId, gatewayId } = record;
  const config = parseGatewayConfig({
    siteId,
    gatewayId,
    mqtt: {
      host: record.mqttHost,
      port: record.mqttPort,
      caPath: runtime.mqtt.caPath,
      certPath: record.certificatePath,
      keyPath: record.privateKeyPath,
    },
    hmacKeys: [{ keyId: record.hmacKeyId, secret: record.hmacSecret }],
    miners: site.miners,
  });
  if (!config.mqtt) throw new Error('the registration names no broker');
  const ways: Way[] = [];
  const uplink = countUplink(config.mqtt.port);
  const line = mqttBusOf(config.mqtt, gatewayId, config.limits.publishMs, logNothing);
  let swept = 0;
  const agent = await startAgent(config, watched(line, uplinks.telemetry({ siteId, gatewayId }), ways), {
    stateDir: join(stateDir, 'gateway'),
    log: logNothing,
    onSweep: () => {
      swept++;
    },
  });
  const stopHeads = watchHeads(runtime, siteId, ways);
  try {
    const sweepsDone = async (count: number) => {
      while (swept < count) await delay(100);
    };
    await agent.ready;
    await sweepsDone(1);
    const bytesBefore = uplink.bytes();
    const begunMs = Date.now();
    for (let minute = 1; minute <= minutes; minute++) {
      await sweepsDone(1 + minute);
      progress(minute, minutes, 'sweeps at the usual settings');
    }
    while (ways.some(({ durableMs }) => durableMs === undefined)) await delay(100);
    const measuredMinutes = (Date.now() - begunMs) / minuteMs;
    const bytes = uplink.bytes();
    const measured = ways.filter(({ publishedMs }) => publishedMs >= begunMs);
    const spread = (until: (way: Way) => number | undefined) =>
      spreadOf(
        measured.flatMap((way) => {
          const atMs = until(way);
          return atMs === undefined ? [] : way.sampledMs.map((sampledMs) => atMs - sampledMs);
        }),
      );
    const steps = [
      { step: 'asked → handed to the line', ms: spread(({ publishedMs }) => publishedMs) },
      { step: 'asked → acknowledged by the broker', ms: spread(({ ackedMs }) => ackedMs) },
      { step: 'asked → durable in the cloud', ms: spread(({ durableMs }) => durableMs) },
    ];
    const perDay = (count: number) => Math.round((count / measuredMinutes / miners) * 1_440);
    const perMinerDay = {
      out: perDay(bytes.out - bytesBefore.out),
      in: perDay(bytes.in - bytesBefore.in),
    };
    return {
      figures: { miners, minutes, batches: measured.length, steps, perMinerDay },
      tables: [
        {
          title: `From a miner's answer to the cloud, ${miners} miners, ${config.pollIntervalMs / 1_000} s apart`,
          rows: steps.map(({ step, ms }) => ({
            step,
            readings: ms.n,
            'p50, ms': ms.p50,
            'p99, ms': ms.p99,
            'max, ms': ms.max,
          })),
        },
        {
          title: 'On the uplink, bytes a miner and day',
          rows: [{ 'to the cloud': perMinerDay.out, 'from the cloud': perMinerDay.in }],
        },
      ],
      notes: [
        `Gateway, miners and cloud share this machine, gateway and cloud even one process; a real line adds its own delay. Readings of a shard wait for each other: its asks are spread over ${config.limits.spreadPct} % of the interval, shard after shard. Durable: the transaction that takes the batch in has been committed (looked at every 20 ms).`,
        'Uplink: everything within the TLS connection to the broker and TLS itself, with receipts, keep-alives and answers; TCP and IP headers apart.',
      ],
    };
  } finally {
    await agent.stop();
    await stopHeads();
    uplink.stop();
    await site.close();
    await runtime.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
};
