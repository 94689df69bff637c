import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandAnswer, commandView } from '../contracts/api-control.ts';
import { claimAnswer } from '../contracts/api-gateways.ts';
import { liveAnswer } from '../contracts/api-telemetry.ts';
import { eventually as eventuallyWithin, type RunningCloud, startCloud } from './support/running-cloud.ts';

/** A gateway as it is put up on a site: a process with a claim's certificate and code and nothing else. */
const eventually = <T>(what: string, ask: () => Promise<T | undefined> | T | undefined) =>
  eventuallyWithin(what, ask, 90_000);
const main = join(import.meta.dirname, '..', 'edge-greengrass', 'main.ts');
const gatewayId = 'gw-claimed';
const minerId = 'm-claimed';

let cloud: RunningCloud;
let code = '';
/** The claim's certificate and key, as files. */
let certificate: { certPath: string; keyPath: string };
const children: ChildProcess[] = [];

beforeAll(async () => {
  cloud = await startCloud(2);
  const { siteId } = cloud.record;
  const [miner] = cloud.site.inventory();
  if (!miner) throw new Error('the site has no miner');
  const { body } = await cloud.call('owner', 'POST', `/api/v1/sites/${siteId}/gateway-claims`, {
    body: { gateway_id: gatewayId, name: 'Claimed', zone_ids: [miner.zoneId], with_certificate: true },
  });
  const { secret } = claimAnswer.parse(body);
  code = secret.code;
  certificate = {
    certPath: join(cloud.stateDir, 'claim.pem'),
    keyPath: join(cloud.stateDir, 'claim.key'),
  };
  writeFileSync(certificate.certPath, secret.certificate?.certificate_pem ?? '');
  writeFileSync(certificate.keyPath, secret.certificate?.private_key_pem ?? '');
}, 240_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await cloud?.close();
});

const configFile = (name: string, claim: string | undefined, certificate: object) => {
  const { siteId, mqttPort } = cloud.record;
  const [miner] = cloud.site.inventory();
  const { vendor, host, rpcPort, httpPort, model } = miner ?? {};
  const file = join(cloud.stateDir, name);
  const { caPath } = cloud.runtime.mqtt;
  const provisioning = {
    host: 'localhost',
    port: mqttPort,
    template: 'hashinsight-gateway',
    ...certificate,
  };
  writeFileSync(
    file,
    JSON.stringify({
      siteId,
      gatewayId,
      pollIntervalMs: 500,
      cloud: { url: cloud.runtime.url, caPath, ...(claim !== undefined && { claim, provisioning }) },
      miners: [{ minerId, vendor, host, rpcPort, httpPort, model }],
      limits: { effectMs: 30_000, effectPollMs: 50 },
    }),
  );
  return file;
};

const run = (file: string, state: string) => {
  const child = spawn(process.execPath, [main, '--config', file, '--state', join(cloud.stateDir, state)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { AWS_ENDPOINT_URL_KMS: String(cloud.runtime.endpoints.AWS_ENDPOINT_URL_KMS) },
  });
  children.push(child);
  const said = { out: '', error: '', code: undefined as number | null | undefined };
  child.stdout.on('data', (chunk) => (said.out += String(chunk)));
  child.stderr.on('data', (chunk) => (said.error += String(chunk)));
  child.on('exit', (status) => (said.code = status));
  return { child, said };
};

const becomesReady = ({ said }: ReturnType<typeof run>) =>
  eventually('the ready line', () => {
    if (said.code !== undefined) throw new Error(`it ended with code ${said.code}: ${said.error}`);
    return said.out.includes('"ready":true') ? true : undefined;
  });

it('is provisioned over MQTT by its claim, reports, obeys, and starts again on its own keys', async () => {
  const { siteId } = cloud.record;
  const wrong = run(
    configFile('wrong.json', `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`, certificate),
    'wrong',
  );
  await eventually('the end of a gateway with a wrong claim', () => wrong.said.code ?? undefined);
  expect(wrong.said.code).toBe(1);
  expect(wrong.said.error).toContain('the provisioning was rejected: AccessDenied');
  expect(wrong.said.error).not.toContain(code.slice(0, -1));

  const first = run(configFile('first.json', code, certificate), 'claimed');
  await becomesReady(first);
  const [zone] = cloud.site.inventory().map(({ zoneId }) => zoneId);
  const registered = await cloud.call('owner', 'POST', `/api/v1/sites/${siteId}/miners`, {
    body: {
      miners: [
        {
          miner_id: minerId,
          vendor: cloud.site.inventory()[0]?.vendor,
          model: cloud.site.inventory()[0]?.model,
          zone_id: zone,
          gateway_id: gatewayId,
          rated_hashrate_ths: 100,
          rated_power_w: 3_000,
        },
      ],
    },
  });
  expect(registered.status).toBe(201);
  const isLive = () =>
    eventually('telemetry of the claimed gateway', async () => {
      const { body } = await cloud.call('owner', 'GET', `/api/v1/telemetry/live?site_id=${siteId}`);
      return liveAnswer.parse(body).columns.miner_id.includes(minerId) ? true : undefined;
    });
  await isLive();

  const blink = async (on: boolean) => {
    const { body } = await cloud.call('operator', 'POST', '/api/v1/commands/propose', {
      body: { site_id: siteId, miner_id: minerId, command_type: 'LED', params: { on }, reason: 'Which one' },
    });
    const { command } = commandAnswer.parse(body);
    return eventually('the end of the command', async () => {
      const { body: now } = await cloud.call(
        'owner',
        'GET',
        `/api/v1/commands/${command.command_id}?site_id=${siteId}`,
      );
      const { status } = commandView.parse(now);
      return ['COMPLETED', 'FAILED', 'UNKNOWN', 'EXPIRED'].includes(status) ? status : undefined;
    });
  };
  expect(await blink(true)).toBe('COMPLETED');

  first.child.kill('SIGTERM');
  await eventually('its end', () => (first.said.code === undefined ? undefined : true));
  expect(first.said.code).toBe(0);
  for (const secret of [code, cloud.site.inventory()[0]?.host ?? ''])
    expect(first.said.error).not.toContain(secret);

  const again = run(configFile('again.json', undefined, {}), 'claimed');
  await becomesReady(again);
  expect(await blink(false)).toBe('COMPLETED');

  const thief = run(configFile('thief.json', code, certificate), 'thief');
  await eventually('the end of a second gateway with the same claim', () => thief.said.code ?? undefined);
  expect(thief.said.code).toBe(1);
}, 600_000);
