import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  AttachThingPrincipalCommand,
  DetachPolicyCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCertificateAuthority } from './certificate-authority.ts';
import { closing, eventually, type Identity, startForTest } from './test-iot.ts';

let local: Awaited<ReturnType<typeof startForTest>>;
let gateway: Identity;
const open: MqttClient[] = [];
beforeAll(async () => {
  local = await startForTest();
  gateway = await local.register('gw-1');
});
afterAll(async () => {
  for (const client of open) client.end(true);
  await local.close();
});
const connect: typeof local.connect = async (...args) => {
  const client = await local.connect(...args);
  open.push(client);
  return client;
};
const publishing = async (client: MqttClient, topic: string, payload: string | Buffer, qos: 0 | 1 | 2) => {
  const closed = closing(client).then(() => 'closed' as const);
  const acknowledged = client.publishAsync(topic, payload, { qos }).then(
    () => 'acknowledged' as const,
    () => 'closed' as const,
  );
  return Promise.race([closed, acknowledged]);
};
describe('who may connect', () => {
  test('a registered gateway under its own name', async () => {
    const client = await connect('gw-1', gateway);
    expect(client.connected).toBe(true);
    await client.endAsync();
  });
  test('not under another name', async () => {
    await expect(connect('gw-9', gateway)).rejects.toMatchObject({ code: 5 });
  });
  test('not without a certificate', async () => {
    await expect(connect('gw-1', undefined)).rejects.toThrow();
  });
  test('not with a certificate of another authority', async () => {
    const foreign = await openCertificateAuthority(mkdtempSync(join(tmpdir(), 'foreign-')));
    const { certificatePem: cert, privateKeyPem: key } = await foreign.issueForClient();
    await expect(connect('gw-1', { cert, key })).rejects.toThrow();
  });
  test('not with a certificate of ours that is not registered', async () => {
    const authority = await openCertificateAuthority(local.stateDir);
    const { certificatePem: cert, privateKeyPem: key } = await authority.issueForClient();
    await expect(connect('gw-1', { cert, key })).rejects.toMatchObject({ code: 5 });
  });
  test('not with a certificate that has no policy', async () => {
    const bare = await local.newCertificate();
    await local.registry.send(
      new AttachThingPrincipalCommand({ thingName: 'gw-1', principal: bare.certificateArn }),
    );
    await expect(connect('gw-1', bare)).rejects.toMatchObject({ code: 5 });
  });
  test('not by MQTT 5', async () => {
    await expect(connect('gw-1', gateway, { protocolVersion: 5 })).rejects.toThrow();
  });
  test('a second connection of the same name takes over', async () => {
    const first = await connect('gw-1', gateway);
    const closed = closing(first);
    const second = await connect('gw-1', gateway);
    await closed;
    expect(second.connected).toBe(true);
    await second.endAsync();
  });
  test('a deactivated certificate ends its connection, and none is made with it again', async () => {
    const identity = await local.register('gw-gone');
    const client = await connect('gw-gone', identity);
    const closed = closing(client);
    await local.registry.send(
      new UpdateCertificateCommand({ certificateId: identity.certificateId, newStatus: 'INACTIVE' }),
    );
    await closed;
    await expect(connect('gw-gone', identity)).rejects.toMatchObject({ code: 5 });
    await local.registry.send(
      new UpdateCertificateCommand({ certificateId: identity.certificateId, newStatus: 'ACTIVE' }),
    );
    await (await connect('gw-gone', identity)).endAsync();
  });
});

describe('what it may do', () => {
  test.each<readonly [string, string, string | Buffer, 0 | 1 | 2, 'acknowledged' | 'closed']>([
    ['its own topic', 'dt/7/gw-1/telemetry', 'x', 1, 'acknowledged'],
    ['another gateway’s', 'dt/7/gw-2/telemetry', 'x', 1, 'closed'],
    ['another site’s', 'dt/8/gw-1/telemetry', 'x', 1, 'closed'],
    ['QoS 2', 'dt/7/gw-1/telemetry', 'x', 2, 'closed'],
    ['128 KB', 'dt/7/gw-1/telemetry', Buffer.alloc(131_072), 1, 'acknowledged'],
    ['a byte more', 'dt/7/gw-1/telemetry', Buffer.alloc(131_073), 1, 'closed'],
    ['seven slashes', 'dt/7/gw-1/4/5/6/7/8', 'x', 1, 'acknowledged'],
    ['eight slashes', 'dt/7/gw-1/4/5/6/7/8/9', 'x', 1, 'closed'],
    [
      'seven slashes after Basic Ingest’s prefix',
      '$aws/rules/none/dt/7/gw-1/4/5/6/7/8',
      'x',
      1,
      'acknowledged',
    ],
  ])('publishing: %s', async (_, topic, payload, qos, expected) => {
    const client = await connect('gw-1', gateway);
    expect(await publishing(client, topic, payload, qos)).toBe(expected);
    client.end(true);
  });
  test('subscribing: what it may not hear is answered with 128', async () => {
    const client = await connect('gw-1', gateway);
    expect(await client.subscribeAsync('cmd/gw-1/request', { qos: 1 })).toMatchObject([{ qos: 1 }]);
    await expect(client.subscribeAsync('cmd/gw-2/request')).rejects.toThrow(/128|Unspecified/);
    await expect(client.subscribeAsync('#')).rejects.toThrow(/128|Unspecified/);
    await expect(client.subscribeAsync('$aws/rules/#')).rejects.toThrow(/128|Unspecified/);
    await client.endAsync();
  });
  test('subscribing is not yet receiving', async () => {
    const heard: string[] = [];
    const client = await connect('gw-1', gateway, {}, heard);
    await client.subscribeAsync(['unheard', 'cmd/gw-1/request']);
    await local.data.send(new PublishCommand({ topic: 'unheard', payload: Buffer.from('secret'), qos: 1 }));
    await local.data.send(
      new PublishCommand({ topic: 'cmd/gw-1/request', payload: Buffer.from('heard'), qos: 1 }),
    );
    await eventually(() => heard[0]);
    expect(heard).toEqual(['cmd/gw-1/request heard']);
    await client.endAsync();
  });
  test('a policy that is detached holds no more', async () => {
    const identity = await local.register('gw-2');
    const client = await connect('gw-2', identity);
    await local.registry.send(
      new DetachPolicyCommand({ policyName: 'gateway', target: identity.certificateArn }),
    );
    expect(await publishing(client, 'dt/7/gw-2/telemetry', 'x', 1)).toBe('closed');
  });
});

