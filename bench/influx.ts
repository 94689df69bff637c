import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { livePage } from '../contracts/api-telemetry.ts';
import { minerSeriesAnswer } from '../contracts/api-telemetry-series.ts';
import { readingFieldNames } from '../contracts/reading.ts';
import type { TelemetryColumns } from '../contracts/telemetry-columns.ts';
import { toUtc } from '../lambdas/shared/clock.ts';
import { dayMs } from '../lambdas/telemetry/windows.ts';
import type { Bench, Watcher } from './bench.ts';
import { modelReadings } from './outage-readings.ts';
import { quantile } from './quantiles.ts';
import { type InfluxServer, installedInflux, startInflux } from './site/influx-server.ts';
import { linesOf } from './site/line-protocol.ts';
import { minerIdOf, startLocalCloud } from './site/local-cloud.ts';
import { type SiteReadings, siteReadings } from './site/reading-columns.ts';

export type InfluxOptions = {
  /** So many miners for the newest `minutes`. */
  readonly miners: number;
  readonly minutes: number;
  /** Of them, so many for 24 hours. */
  readonly dayMiners: number;
  readonly queries: number;
  readonly seed: number;
};

const shardMiners = 250;
const batchLines = 5_000;
const minuteMs = 60_000;

export type Plan = InfluxOptions & { readonly readings: SiteReadings; readonly nowMs: number };

/** The sweeps in the order of time, each as the batches of its shards. */
const sweepsOf = function* ({ miners, minutes, dayMiners, readings, nowMs }: Plan) {
  const count = Math.round(dayMs / minuteMs);
  for (let minute = count; minute > 0; minute--) {
    const startMs = nowMs - minute * minuteMs;
    const present = minute <= minutes ? miners : dayMiners;
    const batches: { shard: number; columns: TelemetryColumns }[] = [];
    for (let first = 0; first < present; first += shardMiners) {
      const ids = Array.from(
        { length: Math.min(shardMiners, present - first) },
        (_, at) => [first + at, minerIdOf(first + at)] as const,
      );
      batches.push({ shard: first / shardMiners, columns: readings.sweepsOf(ids, startMs, 1) });
    }
    yield { startMs, batches };
  }
};

const p = (values: readonly number[]) => ({
  p50: Math.round(quantile(values, 0.5) * 10) / 10,
  p95: Math.round(quantile(values, 0.95) * 10) / 10,
});
type Side = {
  readonly name: string;
  readonly samples: number;
  readonly inS: number;
  readonly bytesPerSample: number;
  readonly allBytesPerSample: number;
  readonly day: ReturnType<typeof p>;
  readonly latest: ReturnType<typeof p>;
};

const timed = async (count: number, ask: (at: number) => Promise<number>) => {
  const times: number[] = [];
  for (let at = 0; at < count; at++) times.push(await ask(at));
  return p(times);
};

export const measureInflux = async (
  influx: InfluxServer,
  plan: Plan,
  { say, progress }: Watcher,
): Promise<Side> => {
  let [samples, inMs, sweeps] = [0, 0, 0];
  const lines: string[] = [];
  const flush = async (least: number) => {
    const bodies: string[] = [];
    while (lines.length >= least && lines.length > 0) bodies.push(lines.splice(0, batchLines).join('\n'));
    const begun = performance.now();
    const writers = [0, 1].map(async (first) => {
      for (let at = first; at < bodies.length; at += 2) await influx.write(bodies[at] ?? '');
    });
    await Promise.all(writers);
    inMs += performance.now() - begun;
  };
  for (const { batches } of sweepsOf(plan)) {
    progress(sweeps++, dayMs / minuteMs, 'minutes written to InfluxDB');
    for (const { columns } of batches) {
      samples += columns.rows;
      lines.push(...linesOf(columns));
    }
    if (lines.length >= 4 * batchLines) await flush(batchLines);
  }
  await flush(1);
  say('Waiting for InfluxDB to compact');
  const { dataBytes, allBytes } = await influx.compacted();
  say('Asking InfluxDB');
  const ask = async (text: string, leastRows: number) => {
    const begun = performance.now();
    const { rows } = await influx.query(text);
    if (rows < leastRows) throw new Error(`InfluxDB answered ${rows} rows to ${text}`);
    return performance.now() - begun;
  };
  const span = `time >= ${plan.nowMs - dayMs}ms AND time < ${plan.nowMs}ms`;
  const day = await timed(plan.queries, (at) =>
    ask(
      `SELECT * FROM telemetry WHERE miner = '${minerIdOf(at % plan.dayMiners)}' AND ${span}`,
      dayMs / minuteMs,
    ),
  );
  // By time, which a client must know, it is faster than by last() or by GROUP BY miner ORDER BY time DESC LIMIT 1.
  const latest = await timed(Math.max(5, Math.round(plan.queries / 10)), () =>
    ask(`SELECT * FROM telemetry WHERE time >= ${plan.nowMs - minuteMs}ms`, plan.miners),
  );
  return {
    name: `InfluxDB ${influx.version}`,
    samples,
    inS: inMs / 1_000,
    bytesPerSample: dataBytes / samples,
    allBytesPerSample: allBytes / samples,
    day,
    latest,
  };
};

const bytesBelow = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) =>
      entry.isFile()
        ? sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
        : sum,
    0,
  );

