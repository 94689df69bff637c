import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { recommendationAnswer, recommendationList } from '../../contracts/api-advisor.ts';
import { alertsAnswer } from '../../contracts/api-alerting.ts';
import { commandList } from '../../contracts/api-control.ts';
import { gatewayAnswer } from '../../contracts/api-gateways.ts';
import type { EdgeBus } from '../../edge-greengrass/bus/edge-bus.ts';
import { mqttBusOf } from '../../edge-greengrass/bus/mqtt-bus.ts';
import type { MqttConfig } from '../../edge-greengrass/config.ts';
import type { Ids } from './api-samples.ts';
import { eventually, type RunningCloud, startCloud } from './running-cloud.ts';
import { type RunningAgent, startGateway } from './running-site.ts';

/** The composed system with something of everything in it, for what must not change it. */
export type Stage = {
  readonly cloud: RunningCloud;
  readonly gateway: RunningAgent;
  /** Things of the demo tenant's site 1, all there. */
  readonly ids: Ids;
  /** A site of the demo tenant that the client account does not reach. */
  readonly otherSiteId: number;
  /** The rival tenant's own site. */
  readonly rival: { readonly siteId: number };
  /** A second gateway's line, with its certificate and no agent behind it. */
  readonly line: EdgeBus;
  /** What the third gateway connects with, for a client that does what a gateway must not. */
  readonly strange: MqttConfig;
  readonly close: () => Promise<void>;
};

const withSite = z.object({ site: z.object({ site_id: z.int() }) });
const withRule = z.object({ rule: z.object({ id: z.int() }) });

/** How these miners spoil their answers from the beginning, so that nothing of them can be used; the others go on. */
export const spoilt = [
  ['m-0003', 'garbage'],
  ['m-0005', 'silence'],
  ['m-0006', 'slow_drip'],
] as const;
/** An Antminer whose answers break off in the middle. */
export const halfMiner = 'm-0004';

/** The miner whose hashboard is dead from the beginning, and the one that a person has restarted. */
export const sickMiner = 'm-0001';
export const restartedMiner = 'm-0002';
export const lineGatewayId = 'gw-2';
export const strangeGatewayId = 'gw-3';

export const setStage = async (): Promise<Stage> => {
  const cloud = await startCloud(6);
  const { call, record, runtime } = cloud;
  const { siteId } = record;
  const gateway = await startGateway(cloud);
  cloud.site.inject(sickMiner, { kind: 'dead_board' });

  const made = async <T>(
    schema: z.ZodType<T>,
    ...[who, method, path, body]: ['owner' | 'operator' | 'manager' | 'rival', string, string, object?]
  ) => schema.parse((await call(who, method, path, { ...(body && { body }) })).body);
  const newSite = { name: 'Another', capacity_kw: 10 };
  const rule = (site_id: number) => ({
    site_id,
    name: 'Never',
    conditions: { max_targets: 1, min_confidence: 1 },
  });
  const other = await made(withSite, 'owner', 'POST', '/api/v1/sites', newSite);
  const rivalSite = await made(withSite, 'rival', 'POST', '/api/v1/sites', newSite);
  await made(withRule, 'owner', 'POST', '/api/v1/ai/auto/rules', rule(siteId));
  const secondRule = await made(withRule, 'owner', 'POST', '/api/v1/ai/auto/rules', rule(siteId));
  await made(withRule, 'rival', 'POST', '/api/v1/ai/auto/rules', rule(rivalSite.site.site_id));

  const identities = await Promise.all(
    [lineGatewayId, strangeGatewayId].map(async (gatewayId) => {
      const { credentials } = await made(gatewayAnswer, 'owner', 'POST', `/api/v1/sites/${siteId}/gateways`, {
        gateway_id: gatewayId,
        name: gatewayId,
      });
      const keep = (name: string, pem: string) => {
        const path = join(cloud.stateDir, `${gatewayId}.${name}`);
        writeFileSync(path, pem);
        return path;
      };
      return {
        host: runtime.mqtt.host,
        port: runtime.mqtt.port,
        caPath: runtime.mqtt.caPath,
        certPath: keep('crt', credentials.certificate_pem),
        keyPath: keep('key', credentials.private_key_pem),
      };
    }),
  );
  const [own, strange] = identities;
  if (!own || !strange) throw new Error('a gateway is missing');
  const line = mqttBusOf(own, lineGatewayId, 5_000, () => {});
  await line.open();

  const commandId = await restart(cloud);
  const pending = await eventually('a pending recommendation', async () =>
    recommendationList
      .parse((await call('owner', 'GET', `/api/v1/ai/recommendations?site_id=${siteId}&status=pending`)).body)
      .recommendations.find(({ action }) => action.target_ids.includes(sickMiner)),
  );
  for (const [minerId, kind] of spoilt) cloud.site.inject(minerId, { kind });
  cloud.site.inject(halfMiner, { kind: 'half_answer' });
  const alert = alertsAnswer
    .parse((await call('owner', 'GET', `/api/v1/alerts?site_id=${siteId}`)).body)
    .alerts.find(({ miner_id }) => miner_id === sickMiner);
  return {
    cloud,
    gateway,
    ids: {
      siteId,
      minerId: sickMiner,
      gatewayId: record.gatewayId,
      recommendationId: pending.id,
      alertId: alert?.alert_id ?? '',
      commandId,
      ruleId: secondRule.rule.id,
    },
    otherSiteId: other.site.site_id,
    rival: { siteId: rivalSite.site.site_id },
    line,
    strange,
    close: async () => {
      await line.close();
      await gateway.agent.stop();
      await cloud.close();
    },
  };
};

/** A genuine restart, asked for, approved and executed by people; answers with the command's id once it has its end. */
const restart = async ({ call, record: { siteId } }: RunningCloud) => {
  const asked = recommendationAnswer.parse(
    (
      await call('operator', 'POST', '/api/v1/ai/recommendations', {
        body: {
          site_id: siteId,
          trigger_type: 'user_request',
          diagnosis: { root_cause: 'Hangs', evidence: ['No shares'], confidence: 0.9 },
          action_type: 'reboot',
          target_ids: [restartedMiner],
        },
      })
    ).body,
  );
  const path = `/api/v1/ai/recommendations/${asked.recommendation.id}`;
  for (const step of ['approve', 'execute']) {
    const { status, text } = await call('manager', 'POST', `${path}/${step}`, { body: {} });
    if (status !== 200) throw new Error(`${step}: ${text}`);
  }
  return eventually('the end of the restart', async () => {
    const { commands } = commandList.parse(
      (await call('operator', 'GET', `/api/v1/commands?site_id=${siteId}`)).body,
    );
    return commands.find(({ miner_id, status }) => miner_id === restartedMiner && status === 'COMPLETED')
      ?.command_id;
  });
};
