import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { commandView } from '../contracts/api-control.ts';
import { claimAnswer } from '../contracts/api-gateways.ts';
import { commandEnvelope } from '../contracts/command.ts';
import { envelopesIn } from '../contracts/command-messages.ts';
import { topics } from '../contracts/topics.ts';
import { type Agent, startAgent } from '../edge-greengrass/agent.ts';
import type { EdgeBus } from '../edge-greengrass/bus/edge-bus.ts';
import { openLines } from '../edge-greengrass/cloud/open-lines.ts';
import { registerByClaim } from '../edge-greengrass/cloud/register.ts';
import { parseGatewayConfig } from '../edge-greengrass/config.ts';
import { logNothing } from '../edge-greengrass/log.ts';
import { KeyRing } from '../edge-greengrass/state/key-ring.ts';
import { eventually as eventuallyWithin, type RunningCloud, startCloud } from './support/running-cloud.ts';

/** Patient: what is at stake is whether it comes at all. */
const eventually = <T>(what: string, ask: () => Promise<T | undefined> | T | undefined) =>
  eventuallyWithin(what, ask, 90_000);

/** A line to a port that can be cut and mended. It keeps its own port meanwhile, which others would take, and resets who comes. */
const startWay = async (port: number) => {
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return void near.resetAndDestroy();
    const far = dial(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('the way has no port');
  return {
    port: address.port,
    cut: () => {
      isCut = true;
      for (const socket of open) socket.destroy();
    },
    mend: () => {
      isCut = false;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
};

let cloud: RunningCloud;
let way: Awaited<ReturnType<typeof startWay>>;
let agent: Agent;
/** When receipts came, over whichever path. */
const receipts: number[] = [];
/** Command ids of genuine envelopes, as often as they came. */
const received: string[] = [];

beforeAll(async () => {
  cloud = await startCloud(3);
  const { siteId, gatewayId, mqttPort } = cloud.record;
  way = await startWay(mqttPort);
  const { body } = await cloud.call('owner', 'POST', `/api/v1/sites/${siteId}/gateway-claims`, {
    body: { gateway_id: gatewayId, name: 'Gateway 1' },
  });
  const stateDir = join(cloud.stateDir, 'two-paths');
  await registerByClaim(new KeyRing(stateDir), cloud.runtime.url, claimAnswer.parse(body).secret.code);
  const file = join(stateDir, 'keys.json');
  const kept = z.looseObject({ mqtt: z.looseObject({}) }).parse(JSON.parse(readFileSync(file, 'utf8')));
  writeFileSync(file, JSON.stringify({ ...kept, mqtt: { host: 'localhost', port: way.port } }));
  const keys = new KeyRing(stateDir);
  const config = parseGatewayConfig({
    siteId,
    gatewayId,
    pollIntervalMs: 400,
    cloud: { url: cloud.runtime.url, caPath: cloud.runtime.mqtt.caPath, use: 'both' },
    miners: cloud.site
      .inventory()
      .map(({ minerId, vendor, host, rpcPort, httpPort, username, password, model }) => ({
        minerId,
        vendor,
        host,
        rpcPort,
        model,
        ...(httpPort !== undefined && { httpPort }),
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
      })),
    limits: {
      connectMs: 500,
      exchangeMs: 700,
      sweepMs: 5_000,
      effectMs: 20_000,
      effectPollMs: 50,
      maxBackoffMs: 300,
    },
  });
  if (!config.cloud) throw new Error('no cloud');
  const line = openLines({ cloud: config.cloud, keys, publishMs: 5_000, log: logNothing, receiptMs: 300 });
  const watched: EdgeBus = {
    ...line,
    subscribe: (topic, receive) =>
      line.subscribe(topic, async (payload) => {
        if (topic === topics.commandRequest(config))
          for (const one of envelopesIn(payload))
            received.push(commandEnvelope.parse(JSON.parse(Buffer.from(one).toString('utf8'))).commandId);
        if (topic === topics.receipt(config)) receipts.push(Date.now());
        await receive(payload);
      }),
  };
  agent = await startAgent(config, watched, { stateDir, log: logNothing, keys });
  await agent.ready;
}, 240_000);
afterAll(async () => {
  await agent?.stop();
  await way?.close();
  await cloud?.close();
});

const proposal = z.looseObject({ command: commandView });
const propose = async (minerId: string) => {
  const { siteId } = cloud.record;
  const command = await eventually('the proposal', async () => {
    const { body } = await cloud.call('operator', 'POST', '/api/v1/commands/propose', {
      headers: { 'idempotency-key': `restart-${minerId}` },
      body: {
        site_id: siteId,
        miner_id: minerId,
        command_type: 'MINER_RESTART',
        params: {},
        reason: 'Hangs',
      },
    });
    const proposed = proposal.safeParse(body);
    return proposed.success ? proposed.data.command : undefined;
  });
  await cloud.call('manager', 'POST', `/api/v1/commands/${command.command_id}/approve`, {
    body: { site_id: siteId, reason: 'Seen' },
  });
  return command.command_id;
};
const statusOf = async (commandId: string) => {
  const { body } = await cloud.call(
    'owner',
    'GET',
    `/api/v1/commands/${commandId}?site_id=${cloud.record.siteId}`,
  );
  return commandView.parse(body).status;
};
const completed = (commandId: string) =>
  eventually('the end of the command', async () => {
    const status = await statusOf(commandId);
    return ['COMPLETED', 'FAILED', 'UNKNOWN', 'EXPIRED'].includes(status) ? status : undefined;
  });

it('goes on over HTTPS when MQTT is away, and takes what comes over both paths once', async () => {
  const [first = '', second = ''] = cloud.site.inventory().map(({ minerId }) => minerId);
  await eventually('the line', () => (agent.status().online ? true : undefined));
  const one = await propose(first);
  expect(await completed(one)).toBe('COMPLETED');
  way.cut();
  const before = received.length;
  const two = await propose(second);
  expect(await completed(two)).toBe('COMPLETED');
  expect(received.slice(before)).toContain(two);
  // Telemetry goes on over HTTPS: nothing piles up.
  await eventually('an empty spool', () => (agent.status().spool.waiting <= 1 ? true : undefined));
  // So do receipts, or what was sent would lie in the spool until MQTT is back.
  const cutMs = Date.now();
  await eventually('a receipt over HTTPS', () => (receipts.some((at) => at > cutMs) ? true : undefined));
  way.mend();
  await eventually('the envelope that waited at the broker', () =>
    received.filter((id) => id === two).length >= 2 ? true : undefined,
  );
  expect(await statusOf(two)).toBe('COMPLETED');
  const { text } = await cloud.call(
    'owner',
    'GET',
    `/api/v1/audit/events?site_id=${cloud.record.siteId}&limit=200`,
  );
  expect(text.split('control.command.completed').length - 1).toBe(2);
  expect(text).not.toContain('command_refused');
}, 240_000);
