import { closeSync, openSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { reusedMemory } from '../contracts/memory.ts';
import { decodeBatchColumns, encodeBatchColumns } from '../contracts/telemetry-batch.ts';
import type { MinerFacts } from '../lambdas/alerting/miner-facts.ts';
import { checkColumns } from '../lambdas/telemetry/check-columns.ts';
import { unknownShard } from '../lambdas/telemetry/known-shard.ts';
import { shardCache } from '../lambdas/telemetry/shard-cache.ts';
import { stepShard, withKnownIds } from '../lambdas/telemetry/step-shard.ts';
import { modelNamed } from '../simulator/physics/models.ts';
import { identitiesOf, usualMix } from '../simulator/site/inventory.ts';
import { memoryOf } from './process-memory.ts';

/**
 * One size of the pipeline bench, in a process of its own: what ingest does with a batch between receiving and writing it, for
 * every batch that pipeline-wires.ts has made. It runs bundled, as the function in the cloud does: where TypeScript is stripped of its types
 * while it runs, WebAssembly has grown its memory, and from then on V8 looks at every access whether an array is still attached to its own.
 */
const { values } = parseArgs({
  options: {
    miners: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    warm: { type: 'string', default: '1200' },
    from: { type: 'string', default: '' },
  },
});
const [miners, seed, warm] = [values.miners, values.seed, values.warm].map(Number) as [
  number,
  number,
  number,
];

const identities = identitiesOf({
  miners,
  zones: Math.max(1, Math.round(miners / 50)),
  seed,
  mix: usualMix,
});
const registry = new Map<string, MinerFacts>(
  identities.map(({ minerId, vendor, model, zoneId }): [string, MinerFacts] => {
    const { hashrateThs, powerW } = modelNamed(model);
    return [minerId, { vendor, model, zoneId, ratedHashrateThs: hashrateThs, ratedPowerW: powerW }];
  }),
);
/** A registry knows its miners by their whole name; here every shard has the same ones behind its prefix. */
const factsOf = (minerId: string) => registry.get(minerId.slice(6));

const file = openSync(values.from, 'r');
const length = Buffer.alloc(4);
/** The next batches of the file. */
const nextWires = (most: number) => {
  const wires: Buffer[] = [];
  while (wires.length < most && readSync(file, length) === 4) {
    const wire = Buffer.alloc(length.readUInt32LE());
    readSync(file, wire);
    wires.push(wire);
  }
  return wires;
};

const cache = shardCache(async (shard) => unknownShard(shard));
const memory = reusedMemory(8 * 1024 * 1024);
/** What this process has computed in all of its threads, those of the garbage collector and the compiler too: ms. */
const computedMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
let split = { decode: 0, check: 0, step: 0 };
let findings = 0;
let stateBytes = 0;

const ingest = async (wire: Uint8Array) => {
  const startedMs = performance.now();
  const decoded = decodeBatchColumns(wire, memory);
  if (!decoded.ok) throw new Error(decoded.detail);
  const decodedMs = performance.now();
  const { header } = decoded;
  const known = await cache.readShard(header, false);
  const sent = withKnownIds(decoded.columns, known.minerIds);
  const { columns } = checkColumns(sent, header.createdAtMs, undefined, decoded.bounds);
  const bytes = columns === sent ? wire : encodeBatchColumns(header, columns);
  const checkedMs = performance.now();
  const step = stepShard(known, { header, columns, bytes }, header.createdAtMs, factsOf, memory);
  const { newestMs, receivedAtMs, intervalMs: interval, silent, minerIds } = step.live;
  const head = { newestMs, receivedAtMs, intervalMs: interval, silent: silent ?? false };
  cache.remember({
    shard: known.shard,
    head: { ...head, version: step.live.version + 1, sequences: step.sequences },
    bytes: step.bytes,
    minerIds,
  });
  const { rows } = columns;
  memory.takeBack();
  const endedMs = performance.now();
  split.decode += decodedMs - startedMs;
  split.check += checkedMs - decodedMs;
  split.step += endedMs - checkedMs;
  findings += step.found.anomalies.length;
  stateBytes += step.bytes.length - bytes.length;
  return rows;
};

/** So many batches are read from the file, then taken in and timed, at once. */
const chunk = 100;
let rows = 0;
let wireBytes = 0;
let usedMs = 0;
let wallMs = 0;
for (let done = 0; ; ) {
  const wires = nextWires(Math.min(chunk, done < warm ? warm - done : chunk));
  if (wires.length === 0) break;
  if (done === warm) {
    rows = wireBytes = findings = stateBytes = usedMs = wallMs = 0;
    split = { decode: 0, check: 0, step: 0 };
  }
  const [before, beganMs] = [computedMs(), performance.now()];
  for (const wire of wires) rows += await ingest(wire);
  usedMs += computedMs() - before;
  wallMs += performance.now() - beganMs;
  for (const wire of wires) wireBytes += wire.length;
  done += wires.length;
}
closeSync(file);
const { rssMb, peakMb } = memoryOf(process.pid);
globalThis.gc?.();
const { heapUsed, arrayBuffers } = process.memoryUsage();
const perSample = (ms: number) => (1_000 * ms) / rows;
const elapsedMs = split.decode + split.check + split.step;
/** Of the time computed; how it is shared out is known from the clock on the wall. */
const share = (ms: number) => perSample((usedMs * ms) / elapsedMs);
process.stdout.write(
  `${JSON.stringify({
    rows,
    samplesPerS: (1_000 * rows) / usedMs,
    microsPerSample: perSample(usedMs),
    wallMicrosPerSample: perSample(wallMs),
    decodeMicros: share(split.decode),
    checkMicros: share(split.check),
    stepMicros: share(split.step),
    findings,
    wireBytesPerSample: wireBytes / rows,
    stateBytesPerSample: stateBytes / rows,
    heapMb: (heapUsed + arrayBuffers) / 1_048_576,
    rssMb,
    peakMb,
  })}\n`,
);
