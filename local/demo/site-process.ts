import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SealingSettings } from '../../contracts/api-sealing.ts';
import { readyLine } from '../../simulator/control/messages.ts';
import { type ControlClient, controlClient } from '../../simulator/control-client.ts';
import type { InventoryEntry } from '../../simulator/site/inventory.ts';
import { type RunningChild, startChild } from '../child-process.ts';
import type { SiteRecord } from './provision.ts';

export type SimulatedSite = {
  readonly control: ControlClient;
  readonly miners: readonly InventoryEntry[];
  readonly child: RunningChild;
};

/** Starts the simulated miners in a process of their own. `speed` is simulated seconds per second. */
export const startSimulator = async (
  options: { readonly miners: number; readonly seed: number; readonly speed: number },
  onExit: (reason: string) => void,
): Promise<SimulatedSite> => {
  const args = [
    '--miners',
    String(options.miners),
    '--seed',
    String(options.seed),
    '--speed',
    String(options.speed),
  ];
  const child = await startChild('simulator/main.ts', args, onExit);
  const control = controlClient(readyLine.parse(child.ready).controlUrl);
  return { control, miners: await control.inventory(), child };
};

export type EdgeOptions = {
  readonly stateDir: string;
  readonly caPath: string;
  /** This machine's KMS, at another port in each run. */
  readonly kmsEndpoint: string;
  readonly pollIntervalMs: number;
  readonly speed: number;
};

/**
 * Starts the gateway in a process of its own, with the certificate and keys of its registration and the addresses of the
 * simulated miners, which only this file on site knows.
 */
export const startEdge = (
  record: SiteRecord,
  miners: readonly InventoryEntry[],
  { stateDir, caPath, kmsEndpoint, pollIntervalMs, speed }: EdgeOptions,
  onExit: (reason: string) => void,
): Promise<RunningChild> => {
  const configPath = join(stateDir, 'gateway.json');
  const config = {
    siteId: record.siteId,
    gatewayId: record.gatewayId,
    pollIntervalMs,
    mqtt: {
      host: record.mqttHost,
      port: record.mqttPort,
      caPath,
      certPath: record.certificatePath,
      keyPath: record.privateKeyPath,
    },
    hmacKeys: [{ keyId: record.hmacKeyId, secret: record.hmacSecret }],
    ...(record.sealing && { sealing: sealingOf(record.sealing, kmsEndpoint) }),
    miners: miners.map(
      ({ minerId, vendor, host, rpcPort, httpPort, username, password, macAddress, model }) => ({
        minerId,
        vendor,
        host,
        rpcPort,
        ...(httpPort !== undefined && { httpPort }),
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
        mac: macAddress,
        model,
      }),
    ),
    limits: {
      fullReadEverySweeps: miners.length > 1_000 ? 5 : 1,
      effectMs: Math.max(20_000, Math.round(600_000 / speed)),
      effectPollMs: Math.max(50, Math.round(1_000 / speed)),
      maxBackoffMs: Math.max(1_000, Math.round(30_000 / speed)),
    },
  };
  writeFileSync(configPath, JSON.stringify(config), { mode: 0o600 });
  return startChild(
    'edge-greengrass/main.ts',
    ['--config', configPath, '--state', join(stateDir, 'gateway-state')],
    onExit,
  );
};

/** The sealing part of a gateway's configuration, from what the cloud told its installer. */
export const sealingOf = (
  { tenant_id, key_arn, region, role_alias, credentials_host, credentials_port }: SealingSettings,
  kmsEndpoint: string,
) => ({
  tenant: tenant_id,
  backup: {
    provider: 'aws-kms' as const,
    keyArn: key_arn,
    region,
    endpoint: kmsEndpoint,
    credentials: { host: credentials_host, port: credentials_port, roleAlias: role_alias },
  },
});
