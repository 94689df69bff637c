import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { pollAnswer, receiptAnswer, registerAnswer, rotateAnswer } from '../contracts/api-edge.ts';
import { claimAnswer, gatewayView } from '../contracts/api-gateways.ts';
import { encodeBatch } from '../contracts/telemetry-batch.ts';
import { newRequest } from '../lambdas/gateway/test-gateways.ts';
import { eventually, type RunningCloud, startCloud } from './support/running-cloud.ts';

let cloud: RunningCloud;
beforeAll(async () => {
  cloud = await startCloud(2);
}, 120_000);
afterAll(() => cloud?.close());

const site = () => `/api/v1/sites/${cloud.record.siteId}`;
const asOwner = async <T>(schema: z.ZodType<T>, method: string, path: string, body?: object) =>
  schema.parse((await cloud.call('owner', method, path, { ...(body && { body }) })).body);
const asGateway = (
  token: string,
  method: string,
  path: string,
  more: Parameters<typeof cloud.call>[3] = {},
) =>
  cloud.call(undefined, method, `/api/edge/v1/${path}`, {
    ...more,
    headers: { authorization: `Bearer ${token}`, ...more.headers },
  });

const register = async (gatewayId: string) => {
  const { secret } = await asOwner(claimAnswer, 'POST', `${site()}/gateway-claims`, {
    gateway_id: gatewayId,
    name: 'Second gateway',
    zone_ids: [zoneId()],
  });
  const request = await newRequest();
  const answer = await cloud.call(undefined, 'POST', '/api/edge/v1/register', {
    body: { claim: secret.code, csr_pem: request.csrPem },
  });
  expect(answer.status).toBe(201);
  return { ...registerAnswer.parse(answer.body), keyPem: request.keyPem, code: secret.code };
};
const zoneId = () => cloud.site.inventory()[0]?.zoneId ?? '';
const aMiner = (minerId: string, gatewayId: string) => ({
  miner_id: minerId,
  vendor: 'antminer',
  model: 'Antminer S21',
  zone_id: zoneId(),
  gateway_id: gatewayId,
  rated_hashrate_ths: 200,
  rated_power_w: 3_500,
});

