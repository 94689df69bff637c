import type { GatewayConfig } from '../config.ts';
import { type DiskVault, openDiskVault } from './disk-vault.ts';
import { type GatewayKeys, newGatewayKeys, openGatewayKeys } from './gateway-keys.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { openWrapper } from './open-wrapper.ts';

/** What a gateway seals for the cloud to keep, and opens of what the cloud sealed. */
export type EdgeSealing = {
  /** Opened at first use, so that a gateway without a line starts all the same. */
  readonly backup: (() => Promise<KeyWrapper>) | undefined;
  readonly keys: GatewayKeys;
  /** For what the state file holds of miners' settings. */
  readonly vault: DiskVault;
};

/** The key service that wraps what lies in the state directory. */
export const openDisk = (
  { gatewayId, mqtt, sealing }: GatewayConfig,
  stateDir: string,
): Promise<KeyWrapper> => openWrapper(sealing.disk, { stateDir, gatewayId, mqtt });

/** `:memory:` has keys that end with the process. */
export const openEdgeSealing = async (
  config: GatewayConfig,
  stateDir: string | ':memory:',
): Promise<EdgeSealing> => {
  const { siteId, gatewayId, mqtt } = config;
  const { backup } = config.sealing;
  const disk = stateDir === ':memory:' ? undefined : await openDisk(config, stateDir);
  return {
    backup: backup && (() => openWrapper(backup, { stateDir, gatewayId, mqtt })),
    keys: disk ? await openGatewayKeys(stateDir, disk, { siteId, gatewayId }) : await newGatewayKeys(),
    vault: await openDiskVault(stateDir, disk, { siteId, gatewayId }),
  };
};
