import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InventoryEntry } from '../simulator/site/inventory.ts';
import { buildConsole, buildStacks, cdkOut, consoleDir } from './build.ts';
import type { RunningChild } from './child-process.ts';
import { keptSite, provision, type SiteRecord } from './demo/provision.ts';
import { type SimulatedSite, startEdge, startSimulator } from './demo/site-process.ts';
import type { Meter } from './metering/meter.ts';
import { type Runtime, startRuntime } from './runtime.ts';

export type SystemOptions = {
  readonly miners: number;
  readonly seed: number;
  /** The console's port; 0 takes a free one. */
  readonly port: number;
  readonly stateDir: string;
  readonly fresh: boolean;
  /** Simulated seconds per second. */
  readonly speed: number;
  readonly pollIntervalMs: number;
  readonly withConsole: boolean;
  /** Stack parameters, such as the loop's patience; the rest keep their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Counts what the cloud uses. */
  readonly meter?: Meter;
  readonly onStep: (step: string) => void;
  /** A part of the system ended by itself. */
  readonly onTrouble: (reason: string) => void;
};

export type System = {
  readonly runtime: Runtime;
  readonly site: SimulatedSite;
  readonly record: SiteRecord;
  /** Stops the gateway's process, as a power cut on site would, and starts it again. */
  readonly stopEdge: () => Promise<void>;
  readonly startEdge: () => Promise<void>;
  readonly pids: () => { readonly simulator: number; readonly edge: number | undefined };
  readonly close: () => Promise<void>;
};

/** Thrown where the person who started the system can put it right; the message says how. */
export class StartRefusal extends Error {}

/**
 * The whole product on this machine: stacks built and run by the local runtime, a simulated site, and a real gateway
 * between them over MQTT. A site is registered in the first run and found again in later ones.
 */
export const startSystem = async (options: SystemOptions): Promise<System> => {
  const { stateDir, onStep, onTrouble, speed, pollIntervalMs } = options;
  if (options.fresh) rmSync(stateDir, { recursive: true, force: true });
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const kept = keptSite(stateDir);
  if (kept && (kept.minerCount !== options.miners || kept.seed !== options.seed))
    throw new StartRefusal(
      `The site kept in ${stateDir} has ${kept.minerCount} miners of seed ${kept.seed}. Start with --fresh to begin another, or with --miners ${kept.minerCount} --seed ${kept.seed}.`,
    );
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    onStep('Building the stacks and the console');
    await Promise.all([buildStacks(), ...(options.withConsole ? [buildConsole()] : [])]);
    const runtime = await startRuntime({
      cdkOut,
      stateDir: join(stateDir, 'cloud'),
      port: options.port,
      ...(options.withConsole && { consoleDir }),
      ...(options.parameters && { parameters: options.parameters }),
      ...(options.meter && { meter: options.meter }),
      onProgress: (step) => onStep(`Cloud: ${step}`),
    });
    closers.push(runtime.close);
    writeFileSync(join(stateDir, 'endpoints.json'), JSON.stringify(runtime.endpoints));
    onStep(`Starting ${options.miners} simulated miners`);
    const site = await startSimulator(options, onTrouble);
    closers.push(site.child.close);
    const record =
      kept ??
      (await provision(runtime.url, stateDir, planOf(site.miners, options.seed), (done, all) =>
        onStep(`Registering the site: ${done} of ${all} miners`),
      ));
    let edge: RunningChild | undefined;
    const begin = async () => {
      edge = await startEdge(
        record,
        site.miners,
        {
          stateDir,
          caPath: runtime.mqtt.caPath,
          kmsEndpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_KMS),
          pollIntervalMs,
          speed,
        },
        onTrouble,
      );
    };
    const end = async () => {
      await edge?.close();
      edge = undefined;
    };
    onStep('Starting the gateway');
    closers.push(end);
    await begin();
    return {
      runtime,
      site,
      record,
      stopEdge: end,
      startEdge: begin,
      pids: () => ({ simulator: site.child.pid, edge: edge?.pid }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const planOf = (miners: readonly InventoryEntry[], seed: number) => ({
  gatewayId: 'gw-demo-1',
  name: 'Demo site · 演示矿场',
  seed,
  withRule: true,
  capacityKw: Math.ceil(miners.reduce((sum, { ratedPowerW }) => sum + ratedPowerW, 0) / 900),
  miners: miners.map((miner) => ({
    miner_id: miner.minerId,
    vendor: miner.vendor,
    model: miner.model,
    serial_number: miner.serialNumber,
    zone_id: miner.zoneId,
    rated_hashrate_ths: miner.ratedHashrateThs,
    rated_power_w: miner.ratedPowerW,
  })),
});