const measureOurs = async (
  plan: Plan,
  watcher: Watcher,
): Promise<Side & { readonly wireBytesPerSample: number }> => {
  const { say, progress } = watcher;
  const cloud = await startLocalCloud(plan.miners, watcher);
  try {
    const tables = join(cloud.stateDir, 'cloud', 'dynamodb');
    const tableBytesBefore = bytesBelow(tables);
    let [samples, wireBytes, sweeps, inMs] = [0, 0, 0, 0];
    let held: { shard: number; columns: TelemetryColumns }[] = [];
    const flush = async () => {
      const begun = performance.now();
      wireBytes += await cloud.send(held);
      held = [];
      await cloud.settle();
      inMs += performance.now() - begun;
    };
    for (const { batches } of sweepsOf(plan)) {
      progress(sweeps++, dayMs / minuteMs, 'minutes sent to the local cloud');
      for (const { columns } of batches) samples += columns.rows;
      held.push(...batches);
      if (held.length >= 120) await flush();
    }
    await flush();
    say('Asking the local cloud');
    const sizes = await cloud.objectBytes();
    const rawBytes = sizes.reduce((sum, { key, bytes }) => (key.startsWith('raw/') ? sum + bytes : sum), 0);
    const allBytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0) + bytesBelow(tables) - tableBytesBefore;
    const all = readingFieldNames.map((name) => name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`));
    const site = { site_id: String(cloud.siteId) };
    const day = await timed(plan.queries, async (at) => {
      const miner = minerIdOf(at % plan.dayMiners);
      const from = toUtc(plan.nowMs - dayMs);
      const query = {
        ...site,
        from,
        to: toUtc(plan.nowMs),
        resolution: 'raw',
        max_points: '50000',
        fields: all.join(','),
      };
      const { httpMs, body } = await cloud.ask(
        `/api/v1/telemetry/miners/${miner}/series?${new URLSearchParams(query)}`,
      );
      const { count } = minerSeriesAnswer.parse(body);
      if (count < (dayMs - 10 * minuteMs) / minuteMs)
        throw new Error(`A day of ${miner} has ${count} samples`);
      return httpMs;
    });
    const latest = await timed(Math.max(5, Math.round(plan.queries / 10)), async () => {
      const { httpMs, body } = await cloud.ask(`/api/v1/telemetry/live?${new URLSearchParams(site)}`);
      if (livePage.parse(body).count < plan.miners) throw new Error('The live list lacks miners');
      return httpMs;
    });
    return {
      name: 'HashInsight, local cloud',
      samples,
      inS: inMs / 1_000,
      bytesPerSample: rawBytes / samples,
      allBytesPerSample: allBytes / samples,
      wireBytesPerSample: wireBytes / samples,
      day,
      latest,
    };
  } finally {
    await cloud.close();
  }
};

/** Figure 4: the same samples into Debian's InfluxDB and into the local cloud, and the same two questions to both. */
export const benchInflux: Bench<InfluxOptions> = async (options, watcher) => {
  const { say } = watcher;
  const version = installedInflux();
  const skipped = 'Skipped the comparison: no influxd 1.x is installed (Debian: apt-get install influxdb).';
  if (!version) say(skipped);
  say('Recording what readings are like');
  const model = await modelReadings(options.seed, Math.min(60, options.miners));
  const nowMs = Math.floor(Date.now() / minuteMs) * minuteMs;
  const plan = { ...options, nowMs, readings: siteReadings(model, nowMs - 2 * dayMs, options.seed) };
  const ours = await measureOurs(plan, watcher);
  const sides: Side[] = [];
  if (version) {
    say(`Starting InfluxDB ${version}`);
    const influx = await startInflux(version);
    try {
      sides.push(await measureInflux(influx, plan, watcher));
    } finally {
      await influx.close();
    }
  }
  sides.push(ours);
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    figures: { ...options, influx: version ?? null, sides },
    tables: [
      {
        title: `The same ${ours.samples.toLocaleString('en-US')} samples`,
        rows: sides.map((side) => ({
          store: side.name,
          'samples/s in': Math.round(side.samples / side.inS),
          'bytes/sample, raw': round(side.bytesPerSample),
          'bytes/sample, all files': round(side.allBytesPerSample),
          '24 h of one miner p50, ms': side.day.p50,
          'p95, ms': side.day.p95,
          [`latest of ${options.miners} p50, ms`]: side.latest.p50,
          'latest p95, ms': side.latest.p95,
        })),
      },
    ],
    notes: [
      ...(version ? [] : [skipped]),
      `${options.miners} miners for ${options.minutes} minutes, ${options.dayMiners} of them for 24 hours, a sample a minute with all fields. InfluxDB: line protocol over HTTP in batches of ${batchLines} lines on two connections, settings of the package but for tsi1 and for snapshots and full compactions two seconds after the last write; counted once its files stood still for twelve seconds: raw is its .tsm files, all files has indexes and logs, too.`,
      `Ours: packed batches through the queue and the functions of the local cloud, until every function, with every roll-up, is done; raw is the bytes of raw objects (with five minutes' history where the hour is not over), all files has every level, sums, live state and the table's file. On the wire ${round(ours.wireBytesPerSample)} bytes a sample. Our times are HTTP with session check, InfluxDB's without authentication.`,
    ],
  };
};
