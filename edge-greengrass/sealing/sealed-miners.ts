import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type SealedValue, type SealingContext, sealedValue } from '../../contracts/sealed.ts';
import type { ConfiguredMiner, GatewayConfig } from '../config.ts';
import { openInventory, sealInventory } from './inventory.ts';
import type { KeyWrapper } from './key-wrapper.ts';
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

const readSealed = (stateDir: string): z.infer<typeof sealedFile> | undefined => {
  const file = sealedMinersFile(stateDir);
  if (!existsSync(file)) return undefined;
  chmodSync(file, 0o600);
  return sealedFile.parse(JSON.parse(readFileSync(file, 'utf8')));
};

/** Keeps miners in the state directory, sealed under the disk's key. */
export const keepMiners = async (
  config: Gateway,
  stateDir: string,
  disk: KeyWrapper,
  miners: readonly ConfiguredMiner[],
) => keep(stateDir, await sealInventory(disk, miners, contextOf(config)), readSealed(stateDir)?.deployed);

const keep = (
  stateDir: string,
  miners: readonly SealedValue[],
  deployed: readonly SealedValue[] | undefined,
) =>
  writeSecretFile(
    sealedMinersFile(stateDir),
    JSON.stringify({ version: 1, miners, ...(deployed && { deployed }) }),
  );

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
