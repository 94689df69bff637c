import { fork } from 'node:child_process';
import { join } from 'node:path';
import { pythonWith } from '../../test/peers/peer-process.ts';
import type { Bench, Watcher } from '../bench.ts';
import { hearPeer } from './peers-sweep.ts';
import type { FromScanner, Scanned, ScanTask } from './scan-words.ts';
import { gatewayFlags, silencePorts, startBenchSite } from './site.ts';

export type ScanOptions = { readonly prefix: number; readonly seed: number };

const net = 102;
/** Such as gateway and peer know both. */
const models = ['Antminer S19', 'Antminer S19 Pro', 'Antminer S21', 'Whatsminer M50'] as const;
/** Where gateway and peer look for miners. */
const ports = [80, 4028, 4029, 4433, 8080, 8889];
/** More than any range here has addresses: as fast as it goes. */
const unhurried = 1_000_000;

type Row = {
  readonly client: 'gateway' | 'gateway, no rate limit' | 'asic-rs';
  readonly livePct: number;
  readonly dead: 'refuse' | 'silent';
  readonly expected: number;
  readonly scanned: Omit<Scanned, 'peakSockets'> & { readonly peakSockets: number | undefined };
};

const runScan = (task: ScanTask, what: string, { progress }: Watcher) =>
  new Promise<Scanned>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'scan-gateway.ts'), [JSON.stringify(task)], {
      execArgv: [...gatewayFlags],
    });
    child.on('message', (message: FromScanner) => {
      if (message.said === 'progress') progress(message.done, message.all, what);
      else if (message.said === 'done') resolve(message.scanned);
      else reject(new Error(message.reason));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The scan ended with ${code}`)));
  });

/** With a simulator of one process behind all addresses, its own choice of a thousand at a time and more finds next to none. */
const asicRsAtOnceWhereAllLive = 128;

const runAsicRs = async (python: string, addresses: string, atOnce: number): Promise<Row['scanned']> => {
  const args = ['--scan', addresses, '--at-once', String(atOnce)];
  const heard = await hearPeer(python, 'asic-rs', args, []);
  const scan = heard.find((word) => word.kind === 'scan');
  if (scan?.kind !== 'scan') throw new Error('asic-rs says nothing of its scan');
  return {
    found: scan.found,
    others: 0,
    starved: 0,
    tookMs: scan.took_s * 1_000,
    cpuMs: scan.cpu_s * 1_000,
    peakSockets: undefined,
    peakMb: Math.round(scan.peak_kb / 1_024),
  };
};

type Case = { readonly livePct: 5 | 100; readonly dead: Row['dead'] };

const measureCase = async (
  { livePct, dead }: Case,
  { prefix, seed }: ScanOptions,
  python: string | undefined,
  watcher: Watcher,
): Promise<Row[]> => {
  const addresses = `127.${net}.0.0/${prefix}`;
  const hosts = 2 ** (32 - prefix) - 2;
  const step = 100 / livePct;
  const miners = Math.ceil(hosts / step);
  watcher.say(`Starting ${miners} simulated miners at the vendors’ ports`);
  const vendorNet = { net, step, shared: dead === 'silent' };
  const site = await startBenchSite({ miners, seed, vendorNet, models }, watcher.say);
  try {
    const hole = dead === 'silent' ? await silencePorts(ports) : undefined;
    try {
      const row = (client: Row['client'], scanned: Row['scanned']): Row => ({
        client,
        livePct,
        dead,
        expected: miners,
        scanned,
      });
      const what = `a scan with ${livePct} % live`;
      const asicRsAtOnce = livePct === 100 ? asicRsAtOnceWhereAllLive : 0;
      return [
        row('gateway', await runScan({ addresses }, what, watcher)),
        row('gateway, no rate limit', await runScan({ addresses, perS: unhurried }, what, watcher)),
        ...(python === undefined ? [] : [row('asic-rs', await runAsicRs(python, addresses, asicRsAtOnce))]),
      ];
    } finally {
      hole?.close();
    }
  } finally {
    await site.close();
  }
};

const hundredth = (value: number) => Math.round(value * 100) / 100;

/** Scans of a subnet in which few or all addresses are miners', by the gateway's discovery and by asic-rs. */
export const benchScan: Bench<ScanOptions> = async (options, watcher) => {
  const python = pythonWith('asic-rs');
  if (python === undefined) watcher.say('Skipped: no Python here has asic-rs (test/peers/README.md)');
  const cases: readonly Case[] = [
    { livePct: 5, dead: 'refuse' },
    { livePct: 5, dead: 'silent' },
    { livePct: 100, dead: 'refuse' },
  ];
  const rows: Row[] = [];
  for (const one of cases) rows.push(...(await measureCase(one, options, python, watcher)));
  return {
    figures: { ...options, rows },
    tables: [
      {
        title: `Scans of a /${options.prefix}`,
        rows: rows.map(({ client, livePct, dead, expected, scanned }) => ({
          client,
          'live, %': livePct,
          'dead addresses': livePct === 100 ? 'none' : dead === 'refuse' ? 'refuse' : 'are silent',
          'found of': `${scanned.found} of ${expected}`,
          'wall, s': hundredth(scanned.tookMs / 1_000),
          'CPU, s': hundredth(scanned.cpuMs / 1_000),
          'peak sockets': scanned.peakSockets ?? '',
          'peak, MB': scanned.peakMb,
        })),
      },
    ],
    notes: [
      `The miners answer at addresses of their own under 127/8 and at the vendors’ ports, from a process of their own. The gateway begins 1,000 addresses a second unless it is told otherwise, asks 1,000 at a time, and asks each machine that it finds for model, MAC address and serial number; asic-rs finds model and firmware, with the limits that it chooses by itself where few are live, and ${asicRsAtOnceWhereAllLive} at a time where all are. All simulated miners share one process, which answers some too late where too many are asked at once. Models: ${models.join(', ')}.`,
      ...(python === undefined ? ['asic-rs was not here.'] : []),
    ],
  };
};