describe('persistent sessions', () => {
  const send = (text: string) =>
    local.data.send(new PublishCommand({ topic: 'cmd/gw-1/request', payload: Buffer.from(text), qos: 1 }));
  const told = (...texts: string[]) => texts.map((text) => `cmd/gw-1/request ${text}`);

  test('commands sent while a gateway was away arrive, in order, once', async () => {
    const first = await connect('gw-1', gateway, { clean: false });
    await first.subscribeAsync('cmd/gw-1/request', { qos: 1 });
    await first.endAsync();
    for (const text of ['one', 'two', 'three']) await send(text);
    const heard: string[] = [];
    const second = await connect('gw-1', gateway, { clean: false }, heard);
    await send('four');
    await eventually(() => heard[3]);
    await second.endAsync();
    const again: string[] = [];
    const third = await connect('gw-1', gateway, { clean: false }, again);
    await send('five');
    await eventually(() => again[0]);
    expect({ heard, again }).toEqual({ heard: told('one', 'two', 'three', 'four'), again: told('five') });
    await third.endAsync();
  });
  test('a clean connection forgets the session', async () => {
    await (await connect('gw-1', gateway, { clean: true })).endAsync();
    await send('lost');
    const heard: string[] = [];
    const client = await connect('gw-1', gateway, { clean: false }, heard);
    await client.subscribeAsync('cmd/gw-1/request', { qos: 1 });
    await send('kept');
    await eventually(() => heard[0]);
    expect(heard).toEqual(told('kept'));
    await client.endAsync();
  });
});

test('what was registered, subscribed and sent before a restart holds after it', async () => {
  const before = await startForTest();
  const identity = await before.register('gw-r');
  const client = await before.connect('gw-r', identity, { clean: false });
  await client.subscribeAsync('cmd/gw-r/request', { qos: 1 });
  await client.endAsync();
  await before.data.send(
    new PublishCommand({ topic: 'cmd/gw-r/request', payload: Buffer.from('late'), qos: 1 }),
  );
  await before.close();
  const after = await startForTest({ stateDir: before.stateDir });
  const heard: string[] = [];
  const again = await after.connect('gw-r', identity, { clean: false }, heard);
  expect(await eventually(() => heard[0])).toBe('cmd/gw-r/request late');
  again.end(true);
  await after.close();
});

test('a session that is away for too long ends', async () => {
  const short = await startForTest({ sessionExpiryMs: -1 });
  const identity = await short.register('gw-e');
  const first = await short.connect('gw-e', identity, { clean: false });
  await first.subscribeAsync('cmd/gw-e/request', { qos: 1 });
  await first.endAsync();
  await short.data.send(
    new PublishCommand({ topic: 'cmd/gw-e/request', payload: Buffer.from('late'), qos: 1 }),
  );
  const heard: string[] = [];
  const second = await short.connect('gw-e', identity, { clean: false }, heard);
  await second.subscribeAsync('cmd/gw-e/request', { qos: 1 });
  await short.data.send(
    new PublishCommand({ topic: 'cmd/gw-e/request', payload: Buffer.from('new'), qos: 1 }),
  );
  await eventually(() => heard[0]);
  expect(heard).toEqual(['cmd/gw-e/request new']);
  second.end(true);
  await short.close();
});

test('mosquitto_pub is understood', async (context) => {
  try {
    execFileSync('mosquitto_pub', ['--help'], { stdio: 'ignore' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      console.warn('skipped: mosquitto_pub is not installed');
      return context.skip();
    }
  }
  const directory = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  writeFileSync(join(directory, 'cert.pem'), gateway.cert);
  writeFileSync(join(directory, 'key.pem'), gateway.key);
  const received = eventually(() => local.lines.find((line) => line.includes('rule mosquitto,')));
  await promisify(execFile)('mosquitto_pub', [
    ...['-h', 'localhost', '-p', String(local.iot.mqttPort), '-i', 'gw-1', '-q', '1', '-V', 'mqttv311'],
    ...[
      '--cafile',
      local.iot.caCertificatePath,
      '--cert',
      join(directory, 'cert.pem'),
      '--key',
      join(directory, 'key.pem'),
    ],
    ...['-t', '$aws/rules/mosquitto/dt/7/gw-1/telemetry', '-m', 'hello'],
  ]);
  await received;
});

test('keys are for their owner alone', () => {
  expect(statSync(join(local.stateDir, 'ca.key')).mode & 0o777).toBe(0o600);
});
