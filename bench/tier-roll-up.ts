import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { encodeBatchColumns } from '../contracts/telemetry-batch.ts';
import { pendingBatchItem } from '../lambdas/telemetry/batch-repository.ts';
import { memoryBlockStore, sizeOf } from '../lambdas/telemetry/block-store.ts';
import { compactShard } from '../lambdas/telemetry/roll-up-levels.ts';
import { rollUpShard } from '../lambdas/telemetry/roll-up-shard.ts';
import { telemetryKeys } from '../lambdas/telemetry/telemetry-keys.ts';
import { newWorld, startTables } from '../lambdas/telemetry/test-tiers.ts';
import { readBlocks } from '../lambdas/telemetry/tier-repository.ts';
import { windowMs } from '../lambdas/telemetry/windows.ts';
import type { Bench } from './bench.ts';
import { modelReadings } from './outage-readings.ts';
import { quantile } from './quantiles.ts';
import { siteReadings } from './site/reading-columns.ts';
import { aimed } from './table.ts';

export type RollUpOptions = { readonly miners: number; readonly hours: number; readonly seed: number };

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const shard = { siteId: 1, gatewayId: 'gw-1', shard: 0 };
const aimMs = 60;

const cpuMs = async (work: () => Promise<unknown>) => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
const round = (value: number) => Math.round(value * 10) / 10;

/** What the roll-ups of one shard cost in processor time, with the local DynamoDB in the same process, and what their blocks weigh. */
export const benchRollUp: Bench<RollUpOptions> = async ({ miners, hours, seed }, { progress }) => {
  const startMs = Date.parse('2027-05-05T00:00:00Z');
  const readings = siteReadings(await modelReadings(seed), startMs - 24 * hourMs, seed);
  const ids = Array.from(
    { length: miners },
    (_, miner) => [miner, `m-${String(miner).padStart(6, '0')}`] as const,
  );
  const tables = await startTables();
  let nowMs = startMs;
  const blocks = memoryBlockStore();
  const world = newWorld(tables.db, await tables.newTable(), 'UTC', () => nowMs, blocks);
  const [windows, compactions]: [number[], number[]] = [[], []];
  let batchBytes = 0;
  try {
    for (let window = 0; window < (hours * hourMs) / windowMs; window++) {
      const fromMs = startMs + window * windowMs;
      for (let minute = 0; minute < windowMs / minuteMs; minute++) {
        const columns = readings.sweepsOf(ids, fromMs + minute * minuteMs, 1);
        const sequence = window * 5 + minute + 1;
        const lastMs = fromMs + (minute + 1) * minuteMs - 1;
        const bytes = encodeBatchColumns({ ...shard, sequence, createdAtMs: lastMs }, columns);
        batchBytes += bytes.length;
        const stored = await blocks.put('batch', `${sequence}`, bytes);
        const firstMs = fromMs + minute * minuteMs;
        const pending = {
          ...shard,
          sequence,
          receivedAtMs: lastMs,
          firstMs,
          lastMs,
          rows: columns.rows,
          stored,
        };
        await tables.db.send(
          new PutCommand({ TableName: world.telemetryTable, Item: pendingBatchItem(pending) }),
        );
      }
      nowMs = fromMs + windowMs + 20_000;
      windows.push(await cpuMs(() => rollUpShard(world)(shard)));
      nowMs += 5 * minuteMs;
      if ((window + 1) % 12 === 0) compactions.push(await cpuMs(() => compactShard(world)(shard)));
      progress(window + 1, (hours * hourMs) / windowMs, 'windows');
    }
    const weigh = async (level: string) => {
      const found = await readBlocks(world)(telemetryKeys.blocksOfShard(shard, level), '0', '9');
      const live = found.filter(({ moved }) => !moved);
      return live.flatMap(({ objects }) => objects.map(sizeOf)).reduce((sum, size) => sum + size, 0);
    };
    const rows = miners * hours * 60;
    const figures = {
      windowCpuMs: { median: round(quantile(windows, 0.5)), p95: round(quantile(windows, 0.95)) },
      hourCpuMs: { median: round(quantile(compactions, 0.5)), p95: round(quantile(compactions, 0.95)) },
      batchBytesPerSample: round(batchBytes / rows),
      rawBytesPerSample: round((await weigh('raw_quarter')) / rows),
      historyBytesPerWindow: round((await weigh('quarter')) / (miners * hours * 12)),
    };
    return {
      tables: [
        {
          title: `Roll-ups of one shard of ${miners} miners, one sample a minute`,
          rows: [
            { what: 'five minutes, CPU ms, median', value: aimed(figures.windowCpuMs.median, aimMs) },
            { what: 'five minutes, CPU ms, p95', value: String(figures.windowCpuMs.p95) },
            { what: 'an hour with its days, CPU ms, median', value: String(figures.hourCpuMs.median) },
            { what: 'batch, bytes a sample', value: String(figures.batchBytesPerSample) },
            { what: 'raw quarter of a day, bytes a sample', value: String(figures.rawBytesPerSample) },
            {
              what: 'history by the quarter of a day, bytes a miner and five minutes',
              value: String(figures.historyBytesPerWindow),
            },
          ],
        },
      ],
      figures,
      notes: ['Processor time includes the local DynamoDB, which runs in the same process.'],
    };
  } finally {
    await tables.close();
  }
};
