import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayConfigInput } from '../../edge-greengrass/config.ts';
import type { FaultInput } from '../../simulator/faults.ts';
import { randomFrom } from '../../simulator/physics/random.ts';
import type { Bench } from '../bench.ts';
import { gatewayFlags, startBenchSite } from './site.ts';
import { type SoakSaid, type SweepSaid, soakSaid } from './soak-words.ts';

export type SoakOptions = {
  readonly miners: number;
  readonly minutes: number;
  /** Between two sweeps. */
  readonly intervalMs: number;
  readonly seed: number;
};
export type SoakFindings = {
  readonly sweeps: number;
  /** Sweeps that should have begun by then and did not. */
  readonly missed: number;
  readonly longestSweepMs: number;
  readonly leakedSockets: number;
  readonly lost: number;
  readonly faults: number;
  readonly batches: number;
  /** Means of the second quarter and of the last. */
  readonly rssMb: readonly [before: number, after: number];
  readonly heapMb: readonly [before: number, after: number];
  readonly peakRssMb: number;
};

/** What befalls miners: most of what the field does to their answers, and some of what it does to them. */
const troubles: readonly FaultInput[] = [
  { kind: 'network_loss', how: 'blackhole' },
  { kind: 'network_loss', how: 'refuse' },
  { kind: 'silence' },
  { kind: 'garbage' },
  { kind: 'half_answer' },
  { kind: 'slow_drip' },
  { kind: 'hang' },
  { kind: 'bad_psu' },
  { kind: 'dead_board' },
];

const mean = (values: readonly number[]) => {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.length === 0 ? Number.NaN : Math.round((10 * sum) / values.length) / 10;
};

/** Runs a gateway for so long on a site where miners fail and recover, on a line that comes and goes. */
export const soak = async (
  { miners, minutes, intervalMs, seed }: SoakOptions,
  say: (line: string) => void,
  progress: (done: number, all: number, what: string) => void,
): Promise<SoakFindings> => {
  const directory = mkdtempSync(join(tmpdir(), 'hashinsight-soak-'));
  const site = await startBenchSite({ miners, seed }, say);
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const config: GatewayConfigInput = {
    siteId: 1,
    gatewayId: 'gw-soak',
    pollIntervalMs: intervalMs,
    hmacKeys: [{ keyId: 'k-1', secret: Buffer.alloc(32, 7).toString('base64') }],
    miners: [...site.miners],
    limits: { sweepMs: Math.max(1_000, Math.round(intervalMs * 0.8)), maxBackoffMs: 2 * intervalMs },
  };
  const configPath = join(directory, 'config.json');
  writeFileSync(configPath, JSON.stringify(config), { mode: 0o600 });
  const lineMs = Math.max(2_000, Math.round((minutes * 60_000) / 12));
  const task = { configPath, directory, lineMs };
  const said: SweepSaid[] = [];
  let ended: Extract<SoakSaid, { readonly said: 'ended' }> | undefined;
  let failure: string | undefined;
  const child: ChildProcess = fork(join(import.meta.dirname, 'soak-gateway.ts'), [JSON.stringify(task)], {
    execArgv: [...gatewayFlags],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.on('message', (message) => {
    const words = soakSaid.parse(message);
    if (words.said === 'sweep') said.push(words);
    else if (words.said === 'ended') ended = words;
    else failure = words.reason;
  });
  const failing = new Set<string>();
  let faults = 0;
  try {
    const begunMs = Date.now();
    const endMs = begunMs + minutes * 60_000;
    while (Date.now() < endMs && failure === undefined && child.exitCode === null) {
      progress(Math.round((Date.now() - begunMs) / 1_000), Math.round(minutes * 60), 's of faults');
      // About a tenth of the miners are in trouble at any time.
      for (let at = 0; at < Math.max(1, miners / 100); at++) {
        const recovered = failing.size > miners / 10 ? pick([...failing]) : undefined;
        if (recovered !== undefined) {
          failing.delete(recovered);
          await site.control.clear(recovered);
        } else {
          const victim = pick(site.miners)?.minerId;
          const trouble = pick(troubles);
          if (victim === undefined || trouble === undefined) continue;
          failing.add(victim);
          faults++;
          await site.control.inject(victim, trouble);
        }
      }
      await delay(Math.min(intervalMs, 1_000));
    }
    const wholeMs = said.length > 0 ? Date.now() - (said[0]?.atMs ?? begunMs) : 0;
    // All recover, and what is still open after that was leaked.
    for (const minerId of failing) await site.control.clear(minerId);
    const before = said.length;
    while (said.length < before + 4 && child.exitCode === null) await delay(50);
    const [recovered] = said.slice(-1);
    if (child.exitCode === null) child.send('end');
    await exited;
    if (failure !== undefined) throw new Error(failure);
    if (!ended || !recovered) throw new Error('the gateway ended by itself');
    const during = said.slice(0, before);
    const quarter = Math.floor(during.length / 4);
    const [second, last] = [during.slice(quarter, 2 * quarter), during.slice(-quarter)];
    return {
      sweeps: during.length,
      missed: Math.max(0, Math.floor(wholeMs / intervalMs) - during.length),
      longestSweepMs: Math.max(...during.map(({ tookMs }) => tookMs)),
      leakedSockets: recovered.openSockets,
      lost: ended.lost,
      faults,
      batches: ended.batches,
      rssMb: [mean(second.map(({ rssMb }) => rssMb)), mean(last.map(({ rssMb }) => rssMb))],
      heapMb: [mean(second.map(({ heapMb }) => heapMb)), mean(last.map(({ heapMb }) => heapMb))],
      peakRssMb: Math.max(...during.map(({ rssMb }) => rssMb)),
    };
  } finally {
    child.kill('SIGKILL');
    await site.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

export const benchSoak: Bench<SoakOptions> = async (options, { say, progress }) => {
  const found = await soak(options, say, progress);
  return {
    figures: { ...options, ...found },
    tables: [
      {
        title: `${options.minutes} minutes with ${options.miners} miners, a sweep every ${options.intervalMs / 1_000} s`,
        rows: [
          {
            sweeps: found.sweeps,
            missed: found.missed,
            'longest, s': Math.round(found.longestSweepMs / 100) / 10,
            'faults injected': found.faults,
            'sockets left open': found.leakedSockets,
            'shards with a gap': found.lost,
            'RSS, MB': found.rssMb.join(' → '),
            'heap, MB': found.heapMb.join(' → '),
            'peak RSS, MB': found.peakRssMb,
          },
        ],
      },
    ],
    notes: [
      'About a tenth of the miners are in trouble at any time: gone, silent, dripping, talking nonsense, hanging, without a board or a supply. The line comes and goes. RSS and heap: mean of the second quarter → mean of the last.',
    ],
  };
};
