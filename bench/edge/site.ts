import { fork } from 'node:child_process';
import { join } from 'node:path';
import { type ConfiguredMiner, configuredMiner } from '../../edge-greengrass/config.ts';
import { type RunningChild, startChild } from '../../local/child-process.ts';
import { readyLine } from '../../simulator/control/messages.ts';
import { type ControlClient, controlClient } from '../../simulator/control-client.ts';
import type { ModelName } from '../../simulator/physics/models.ts';
import type { InventoryEntry } from '../../simulator/site/inventory.ts';

export type BenchSite = {
  readonly control: ControlClient;
  readonly inventory: readonly InventoryEntry[];
  readonly miners: readonly ConfiguredMiner[];
  readonly pid: number;
  readonly close: () => Promise<void>;
};

const firstPort = 12_000;
/** The system takes long to find free ports for more than these. */
const mostAnywhere = 1_000;

/** As recipe and systemd unit start it: the collector runs more often and the process stays small. */
export const gatewayFlags = ['--max-semi-space-size=8', '--max-old-space-size=256'] as const;

/** What a gateway's configuration says of a simulated miner. */
const asConfigured = ({
  minerId,
  vendor,
  model,
  host,
  rpcPort,
  httpPort,
  username,
  password,
}: InventoryEntry) =>
  configuredMiner.parse({
    minerId,
    vendor,
    model,
    host,
    ...(rpcPort !== undefined && { rpcPort }),
    ...(httpPort !== undefined && { httpPort }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  });

type SiteOptions = {
  readonly miners: number;
  readonly seed: number;
  /** Addresses and ports as on a real site, under this octet; every so many-th address is a miner's. */
  readonly vendorNet?: { readonly net: number; readonly step: number; readonly shared?: boolean };
  readonly models?: readonly ModelName[];
};

/** Simulated miners in a process of their own. */
export const startBenchSite = async (
  { miners, seed, vendorNet, models }: SiteOptions,
  onExit: (reason: string) => void,
): Promise<BenchSite> => {
  const ports = vendorNet
    ? [
        '--vendor-ports',
        vendorNet.net,
        '--address-step',
        vendorNet.step,
        ...(vendorNet.shared ? ['--share-ports'] : []),
      ]
    : miners > mostAnywhere
      ? ['--base-port', firstPort]
      : [];
  const mix = models ? ['--models', models.join(',')] : [];
  const args = ['--miners', miners, '--seed', seed, ...ports, ...mix].map(String);
  const child: RunningChild = await startChild('simulator/main.ts', args, onExit);
  const control = controlClient(readyLine.parse(child.ready).controlUrl);
  const inventory = await control.inventory();
  return { control, inventory, miners: inventory.map(asConfigured), pid: child.pid, close: child.close };
};

/** Lets all connections to these ports wait without an answer, but those to addresses at which another process shares the port. */
export const silencePorts = (ports: readonly number[]) =>
  new Promise<{ readonly close: () => void }>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'black-hole.ts'), ports.map(String));
    child.once('message', () => resolve({ close: () => void child.kill('SIGKILL') }));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the black hole ended with ${code}`)));
  });

/** A port of this machine that answers no connection, as the address of a machine that was taken away does. */
export const openBlackHole = () =>
  new Promise<{ readonly port: number; readonly close: () => void }>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'black-hole.ts'));
    child.once('message', (port) => {
      if (typeof port !== 'number') return reject(new Error('the black hole names no port'));
      resolve({ port, close: () => void child.kill('SIGKILL') });
    });
    child.once('error', reject);
  });
