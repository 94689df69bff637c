import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfiguredMiner, type GatewayConfig, readGatewayConfig } from '../config.ts';
import { type Log, logNothing } from '../log.ts';
import { type NewSafetyEvent, reportsTo } from '../reports.ts';
import { openDisk, openEdgeSealing } from '../sealing/edge-sealing.ts';
import { keepMiners, sealedMinersFile, settleMiners } from '../sealing/sealed-miners.ts';
import { Outbox } from '../state/outbox.ts';
import { StateFile } from '../state/state-file.ts';
import type { FoundMachine } from './found-machine.ts';
import { KnownMachines, type Remembered } from './known-machines.ts';

/** A gateway's inventory and memory, for a command beside it or in its place. */
export type OpenGateway = {
  readonly config: GatewayConfig;
  readonly remembered: ReadonlyMap<string, Remembered>;
};

/** What a gateway has, without changing or making anything. */
export const lookAtGateway = async (configPath: string, stateDir: string): Promise<OpenGateway> => {
  const config = readGatewayConfig(configPath);
  if (!existsSync(stateDir)) return { config, remembered: new Map() };
  const hasSealed = config.miners.length === 0 && existsSync(sealedMinersFile(stateDir));
  const settled = hasSealed
    ? await settleMiners(config, stateDir, await openDisk(config, stateDir), undefined)
    : config;
  if (!existsSync(join(stateDir, 'gateway.db'))) return { config: settled, remembered: new Map() };
  const { vault } = await openEdgeSealing(config, stateDir);
  const state = new StateFile(stateDir);
  try {
    return { config: settled, remembered: new KnownMachines(state, vault).all() };
  } finally {
    state.close();
  }
};

/** A gateway whose inventory is about to change. Its state file is open until `close`. */
export const openGateway = async (configPath: string, stateDir: string, log: Log = logNothing) => {
  const given = readGatewayConfig(configPath);
  const disk = await openDisk(given, stateDir);
  const config = await settleMiners(given, stateDir, disk, configPath);
  const { vault } = await openEdgeSealing(given, stateDir);
  const state = new StateFile(stateDir);
  const known = new KnownMachines(state, vault);
  const reports = reportsTo({
    outbox: new Outbox(state),
    place: { siteId: config.siteId, gatewayId: config.gatewayId },
    nowMs: Date.now,
    log,
    wake: () => undefined,
  });
  return {
    config,
    state,
    vault,
    remembered: known.all(),
    /**
     * Seals what the caller made of the inventory `before`. What comes after may be repeated: a stop in between loses no miner's address or login.
     */
    keep: (before: readonly ConfiguredMiner[], after: readonly ConfiguredMiner[]) =>
      keepMiners(config, stateDir, disk, before, after),
    /** Remembers who was seen and puts the events where the gateway sends them from. */
    remember: (
      seen: readonly { readonly minerId: string; readonly found: FoundMachine }[],
      events: readonly NewSafetyEvent[],
    ) =>
      state.transact(() => {
        for (const { minerId, found } of seen) known.remember(minerId, found, Date.now());
        for (const event of events) reports.safety(event);
      }),
    /** A gateway that runs beside this reads its configuration and inventory anew when the file is touched. */
    tellRunning: () => utimesSync(configPath, new Date(), new Date()),
    close: () => state.close(),
  };
};
