import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfiguredMiner, GatewayConfigInput } from '../../edge-greengrass/config.ts';
import type { Bench, Watcher } from '../bench.ts';
import { quantile } from '../quantiles.ts';
import { gatewayFlags, openBlackHole, startBenchSite } from './site.ts';
import type { FromSweeper, Measured, SweepTask } from './sweep-words.ts';

export type SweepOptions = {
  readonly miners: readonly number[];
  readonly sweeps: number;
  readonly sockets: number;
  readonly seed: number;
};
type Run = {
  readonly miners: number;
  readonly depth: 'core' | 'full';
  readonly blackHoled: number;
  readonly measured: Measured;
};

/** Polls with a gateway in a process of its own. */
export const runGateway = (task: SweepTask, what: string, { progress }: Watcher) =>
  new Promise<Measured>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'sweep-gateway.ts'), [JSON.stringify(task)], {
      execArgv: [...gatewayFlags],
    });
    child.on('message', (message: FromSweeper) => {
      if (message.said === 'progress') progress(message.done, message.all, what);
      else if (message.said === 'done') resolve(message.measured);
      else reject(new Error(message.reason));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The gateway ended with ${code}`)));
  });

/** Every tenth miner stands at an address that answers nothing. */
const withHoles = (miners: readonly ConfiguredMiner[], port: number) =>
  miners.map((miner, at) => (at % 10 === 9 ? { ...miner, rpcPort: port, httpPort: port } : miner));

const measureSite = async (
  miners: number,
  { sweeps, sockets, seed }: SweepOptions,
  watcher: Watcher,
): Promise<Run[]> => {
  watcher.say(`Starting ${miners} simulated miners`);
  const site = await startBenchSite({ miners, seed }, (reason) => watcher.say(reason));
  const hole = await openBlackHole();
  try {
    const runs: Run[] = [];
    for (const { depth, holes } of [
      { depth: 'core', holes: false },
      { depth: 'full', holes: false },
      { depth: 'core', holes: true },
    ] as const) {
      const directory = mkdtempSync(join(tmpdir(), 'hashinsight-sweep-'));
      const config: GatewayConfigInput = {
        siteId: 1,
        gatewayId: 'gw-bench',
        hmacKeys: [{ keyId: 'k-1', secret: Buffer.alloc(32, 7).toString('base64') }],
        miners: holes ? withHoles(site.miners, hole.port) : [...site.miners],
        // As fast as it goes, and the dead ones asked every time.
        limits: { sockets, spreadPct: 0, sweepMs: 60_000, ...(holes && { maxBackoffMs: 1 }) },
      };
      const what = `${depth} sweeps of ${miners} miners${holes ? ', a tenth black-holed' : ''}`;
      const configPath = join(directory, 'config.json');
      writeFileSync(configPath, JSON.stringify(config), { mode: 0o600 });
      const task = { configPath, directory, depth, sweeps };
      const measured = await runGateway(task, what, watcher).finally(() =>
        rmSync(directory, { recursive: true, force: true }),
      );
      runs.push({ miners, depth, blackHoled: holes ? Math.floor(miners / 10) : 0, measured });
    }
    return runs;
  } finally {
    hole.close();
    await site.close();
  }
};

const median = (values: readonly number[]) => quantile(values, 0.5);
const tenth = (value: number) => Math.round(value * 10) / 10;
const hundredth = (value: number) => Math.round(value * 100) / 100;

/** Sweeps of simulated miners, as fast as they go, by size of the site: how long, at what cost, and beside dead addresses. */
export const benchSweep: Bench<SweepOptions> = async (options, watcher) => {
  const runs: Run[] = [];
  for (const miners of options.miners) runs.push(...(await measureSite(miners, options, watcher)));
  return {
    figures: { sockets: options.sockets, sweeps: options.sweeps, runs },
    tables: [
      {
        title: `A sweep with at most ${options.sockets} sockets, median of ${options.sweeps}`,
        rows: runs.map(({ miners, depth, blackHoled, measured }) => ({
          miners,
          read: depth === 'core' ? 'fast fields' : 'everything',
          'black-holed': blackHoled,
          'on the disk, s': hundredth(median(measured.deliveredMs) / 1_000),
          'whole sweep, s': hundredth(median(measured.tookMs) / 1_000),
          'CPU-ms a miner': hundredth(median(measured.cpuMs) / miners),
          'ask p50, ms': measured.ask.p50,
          'ask p99, ms': measured.ask.p99,
          'bytes a miner, in': Math.round(measured.bytesRead / miners),
          'bytes a miner, out': Math.round(measured.bytesWritten / miners),
          'packed, bytes': tenth(measured.batchBytes / miners),
          'peak, MB': measured.peakMb ?? measured.rssMb,
          unreachable: measured.unreachable,
        })),
      },
    ],
    notes: [
      'The gateway has a process of its own, the simulated miners another, both on this machine. On the disk: until all batches of readings that came in time were in the spool; whole sweep: until the last dead address was given up. Asks are spread over a part of the interval in a running gateway; here they are not.',
      'A black-holed address lets connections wait without an answer; each is asked in every sweep here, while a running gateway backs off.',
    ],
  };
};
