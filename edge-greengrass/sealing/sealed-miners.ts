import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type SealedValue, type SealingContext, sealedValue } from '../../contracts/sealed.ts';
import type { ConfiguredMiner, GatewayConfig } from '../config.ts';
import { openInventory, sealInventory } from './inventory.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { mergeInventories } from './merge-inventories.ts';
import { writeSecretFile } from './secret-file.ts';

const sealedFile = z.strictObject({
  version: z.literal(1),
  miners: z.array(sealedValue).min(1),
  /** The miners of the deployment that they began with. */
  deployed: z.array(sealedValue).min(1).optional(),
});
const plainFile = z.record(z.string(), z.json());

export const sealedMinersFile = (stateDir: string) => join(stateDir, 'miners.sealed.json');

const contextOf = ({ siteId, gatewayId }: Gateway): SealingContext => ({
  site: siteId,
  gateway: gatewayId,
  purpose: 'miner-access',
});

type Gateway = Pick<GatewayConfig, 'siteId' | 'gatewayId'>;

const readText = (stateDir: string): string | undefined => {
  const file = sealedMinersFile(stateDir);
  if (!existsSync(file)) return undefined;
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8');
};
const parseSealed = (text: string | undefined) =>
  text === undefined ? undefined : sealedFile.parse(JSON.parse(text));
const readSealed = (stateDir: string) => parseSealed(readText(stateDir));

/**
 * Keeps in the state directory, sealed under the disk's key, what the caller made of the miners `before`. The gateway and commands beside it may do so
 * at once: each finds what the other changed in the file, and leaves it there.
 */
export const keepMiners = async (
  config: Gateway,
  stateDir: string,
  disk: KeyWrapper,
  before: readonly ConfiguredMiner[],
  after: readonly ConfiguredMiner[],
): Promise<void> => {
  const context = contextOf(config);
  for (;;) {
    const text = readText(stateDir);
    const sealed = parseSealed(text);
    const now = sealed ? await openInventory(disk, sealed.miners, context) : before;
    const miners = await sealInventory(disk, mergeInventories(before, after, now), context);
    const isKept = oneAtATime(stateDir, () => {
      if (readText(stateDir) !== text) return false;
      write(stateDir, miners, sealed?.deployed);
      return true;
    });
    if (isKept) return;
  }
};

/** In the place of whatever is there. */
const keep = (
  stateDir: string,
  miners: readonly SealedValue[],
  deployed: readonly SealedValue[] | undefined,
) => oneAtATime(stateDir, () => write(stateDir, miners, deployed));

const write = (
  stateDir: string,
  miners: readonly SealedValue[],
  deployed: readonly SealedValue[] | undefined,
) =>
  writeSecretFile(
    sealedMinersFile(stateDir),
    JSON.stringify({ version: 1, miners, ...(deployed && { deployed }) }),
  );

/** Runs work that no other process runs meanwhile on this directory; a process that dies in it lets go. */
const oneAtATime = <T>(stateDir: string, work: () => T): T => {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, 'miners.lock');
  const lock = new DatabaseSync(file, { timeout: longestWaitMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    chmodSync(file, 0o600);
    return work();
  } finally {
    lock.close();
  }
};
const longestWaitMs = 10_000;

/**
 * The configuration with the miners that this gateway knows. Miners that stand in clear in the configuration's file are
 * sealed into the state directory and taken out of the file, in this order: a stop in between repeats the step at the next
 * start. A configuration without miners has those that were sealed before.
 */
export const settleMiners = async (
  config: GatewayConfig,
  stateDir: string,
  disk: KeyWrapper,
  configPath: string | undefined,
): Promise<GatewayConfig> => {
  if (config.miners.length === 0) {
    const sealed = readSealed(stateDir);
    if (!sealed) return config;
    return { ...config, miners: await openInventory(disk, sealed.miners, contextOf(config)) };
  }
  keep(stateDir, await sealInventory(disk, config.miners, contextOf(config)), undefined);
  if (configPath !== undefined) takeOut(configPath);
  return config;
};

/**
 * The same for a deployment, whose miners cannot be taken out of it: they count when they are not the ones of the deployment before.
 * While they are, what was sealed since counts: found addresses and new passwords.
 */
export const settleDeployment = async (
  config: GatewayConfig,
  stateDir: string,
  disk: KeyWrapper,
): Promise<GatewayConfig> => {
  if (config.miners.length === 0) return settleMiners(config, stateDir, disk, undefined);
  const sealed = readSealed(stateDir);
  const before = sealed?.deployed && (await openInventory(disk, sealed.deployed, contextOf(config)));
  if (isDeepStrictEqual(before, config.miners))
    return settleMiners({ ...config, miners: [] }, stateDir, disk, undefined);
  const miners = await sealInventory(disk, config.miners, contextOf(config));
  keep(stateDir, miners, miners);
  return config;
};

const takeOut = (configPath: string) => {
  const { miners: _, ...rest } = plainFile.parse(JSON.parse(readFileSync(configPath, 'utf8')));
  writeSecretFile(configPath, JSON.stringify(rest));
  rmSync(`${configPath}.new`, { force: true });
};
