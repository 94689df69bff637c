import { parseArgs } from 'node:util';
import { decodeBatchColumns, encodeBatchColumns } from '../contracts/telemetry-batch.ts';
import type { TelemetryColumns } from '../contracts/telemetry-columns.ts';
import type { MinerFacts } from '../lambdas/alerting/miner-facts.ts';
import { checkColumns } from '../lambdas/telemetry/check-columns.ts';
import { unknownShard } from '../lambdas/telemetry/known-shard.ts';
import { shardCache } from '../lambdas/telemetry/shard-cache.ts';
import { stepShard, withKnownIds } from '../lambdas/telemetry/step-shard.ts';
import { modelNamed } from '../simulator/physics/models.ts';
import { identitiesOf, usualMix } from '../simulator/site/inventory.ts';
import { simulatedSweeps } from './codec/simulated-rows.ts';
import { memoryOf } from './process-memory.ts';

/**
 * One size of the pipeline bench, in a process of its own: what ingest does with a batch between receiving and writing it, for
 * every batch of a fleet and sweep by sweep. Only that is timed; making the batches is not.
 */
const { values } = parseArgs({
  options: {
    miners: { type: 'string', default: '1000' },
    shard: { type: 'string', default: '1000' },
    samples: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
  },
});
const [miners, shardMiners, samples, seed] = [values.miners, values.shard, values.samples, values.seed].map(
  Number,
) as [number, number, number, number];
const size = Math.min(miners, shardMiners);
const shards = Math.ceil(miners / size);
/** Until the miners are ramped and their means settled. */
const warmUp = 12;
const sweeps = warmUp + Math.max(2, Math.ceil(samples / (shards * size)));

const identities = identitiesOf({
  miners: size,
  zones: Math.max(1, Math.round(size / 50)),
  seed,
  mix: usualMix,
});
const registry = new Map<string, MinerFacts>(
  identities.map(({ minerId, vendor, model, zoneId }): [string, MinerFacts] => {
    const { hashrateThs, powerW } = modelNamed(model);
    return [minerId, { vendor, model, zoneId, ratedHashrateThs: hashrateThs, ratedPowerW: powerW }];
  }),
);
const prefixOf = (shard: number) => `s${String(shard).padStart(4, '0')}-`;
/** A registry knows its miners by their whole name; here every shard has the same ones behind its prefix. */
const factsOf = (minerId: string) => registry.get(minerId.slice(6));

const template = simulatedSweeps({ miners: size, sweeps: Math.min(sweeps, 60), intervalS: 60, seed });
const idsOf = Array.from({ length: shards }, (_, shard) => {
  const prefix = prefixOf(shard);
  return () => (template[0]?.minerIds ?? []).map((id) => prefix + id);
});
const intervalMs = 60_000;
const wireOf = (shard: number, sweep: number): Uint8Array => {
  const rows = template[sweep % template.length];
  if (!rows) throw new Error('no rows');
  const round = Math.floor(sweep / template.length) * template.length * intervalMs;
  const columns: TelemetryColumns = {
    ...rows,
    minerIds: idsOf[shard]?.() ?? [],
    sampledAtMs: rows.sampledAtMs.map((at) => at + round),
  };
  const sequence = sweep * shards + shard + 1;
  return encodeBatchColumns(
    {
      siteId: 1,
      gatewayId: 'gw-bench',
      shard,
      sequence,
      previousSequence: sweep === 0 ? 0 : sequence - shards,
      createdAtMs: (columns.sampledAtMs[0] ?? 0) + intervalMs,
    },
    columns,
  );
};

const cache = shardCache(async (shard) => unknownShard(shard));
/** What this thread has computed, ms: other programs on the machine do not count. */
const computedMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};
const split = { decode: 0, check: 0, step: 0, wall: 0 };
let findings = 0;
let stateBytes = 0;

const ingest = async (wire: Uint8Array) => {
  const wallMs = performance.now();
  const startedMs = computedMs();
  const decoded = decodeBatchColumns(wire);
  if (!decoded.ok) throw new Error(decoded.detail);
  const decodedMs = computedMs();
  const { header } = decoded;
  const known = await cache.readShard(header, false);
  const sent = withKnownIds(decoded.columns, known.minerIds);
  const { columns } = checkColumns(sent, header.createdAtMs, undefined, decoded.bounds);
  const bytes = columns === sent ? wire : encodeBatchColumns(header, columns);
  const checkedMs = computedMs();
  const step = stepShard(known, { header, columns, bytes }, header.createdAtMs, factsOf);
  const { newestMs, receivedAtMs, intervalMs: interval, silent, minerIds } = step.live;
  const head = { newestMs, receivedAtMs, intervalMs: interval, silent: silent ?? false };
  cache.remember({
    shard: known.shard,
    head: { ...head, version: step.live.version + 1, sequences: step.sequences },
    bytes: step.bytes,
    minerIds,
  });
  const endedMs = computedMs();
  split.decode += decodedMs - startedMs;
  split.check += checkedMs - decodedMs;
  split.step += endedMs - checkedMs;
  split.wall += performance.now() - wallMs;
  findings += step.found.anomalies.length;
  stateBytes += step.bytes.length - bytes.length;
  return columns.rows;
};

let rows = 0;
let wireBytes = 0;
let values30 = 0;
for (let sweep = 0; sweep < sweeps; sweep++) {
  if (sweep === warmUp) {
    split.decode = split.check = split.step = split.wall = 0;
    rows = wireBytes = findings = stateBytes = values30 = 0;
  }
  for (let shard = 0; shard < shards; shard++) {
    const wire = wireOf(shard, sweep);
    rows += await ingest(wire);
    wireBytes += wire.length;
  }
  for (const column of Object.values(template[sweep % template.length]?.values ?? {}))
    for (const value of column) if (!Number.isNaN(value)) values30++;
}
globalThis.gc?.();
const { heapUsed, arrayBuffers } = process.memoryUsage();
const totalMs = split.decode + split.check + split.step;
const perSample = (ms: number) => (1_000 * ms) / rows;
process.stdout.write(
  `${JSON.stringify({
    miners,
    shards,
    rows,
    valuesPerRow: values30 / ((sweeps - warmUp) * size),
    samplesPerS: (1_000 * rows) / totalMs,
    microsPerSample: perSample(totalMs),
    wallMicrosPerSample: perSample(split.wall),
    decodeMicros: perSample(split.decode),
    checkMicros: perSample(split.check),
    stepMicros: perSample(split.step),
    findings,
    wireBytesPerSample: wireBytes / rows,
    stateBytesPerSample: stateBytes / rows,
    heapMb: (heapUsed + arrayBuffers) / 1_048_576,
    ...memoryOf(process.pid),
  })}\n`,
);
