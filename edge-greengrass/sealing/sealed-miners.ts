import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type SealingContext, sealedValue } from '../../contracts/sealed.ts';
import type { ConfiguredMiner, GatewayConfig } from '../config.ts';
import { openInventory, sealInventory } from './inventory.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { writeSecretFile } from './secret-file.ts';

const sealedFile = z.strictObject({ version: z.literal(1), miners: z.array(sealedValue).min(1) });
const plainFile = z.record(z.string(), z.json());

export const sealedMinersFile = (stateDir: string) => join(stateDir, 'miners.sealed.json');

const contextOf = ({ siteId, gatewayId }: Pick<GatewayConfig, 'siteId' | 'gatewayId'>): SealingContext => ({
  site: siteId,
  gateway: gatewayId,
  purpose: 'miner-access',
});

/** Keeps miners in the state directory, sealed under the disk's key. */
export const keepMiners = async (
  config: Pick<GatewayConfig, 'siteId' | 'gatewayId'>,
  stateDir: string,
  disk: KeyWrapper,
  miners: readonly ConfiguredMiner[],
) => {
  const sealed = await sealInventory(disk, miners, contextOf(config));
  writeSecretFile(sealedMinersFile(stateDir), JSON.stringify({ version: 1, miners: sealed }));
};

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
  if (config.miners.length > 0) {
    await keepMiners(config, stateDir, disk, config.miners);
    if (configPath !== undefined) takeOut(configPath);
    return config;
  }
  const file = sealedMinersFile(stateDir);
  if (!existsSync(file)) return config;
  chmodSync(file, 0o600);
  const { miners } = sealedFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  return { ...config, miners: await openInventory(disk, miners, contextOf(config)) };
};

const takeOut = (configPath: string) => {
  const { miners: _, ...rest } = plainFile.parse(JSON.parse(readFileSync(configPath, 'utf8')));
  writeSecretFile(configPath, JSON.stringify(rest));
  rmSync(`${configPath}.new`, { force: true });
};