describe('a gateway over HTTPS', () => {
  it('registers by a claim, sends telemetry and events, polls, rotates, and is shut out', async () => {
    const { credentials, keyPem, code } = await register('gw-https');
    const { siteId } = cloud.record;
    createPrivateKey(keyPem);
    expect(
      (
        await cloud.call('owner', 'POST', `${site()}/miners`, {
          body: { miners: [aMiner('m-https', 'gw-https')] },
        })
      ).status,
    ).toBe(201);
    const token = credentials.device_token;

    // A stranger, another's claim, a session and an altered token: all are nobody here.
    const poll = 'commands/poll?wait_s=0';
    for (const headers of [{}, { cookie: cloud.cookieOf('owner') }, { authorization: `Bearer ${token}x` }])
      expect((await cloud.call(undefined, 'GET', `/api/edge/v1/${poll}`, { headers })).status).toBe(401);
    expect((await asGateway(token, 'GET', '../../v1/sites')).status).toBe(401);
    const stolen = await cloud.call(undefined, 'POST', '/api/edge/v1/register', {
      body: { claim: code, csr_pem: (await newRequest()).csrPem },
    });
    expect(stolen).toMatchObject({ status: 403, body: { error: 'Claim refused', code: 'forbidden' } });

    const nowMs = Date.now();
    const batch = encodeBatch({
      siteId,
      gatewayId: 'gw-https',
      shard: 0,
      sequence: 1,
      createdAtMs: nowMs,
      readings: [
        {
          minerId: 'm-https',
          sampledAtMs: nowMs,
          state: 'hashing',
          values: { hashrateThs: 123.4, powerW: 3_210 },
        },
      ],
    });
    const bytes = { raw: new Uint8Array(batch), headers: { 'content-type': 'application/octet-stream' } };
    expect(await asGateway(token, 'POST', 'telemetry/ingest', bytes)).toMatchObject({
      status: 202,
      body: { accepted: 1 },
    });
    const live = await eventually('the reading that came over HTTPS', async () => {
      const { text } = await cloud.call('owner', 'GET', `/api/v1/telemetry/live?site_id=${siteId}`);
      return text.includes('m-https') ? text : undefined;
    });
    expect(live).toContain('m-https');
    const receipt = await eventually(
      'the receipt for it',
      async () => receiptAnswer.parse((await asGateway(token, 'GET', 'telemetry/receipt')).body).receipt,
    );
    expect(receipt).toMatchObject({ gatewayId: 'gw-https', shards: [{ shard: 0, through: 1, gaps: [] }] });
    const wrongType = { ...bytes, headers: { 'content-type': 'text/plain' } };
    expect((await asGateway(token, 'POST', 'telemetry/ingest', wrongType)).status).toBe(400);

    const event = {
      version: 1,
      eventId: 'event-1',
      siteId,
      gatewayId: 'gw-https',
      atMs: nowMs,
      kind: 'over_temperature_stop',
      minerId: 'm-https',
      code: 'STOP_ORDERED',
      detail: 'chip at 111 °C',
    };
    const events = { body: { events: [event, { ...event, eventId: 'event-2' }, event] } };
    expect(await asGateway(token, 'POST', 'events/safety/batch', events)).toMatchObject({
      status: 202,
      body: { accepted: 3 },
    });
    const foreign = { body: { events: [{ ...event, gatewayId: 'gw-1' }] } };
    expect((await asGateway(token, 'POST', 'events/safety/batch', foreign)).status).toBe(403);
    const reported = async () => {
      const { text } = await cloud.call('owner', 'GET', `/api/v1/audit/events?site_id=${siteId}&limit=200`);
      return text.split('control.safety.reported').length - 1;
    };
    await eventually('both safety events in the audit log', async () =>
      (await reported()) === 2 ? true : undefined,
    );

    // It waits for as long as it was asked to, and no longer than 20 s.
    const startedMs = Date.now();
    const empty = pollAnswer.parse(
      (await asGateway(token, 'GET', 'commands/poll?wait_s=2&halt_epoch=0')).body,
    );
    expect(empty).toMatchObject({ commands: [], rotate: false });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(1_900);
    expect((await asGateway(token, 'GET', 'commands/poll?wait_s=21')).status).toBe(400);
    const ack = {
      version: 1,
      commandId: 'cmd-none',
      siteId,
      gatewayId: 'gw-https',
      atMs: nowMs,
      outcome: 'accepted',
    };
    expect((await asGateway(token, 'POST', 'commands/cmd-none/ack', { body: ack })).status).toBe(404);

    // A person asks for it, the waiting poll hears it, and the old token lives until the new one is used.
    const waiting = asGateway(token, 'GET', 'commands/poll?wait_s=20&halt_epoch=0');
    await cloud.call('owner', 'POST', `${site()}/gateways/gw-https/rotate`);
    expect(pollAnswer.parse((await waiting).body).rotate).toBe(true);
    const next = rotateAnswer.parse(
      (await asGateway(token, 'POST', 'credentials', { body: { csr_pem: (await newRequest()).csrPem } }))
        .body,
    ).credentials;
    expect((await asGateway(token, 'GET', poll)).status).toBe(200);
    expect((await asGateway(next.device_token, 'GET', poll)).status).toBe(200);
    expect((await asGateway(token, 'GET', poll)).status).toBe(401);
    const { gateway } = await asOwner(gatewayView, 'GET', `${site()}/gateways/gw-https`);
    expect(gateway).toMatchObject({
      generation: 2,
      rotation_requested: false,
      rotating: true,
      zone_ids: [zoneId()],
    });

    const again = asGateway(next.device_token, 'GET', 'commands/poll?wait_s=20&halt_epoch=0');
    const revoked = await cloud.call('owner', 'POST', `${site()}/gateways/gw-https/revoke`, {
      body: { reason: 'Stolen' },
    });
    expect(revoked).toMatchObject({ status: 200, body: { gateway: { status: 'revoked' } } });
    expect((await again).status).toBe(401);
    expect((await asGateway(next.device_token, 'GET', poll)).status).toBe(401);
  }, 240_000);
});
