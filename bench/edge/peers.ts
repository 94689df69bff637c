import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayConfigInput } from '../../edge-greengrass/config.ts';
import type { ModelName } from '../../simulator/physics/models.ts';
import { type PeerName, peerNames, pythonWith } from '../../test/peers/peer-process.ts';
import type { Bench, Watcher } from '../bench.ts';
import { quantile } from '../quantiles.ts';
import { readWithGateway, type Shares, sharesOf } from './peers-shares.ts';
import { runPeer, warmUps } from './peers-sweep.ts';
import { type BenchSite, startBenchSite } from './site.ts';
import { runGateway } from './sweep.ts';

export type PeersOptions = {
  readonly miners: number;
  readonly sweeps: number;
  readonly 'at-once': number;
  readonly seed: number;
};

/** What gateway and peers all read, as test/peers says; fields that one of them does not tell are counted. */
const models: readonly ModelName[] = [
  'Antminer S19',
  'Antminer S19 Pro',
  'Antminer S21',
  'Whatsminer M50',
  'Auradine AT1500',
  'Bitaxe Gamma',
  'Antminer S9 (Braiins OS 22.08)',
  'Antminer S19k Pro (LuxOS)',
  'Antminer S19 XP (ePIC)',
];
const net = 101;

type Client = {
  readonly name: 'gateway' | PeerName;
  readonly tookMs: readonly number[];
  readonly cpuMs: readonly number[];
  readonly peakMb: number;
  /** Miners of which the last sweep had a reading. */
  readonly read: number;
  readonly shares: Shares;
};

const measureGateway = async (site: BenchSite, options: PeersOptions, watcher: Watcher): Promise<Client> => {
  const directory = mkdtempSync(join(tmpdir(), 'hashinsight-peers-'));
  try {
    const config: GatewayConfigInput = {
      siteId: 1,
      gatewayId: 'gw-bench',
      hmacKeys: [{ keyId: 'k-1', secret: Buffer.alloc(32, 7).toString('base64') }],
      miners: [...site.miners],
      // As fast as it goes.
      limits: { sockets: options['at-once'], spreadPct: 0, sweepMs: 60_000 },
    };
    const configPath = join(directory, 'config.json');
    writeFileSync(configPath, JSON.stringify(config), { mode: 0o600 });
    const task = { configPath, directory, depth: 'full', sweeps: options.sweeps } as const;
    const measured = await runGateway(task, 'full sweeps by the gateway', watcher);
    const { tookMs, cpuMs, peakMb, rssMb, asked, unreachable } = measured;
    const shares = await sharesOf(site, await readWithGateway(configPath));
    return { name: 'gateway', tookMs, cpuMs, peakMb: peakMb ?? rssMb, read: asked - unreachable, shares };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const measurePeer = async (
  name: PeerName,
  python: string,
  site: BenchSite,
  options: PeersOptions,
  { say }: Watcher,
): Promise<Client> => {
  say(`Sweeps by ${name}`);
  const { sweeps, readings, peakKb } = await runPeer(python, name, site.inventory, options);
  const measured = sweeps.slice(warmUps);
  return {
    name,
    tookMs: measured.map(({ tookS }) => tookS * 1_000),
    cpuMs: measured.map(({ cpuS }) => cpuS * 1_000),
    peakMb: Math.round(peakKb / 1_024),
    read: readings.size,
    shares: await sharesOf(site, readings),
  };
};

const median = (values: readonly number[]) => quantile(values, 0.5);
const hundredth = (value: number) => Math.round(value * 100) / 100;
const percent = (share: number) => Math.round(share * 1_000) / 10;

/** The same full sweeps of the same simulated miners by the gateway and by two clients that others wrote. */
export const benchPeers: Bench<PeersOptions> = async (options, watcher) => {
  const pythons = new Map(peerNames.map((name) => [name, pythonWith(name)] as const));
  const absent = peerNames.filter((name) => pythons.get(name) === undefined);
  for (const name of absent) watcher.say(`Skipped: no Python here has ${name} (test/peers/README.md)`);
  watcher.say(`Starting ${options.miners} simulated miners at the vendors’ ports`);
  const site = await startBenchSite(
    { miners: options.miners, seed: options.seed, vendorNet: { net, step: 1 }, models },
    watcher.say,
  );
  const clients: Client[] = [];
  try {
    clients.push(await measureGateway(site, options, watcher));
    for (const [name, python] of pythons)
      if (python !== undefined) clients.push(await measurePeer(name, python, site, options, watcher));
  } finally {
    await site.close();
  }
  const [own] = clients;
  if (!own) throw new Error('nothing was measured');
  const cpuMsOf = ({ cpuMs, read }: Client) => median(cpuMs) / Math.max(read, 1);
  const beside = (value: number, ownValue: number) => hundredth(value / ownValue);
  return {
    figures: { ...options, models, clients },
    tables: [
      {
        title: `Full sweeps of ${options.miners} miners, ${options['at-once']} at a time, median of ${options.sweeps}`,
        rows: clients.map((client) => ({
          client: client.name,
          'sweep, s': hundredth(median(client.tookMs) / 1_000),
          'CPU-ms a miner read': hundredth(cpuMsOf(client)),
          'wall, times the gateway’s': beside(median(client.tookMs), median(own.tookMs)),
          'CPU, times the gateway’s': beside(cpuMsOf(client), cpuMsOf(own)),
          'peak, MB': client.peakMb,
          'miners read, %': percent(client.read / options.miners),
          'fields right, %': percent(client.shares.fields),
        })),
      },
    ],
    notes: [
      `Each client has a process of its own; processor time is user and system of that process and its children, in the sweeps alone: miners are known before. The gateway reads everything and packs it into its spool on the disk; asic-rs (through its Python package) collects all its data, pyasic all but configurations. Of ${shareWords}, those count that are what the simulated miner physically is. Models: ${models.join(', ')}.`,
      ...absent.map((name) => `${name} was not here.`),
    ],
  };
};

const shareWords =
  'model, MAC address, hashrate, power, uptime, fans, boards’ hashrates, chips, chips’ temperatures and whether it hashes';
