import { dayMs, windowMs } from '../../lambdas/telemetry/windows.ts';
import { modelReadings } from '../outage-readings.ts';
import { minerIdOf, startLocalCloud } from './local-cloud.ts';
import type { FromPreparation } from './prepare-site.ts';
import { siteReadings } from './reading-columns.ts';
import { shardsOf } from './shards.ts';
import { historyWriter } from './write-history.ts';

/** A child of prepare-site.ts: miners, patterns, days and seed are its arguments; what it says goes to its parent, line by line. */
const [miners = 0, patterns = 0, days = 0, seed = 1] = process.argv.slice(2).map(Number);
const tell = (message: FromPreparation) => process.stdout.write(`${JSON.stringify(message)}\n`);
const watcher = {
  say: (line: string) => void tell({ kind: 'say', line }),
  progress: (done: number, all: number, what: string) => void tell({ kind: 'progress', done, all, what }),
};

const cloud = await startLocalCloud(miners, watcher);
watcher.say('Recording what readings are like');
const model = await modelReadings(seed, Math.min(60, miners));
const nowMs = Math.floor(Date.now() / windowMs) * windowMs;
const readings = siteReadings(model, nowMs - (days + 11) * dayMs, seed);
const write = historyWriter(readings, { nowMs, days, patterns });
const begun = performance.now();
const written = { windows: 0, rawRows: 0 };
for (const { shard, numbers } of shardsOf(miners)) {
  const place = { siteId: cloud.siteId, gatewayId: cloud.gatewayId, shard };
  const one = await write(cloud.store, place, numbers, (done, all) =>
    watcher.progress(done, all, `blocks of shard ${shard}`),
  );
  written.windows += one.windows;
  written.rawRows += one.rawRows;
}
const writtenS = (performance.now() - begun) / 1_000;
watcher.say('Sending the newest sweeps of all miners');
for (let sweep = 2; sweep > 0; sweep--) {
  const startMs = Math.floor(Date.now() / 60_000 - sweep) * 60_000;
  const batches = shardsOf(miners).map(({ shard, numbers }) => ({
    shard,
    columns: readings.sweepsOf(
      numbers.map((miner) => [miner, minerIdOf(miner)] as const),
      startMs,
      1,
    ),
  }));
  await cloud.send(batches);
  await cloud.settle();
}
tell({ kind: 'done', site: { cloud: await cloud.leave(), nowMs, ...written, writtenS } });
