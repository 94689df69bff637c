import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { siteAnswer, zoneAnswer } from '../../contracts/api-fleet.ts';
import { gatewayAnswer } from '../../contracts/api-gateways.ts';
import { minersAnswer } from '../../contracts/api-miners.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { type ApiClient, apiClient } from '../../local/api-client.ts';
import type { Runtime } from '../../local/runtime.ts';

export type RegisteredGateway = {
  readonly siteId: number;
  readonly gatewayId: string;
  /** The first of its miners' numbers, and how many they are. */
  readonly first: number;
  readonly miners: number;
  readonly line: {
    readonly host: string;
    readonly port: number;
    readonly caPath: string;
    readonly certPath: string;
    readonly keyPath: string;
  };
};

const atOnce = 80;

const registerGateway = async (
  owner: ApiClient,
  runtime: Runtime,
  directory: string,
  place: Pick<RegisteredGateway, 'siteId' | 'gatewayId' | 'first' | 'miners'>,
): Promise<RegisteredGateway> => {
  const { credentials } = await owner.call('POST', `/api/v1/sites/${place.siteId}/gateways`, gatewayAnswer, {
    gateway_id: place.gatewayId,
    name: place.gatewayId,
  });
  const certPath = join(directory, `${place.gatewayId}.crt.pem`);
  const keyPath = join(directory, `${place.gatewayId}.key.pem`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(certPath, credentials.certificate_pem, { mode: 0o600 });
  writeFileSync(keyPath, credentials.private_key_pem, { mode: 0o600 });
  const { mqtt_host: host, mqtt_port: port } = credentials;
  return { ...place, line: { host, port, caPath: runtime.mqtt.caPath, certPath, keyPath } };
};

/** Registers a site with its gateways and miners through the product's API, as its owner would. */
export const registerSite = async (
  runtime: Runtime,
  directory: string,
  plan: {
    readonly miners: number;
    readonly perGateway: number;
    /** A miner's first reading, from which its ratings are taken. */
    readonly readingOf: (miner: number) => MinerReading;
  },
  onProgress: (done: number) => void,
): Promise<readonly RegisteredGateway[]> => {
  const owner = await apiClient(runtime.url, 'owner@demo.local');
  const { site } = await owner.call('POST', '/api/v1/sites', siteAnswer, {
    name: 'Metered site',
    capacity_kw: plan.miners * 4,
  });
  const base = `/api/v1/sites/${site.site_id}`;
  const zones = Math.max(1, Math.ceil(plan.miners / 1_000));
  for (let zone = 0; zone < zones; zone++)
    await owner.call('POST', `${base}/zones`, zoneAnswer, {
      zone_id: `zone-${zone}`,
      name: `Zone ${zone}`,
      zone_type: 'container',
      capacity_kw: 4_000,
    });
  const gateways: RegisteredGateway[] = [];
  for (let first = 0; first < plan.miners; first += plan.perGateway) {
    const miners = Math.min(plan.perGateway, plan.miners - first);
    const place = { siteId: site.site_id, gatewayId: `gw-${gateways.length + 1}`, first, miners };
    gateways.push(await registerGateway(owner, runtime, directory, place));
  }
  for (const { gatewayId, first, miners } of gateways)
    for (let at = first; at < first + miners; at += atOnce) {
      const numbers = Array.from({ length: Math.min(atOnce, first + miners - at) }, (_, index) => at + index);
      await owner.call('POST', `${base}/miners`, minersAnswer, {
        miners: numbers.map((miner) => {
          const { minerId, values } = plan.readingOf(miner);
          return {
            miner_id: minerId,
            vendor: 'antminer',
            model: 'Antminer S19 Pro',
            zone_id: `zone-${Math.floor(miner / 1_000)}`,
            gateway_id: gatewayId,
            rated_hashrate_ths: values.hashrateThs ?? 110,
            rated_power_w: values.powerW ?? 3_250,
          };
        }),
      });
      onProgress(at + numbers.length);
    }
  return gateways;
};
