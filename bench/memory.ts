import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Bench, Watcher } from './bench.ts';
import type { ProcessMemory } from './process-memory.ts';

export type MemoryOptions = {
  readonly miners: readonly number[];
  /** Steady telemetry before measuring. */
  readonly seconds: number;
  readonly seed: number;
};

export type SiteMemory = {
  readonly miners: number;
  /** The whole cloud: all local services, all functions, the console's files. */
  readonly runtime: ProcessMemory;
  readonly simulator: ProcessMemory;
  readonly edge: ProcessMemory;
  /** Execution environments that were alive. */
  readonly workers: number;
  readonly heapUsedMb: number;
  readonly invocationsPerS: number;
  readonly errors: number;
};

export type FromSite =
  | { readonly kind: 'step'; readonly step: string }
  | { readonly kind: 'second'; readonly second: number }
  | { readonly kind: 'done'; readonly result: SiteMemory }
  | { readonly kind: 'failed'; readonly reason: string };

const measureSite = (miners: number, { seconds, seed }: MemoryOptions, { say, progress }: Watcher) =>
  new Promise<SiteMemory>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'memory-of-site.ts'), [miners, seconds, seed].map(String), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    child.on('message', (message: FromSite) => {
      if (message.kind === 'step') say(`${miners} miners: ${message.step}`);
      else if (message.kind === 'second')
        progress(message.second, seconds, `s of steady telemetry from ${miners} miners`);
      else if (message.kind === 'done') resolve(message.result);
      else reject(new Error(message.reason));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The site of ${miners} miners ended with ${code}`)));
  });

/** Resident memory of every process of the local system, by number of miners, after steady telemetry. */
export const benchMemory: Bench<MemoryOptions> = async (options, watcher) => {
  const sites: SiteMemory[] = [];
  for (const miners of options.miners) sites.push(await measureSite(miners, options, watcher));
  const total = ({ runtime, simulator, edge }: SiteMemory) => runtime.rssMb + simulator.rssMb + edge.rssMb;
  const withPeak = ({ rssMb, peakMb }: ProcessMemory) =>
    peakMb === undefined ? `${rssMb}` : `${rssMb} (peak ${peakMb})`;
  return {
    figures: { secondsOfTelemetry: options.seconds, sites },
    tables: [
      {
        title: `Resident memory after ${options.seconds} s of steady telemetry, MB`,
        rows: sites.map((site) => ({
          miners: site.miners,
          'cloud (runtime)': withPeak(site.runtime),
          gateway: withPeak(site.edge),
          'simulated site': withPeak(site.simulator),
          total: total(site),
          'without the site': total(site) - site.simulator.rssMb,
          environments: site.workers,
          'calls/s': site.invocationsPerS,
        })),
      },
    ],
    notes: [
      'environments: worker threads that run functions, one at least for each function that was called within two minutes. calls/s: invocations of all functions.',
      ...sites
        .filter(({ errors }) => errors > 0)
        .map(({ miners, errors }) => `${errors} invocations failed with ${miners} miners.`),
    ],
  };
};
