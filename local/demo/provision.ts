import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ruleAnswer } from '../../contracts/api-advisor.ts';
import { customerAnswer } from '../../contracts/api-customers.ts';
import { siteAnswer, zoneAnswer } from '../../contracts/api-fleet.ts';
import { gatewayAnswer } from '../../contracts/api-gateways.ts';
import { minersAnswer, type newMiner } from '../../contracts/api-miners.ts';
import { sealingSettings, sealingView } from '../../contracts/api-sealing.ts';
import { siteId } from '../../contracts/identifiers.ts';
import { type ApiClient, apiClient } from '../api-client.ts';

/** What a site's own installer keeps after registering the gateway: shown once by the cloud, so kept here. */
const siteRecord = z.strictObject({
  siteId,
  gatewayId: z.string(),
  minerCount: z.int(),
  seed: z.int(),
  hmacKeyId: z.string(),
  hmacSecret: z.base64(),
  mqttHost: z.string(),
  mqttPort: z.int(),
  certificatePath: z.string(),
  privateKeyPath: z.string(),
  /** How the gateway seals its inventory for the cloud; sites of earlier versions have none. */
  sealing: sealingSettings.optional(),
});
export type SiteRecord = z.infer<typeof siteRecord>;

export type PlannedSite = {
  readonly gatewayId: string;
  readonly name: string;
  readonly seed: number;
  readonly capacityKw: number;
  /** Whether low-risk restarts may run by themselves. */
  readonly withRule: boolean;
  readonly miners: readonly Omit<z.input<typeof newMiner>, 'gateway_id'>[];
};

const recordFile = (stateDir: string) => join(stateDir, 'site.json');

/** The site that an earlier run registered, if the state directory holds one. */
export const keptSite = (stateDir: string): SiteRecord | undefined =>
  existsSync(recordFile(stateDir))
    ? siteRecord.parse(JSON.parse(readFileSync(recordFile(stateDir), 'utf8')))
    : undefined;

const minersPerRequest = 80;

/**
 * Registers a site with its zones, gateway, miners and one auto-approve rule through the product's own API, as its owner
 * would, and writes the gateway's keys into the state directory, readable by this user only.
 */
export const provision = async (
  consoleUrl: string,
  stateDir: string,
  plan: PlannedSite,
  onProgress: (done: number, all: number) => void,
): Promise<SiteRecord> => {
  const owner = await apiClient(consoleUrl, 'owner@demo.local');
  const { site } = await owner.call('POST', '/api/v1/sites', siteAnswer, {
    name: plan.name,
    capacity_kw: plan.capacityKw,
  });
  const base = `/api/v1/sites/${site.site_id}`;
  const zones = [...Map.groupBy(plan.miners, ({ zone_id }) => zone_id)];
  for (const [zoneId, members] of zones) {
    const capacityKw = Math.ceil(members.reduce((sum, { rated_power_w }) => sum + rated_power_w, 0) / 900);
    await owner.call('POST', `${base}/zones`, zoneAnswer, {
      zone_id: zoneId,
      name: zoneId,
      zone_type: 'container',
      capacity_kw: capacityKw,
    });
  }
  const registered = await owner.call('POST', `${base}/gateways`, gatewayAnswer, {
    gateway_id: plan.gatewayId,
    name: 'Gateway 1',
  });
  for (const customer of customers)
    if (customer) await owner.call('POST', `${base}/customers`, customerAnswer, customer);
  await registerMiners(owner, base, plan, onProgress);
  if (plan.withRule)
    await owner.call('POST', '/api/v1/ai/auto/rules', ruleAnswer, autoApproveRule(site.site_id));

  const { settings } = await owner.call('GET', `${base}/gateways/${plan.gatewayId}/sealing`, sealingView);
  const certificatePath = join(stateDir, 'gateway.crt.pem');
  const privateKeyPath = join(stateDir, 'gateway.key.pem');
  const { credentials } = registered;
  writeFileSync(certificatePath, credentials.certificate_pem, { mode: 0o600 });
  writeFileSync(privateKeyPath, credentials.private_key_pem, { mode: 0o600 });
  const record: SiteRecord = {
    siteId: site.site_id,
    gatewayId: plan.gatewayId,
    minerCount: plan.miners.length,
    seed: plan.seed,
    hmacKeyId: credentials.hmac_key_id,
    hmacSecret: credentials.hmac_secret,
    mqttHost: credentials.mqtt_host,
    mqttPort: credentials.mqtt_port,
    certificatePath,
    privateKeyPath,
    sealing: settings,
  };
  writeFileSync(recordFile(stateDir), JSON.stringify(record, null, 2), { mode: 0o600 });
  return record;
};

/** Whose machines the demo hosts, ten side by side each; every fourth ten are the operator's own. */
const customers = [
  { customer_id: 'cust-aurora', name: 'Aurora Mining' },
  { customer_id: 'cust-borealis', name: 'Borealis Capital' },
  { customer_id: 'cust-cascade', name: 'Cascade Partners' },
  undefined,
];
const ownedBy = (index: number) => {
  const customer = customers[Math.floor(index / 10) % customers.length];
  return customer === undefined ? {} : { customer_id: customer.customer_id };
};

const registerMiners = async (
  owner: ApiClient,
  base: string,
  plan: PlannedSite,
  onProgress: (done: number, all: number) => void,
) => {
  for (let at = 0; at < plan.miners.length; at += minersPerRequest) {
    const miners = plan.miners
      .slice(at, at + minersPerRequest)
      .map((miner, index) => ({ ...ownedBy(at + index), ...miner, gateway_id: plan.gatewayId }));
    await owner.call('POST', `${base}/miners`, minersAnswer, { miners });
    onProgress(Math.min(at + minersPerRequest, plan.miners.length), plan.miners.length);
  }
};

/** The rule of the demo: a restart of a few machines may run by itself when the cause is fairly sure. */
const autoApproveRule = (site: number) => ({
  site_id: site,
  name: 'Low-risk restarts and fans · 低风险重启与风扇',
  description:
    'Restarts and fan changes of a few miners run by themselves. 少量矿机的重启与风扇调整自动执行。',
  conditions: {
    max_risk_level: 'low',
    min_confidence: 0.6,
    allowed_actions: ['reboot', 'adjust_fan'],
    max_targets: 3,
  },
});
