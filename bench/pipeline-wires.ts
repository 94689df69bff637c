import { openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { encodeBatchColumns } from '../contracts/telemetry-batch.ts';
import type { TelemetryColumns } from '../contracts/telemetry-columns.ts';
import { simulatedSweeps } from './codec/simulated-rows.ts';

/**
 * Makes the batches of the pipeline bench, in a process of its own, so that the one that takes them in has nothing else to do: sweep by
 * sweep, in each every shard. Each is written as its length (4 bytes) and its bytes. Every shard has the same miners behind a prefix of its own.
 */
const { values: given } = parseArgs({
  options: {
    miners: { type: 'string', default: '1000' },
    shards: { type: 'string', default: '1' },
    sweeps: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    into: { type: 'string', default: '' },
  },
});
const [miners, shards, sweeps, seed] = [given.miners, given.shards, given.sweeps, given.seed].map(Number) as [
  number,
  number,
  number,
  number,
];

const intervalMs = 60_000;
/** Sweeps that are simulated, for fleets of all sizes the same; afterwards they come again, later. */
const template = simulatedSweeps({
  miners,
  sweeps: 60,
  intervalS: intervalMs / 1000,
  seed,
});
const idsOf = Array.from({ length: shards }, (_, shard) => {
  const prefix = `s${String(shard).padStart(4, '0')}-`;
  return (template[0]?.minerIds ?? []).map((id) => prefix + id);
});

/** Each shard begins elsewhere in what was simulated, so that fleets of all sizes are timed with the same readings. */
const wireOf = (shard: number, sweep: number): Uint8Array => {
  const at = sweep + Math.floor((shard * template.length) / shards);
  const rows = template[at % template.length];
  if (!rows) throw new Error('no rows');
  const round = Math.floor(at / template.length) * template.length * intervalMs;
  const columns: TelemetryColumns = {
    ...rows,
    minerIds: idsOf[shard] ?? [],
    sampledAtMs: rows.sampledAtMs.map((ms) => ms + round),
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

const file = openSync(given.into, 'w');
const length = Buffer.alloc(4);
for (let sweep = 0; sweep < sweeps; sweep++)
  for (let shard = 0; shard < shards; shard++) {
    const wire = wireOf(shard, sweep);
    length.writeUInt32LE(wire.length);
    writeSync(file, length);
    writeSync(file, wire);
  }
let values = 0;
for (const { values: columns } of template)
  for (const column of Object.values(columns)) for (const value of column) if (!Number.isNaN(value)) values++;
process.stdout.write(JSON.stringify({ valuesPerRow: values / (template.length * miners) }));
