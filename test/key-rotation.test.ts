import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { credentialsStatus } from '../contracts/api-edge.ts';
import { mqttBusWithKeys } from '../edge-greengrass/bus/mqtt-bus.ts';
import { edgeApi, RefusedByCloud } from '../edge-greengrass/cloud/edge-api.ts';
import { keepFresh } from '../edge-greengrass/cloud/keep-fresh.ts';
import { registerByClaim } from '../edge-greengrass/cloud/register.ts';
import { logNothing } from '../edge-greengrass/log.ts';
import { realClock } from '../edge-greengrass/real-clock.ts';
import { KeyRing } from '../edge-greengrass/state/key-ring.ts';
import { randomFrom } from '../edge-greengrass/test-kit/random.ts';
import { until } from '../edge-greengrass/test-kit/until.ts';
import { rotateAfterMs } from '../lambdas/gateway/gateway.ts';
import { type Gateways, owner, person, startGateways } from '../lambdas/gateway/test-gateways.ts';
import { gatewayPolicy } from '../local/iot/test-iot.ts';
import { startEdgeServer } from './support/edge-server.ts';

/** More by `HASHINSIGHT_KILLS=200 npx vitest run test/key-rotation.test.ts`. */
const kills = Number(process.env.HASHINSIGHT_KILLS ?? 6);
const victim = join(import.meta.dirname, '../edge-greengrass/test-kit/rotation-victim.ts');

let cloud: Gateways;
let stateDir: string;
beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'rotation-'));
  cloud = await startGateways();
  // Whatever a gateway publishes and hears is not at stake here.
  const [connect] = gatewayPolicy.Statement;
  await cloud.local.create('AWS::IoT::Policy', 'GatewayPolicy', {
    PolicyName: 'gateway',
    PolicyDocument: { Version: '2012-10-17', Statement: [connect] },
  });
  await cloud.hearConnections();
});
afterEach(async () => {
  await cloud.close();
  rmSync(stateDir, { recursive: true });
});

/** As `until`, for what has to be asked. */
const eventually = async (what: string, ask: () => Promise<boolean>) => {
  const endMs = Date.now() + 10_000;
  while (!(await ask())) {
    if (Date.now() > endMs) throw new Error(`did not come: ${what}`);
    await pause(10);
  }
};

const aClaim = async (gatewayId: string) => {
  const made = await cloud.claim(owner, person, {
    gateway_id: gatewayId,
    name: 'Gateway',
    zone_ids: 'all',
    valid_for_hours: 1,
    with_certificate: false,
  });
  if (!made.ok) throw new Error(made.failure.message);
  return made.value.secret.code;
};

/** Whether the gateway would still come in: by a token, by a certificate, and understanding what the cloud signs. */
const comesIn = async (url: string) => {
  const keys = new KeyRing(stateDir);
  const status = await edgeApi(url, keys).ask({ method: 'GET', path: 'credentials' }, credentialsStatus);
  const taken: string[] = [];
  for (const { certificatePem: cert, keyPem: key, certificateId } of keys.held.certificates) {
    const client = await cloud.local
      .connect(keys.held.gatewayId, { cert, key }, { clean: false })
      .catch(() => undefined);
    if (!client) continue;
    taken.push(certificateId);
    await client.endAsync(true);
    break;
  }
  expect(taken).toHaveLength(1);
  const record = await cloud.readGateway(keys.held.siteId, keys.held.gatewayId);
  const signing = Buffer.from(record?.sealed_secret ?? []).map((byte) => byte ^ 0xff);
  expect(keys.secrets.get(record?.key_id ?? '')).toBe(Buffer.from(signing).toString('base64'));
  expect(record?.certificates.length).toBeLessThanOrEqual(5);
  return status.generation;
};

const runAndKill = async (args: readonly string[], random: () => number) => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', victim, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const lines = 1 + Math.floor(random() * 12);
  const enough = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said.split('\n').length > lines) resolve();
    });
  });
  const ended = once(child, 'close');
  await Promise.race([enough, ended]);
  await pause(random() * 25);
  child.kill('SIGKILL');
  const [code, signal] = await ended;
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return said.split('\n').slice(0, -1);
};

it('survives a kill at any instant of registration and rotation: it always comes in again', async () => {
  const random = randomFrom(20_261_121);
  const server = await startEdgeServer(cloud);
  const claim = await aClaim('gw-killed');
  const done = new Map<string, number>();
  let generation = 0;
  for (let kill = 0; kill < kills; kill++) {
    const said = await runAndKill([stateDir, server.url, cloud.local.iot.caCertificatePath, claim], random);
    for (const one of said) done.set(one, (done.get(one) ?? 0) + 1);
    if (new KeyRing(stateDir).isRegistered) generation = await comesIn(server.url);
  }
  expect(done.get('open')).toBe(kills);
  expect(done.get('kept') ?? 0).toBeGreaterThan(0);
  expect(done.get('certificate used') ?? 0).toBeGreaterThan(0);
  expect(generation).toBeGreaterThan(done.get('token used') ?? 0);
  await server.close();
}, 120_000);

it('gets through lost answers, and replaces its credentials by itself before their time', async () => {
  const server = await startEdgeServer(cloud, 3);
  const claim = await aClaim('gw-lossy');
  const keys = new KeyRing(stateDir);
  await eventually('the registration', async () =>
    registerByClaim(keys, server.url, claim).then(
      () => true,
      () => false,
    ),
  );
  const bus = mqttBusWithKeys(keys, cloud.local.iot.caCertificatePath, 5_000, logNothing);
  await bus.open();
  await until('the line', bus.isUp);
  const api = edgeApi(server.url, keys);
  const first = keys.held;
  let renewals = 0;
  const stopping = new AbortController();
  const fresh = keepFresh({
    keys,
    api,
    clock: realClock(cloud.nowMs),
    log: logNothing,
    renewed: () => {
      renewals++;
      bus.renew();
    },
    signal: stopping.signal,
    checkMs: 20,
    retryMs: 20,
  });
  await pause(100);
  expect(renewals).toBe(0);
  cloud.pass(rotateAfterMs);
  await until('the first renewal', () => renewals === 1);
  await until('the new certificate', () => bus.isUp() && keys.held.certificates.length === 1);
  expect(keys.held.certificates[0]?.certificateId).not.toBe(first.certificates[0]?.certificateId);
  await until('the new token’s first use', () => keys.held.tokens.length === 1);
  // Once a person asks for it, at the next look.
  await cloud.requestRotation(7, 'gw-lossy', person, cloud.nowMs() + 1);
  cloud.pass(2);
  await until('the second renewal', () => renewals === 2);
  await eventually(
    'the end of the request',
    async () => (await cloud.readGateway(7, 'gw-lossy'))?.rotation_requested_ms === undefined,
  );
  await eventually(
    'the old certificate’s end',
    async () => (await cloud.readGateway(7, 'gw-lossy'))?.certificates.length === 1,
  );
  // Shut out, it is taken nowhere.
  await cloud.revoke(7, 'gw-lossy', person, 'Stolen');
  await until('the end of the line', () => !bus.isUp());
  stopping.abort();
  await fresh.ended;
  await eventually('the refusal', () =>
    api.ask({ method: 'GET', path: 'credentials' }, credentialsStatus).then(
      () => false,
      (error: unknown) => error instanceof RefusedByCloud && error.status === 401,
    ),
  );
  await bus.close();
  await server.close();
}, 60_000);
