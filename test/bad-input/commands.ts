import { createHmac, randomBytes } from 'node:crypto';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import canonicalize from 'canonicalize';
import { expect, it } from 'vitest';
import { auditEventList } from '../../contracts/api-audit.ts';
import type { CommandEnvelope, CommandOrder, UnsignedEnvelope } from '../../contracts/command.ts';
import { topics } from '../../contracts/topics.ts';
import { lineGatewayId, restartedMiner, type Stage } from '../support/bad-input-stage.ts';
import { eventually } from '../support/running-cloud.ts';

/** A miner that nothing else in these tests touches, and an order that would show. */
const target = 'm-0004';
const order: CommandOrder = { type: 'HASHING_DISABLE', params: {} };

export const commandTests = (stageOf: () => Stage) => {
  const signed = (unsigned: object, secret = stageOf().cloud.record.hmacSecret) => ({
    ...unsigned,
    signature: createHmac('sha256', Buffer.from(secret, 'base64'))
      .update(canonicalize(unsigned) ?? '')
      .digest('base64'),
  });
  const lastGenuine = () => {
    const last = stageOf().gateway.received.findLast(({ minerId }) => minerId === restartedMiner);
    if (!last) throw new Error('the gateway has received nothing');
    return last;
  };
  let made = 0;
  /** What the cloud would send next to the target, not signed yet. */
  const next = (): UnsignedEnvelope => {
    const { signature: _, ...genuine } = lastGenuine();
    const commandId = `cmd-forged-${++made}`;
    const nowMs = Date.now();
    return {
      ...genuine,
      commandId,
      dedupeKey: commandId,
      minerId: target,
      order,
      issuedAtMs: nowMs,
      expiresAtMs: nowMs + 60_000,
      nonce: randomBytes(16).toString('base64url'),
      sequence: genuine.sequence + 1,
    };
  };
  const safetyEvents = async () => {
    const { cloud, ids } = stageOf();
    const { events } = auditEventList.parse(
      (await cloud.call('owner', 'GET', `/api/v1/audit/events?site_id=${ids.siteId}&limit=200`)).body,
    );
    return events.filter(({ type }) => type === 'control.safety.reported');
  };
  const publish = async (payload: string | Uint8Array) => {
    const { runtime, record } = stageOf().cloud;
    const iot = new IoTDataPlaneClient({
      ...runtime.clientConfig,
      endpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_IOT_DATA_PLANE),
    });
    await iot.send(
      new PublishCommand({ topic: topics.commandRequest(record), qos: 1, payload: Buffer.from(payload) }),
    );
    iot.destroy();
  };
  const commandRead = async (commandId: string) =>
    (
      await stageOf().cloud.call(
        'owner',
        'GET',
        `/api/v1/commands/${commandId}?site_id=${stageOf().ids.siteId}`,
      )
    ).body;

  it('refuses what is unsigned, altered, replayed, late or for somebody else, with its code', async () => {
    const { cloud, ids } = stageOf();
    const before = cloud.site.physical(target);
    const text = (value: unknown) => JSON.stringify(value);
    const altered = (change: Partial<UnsignedEnvelope>) => text({ ...signed(next()), ...change });
    const { sequence, nonce } = lastGenuine();
    const { signature: _, ...unsigned } = signed(next());
    const otherSecret = randomBytes(32).toString('base64');
    const nowMs = Date.now();
    const cases: readonly (readonly [name: string, payload: string | Uint8Array, code: string])[] = [
      ['nothing', '', 'MALFORMED'],
      ['a text', 'restart', 'MALFORMED'],
      ['bytes', Uint8Array.of(0xff, 0, 0xfe), 'MALFORMED'],
      ['half an envelope', text(signed(next())).slice(0, 200), 'MALFORMED'],
      ['more than an envelope', text({ ...signed(next()), padding: 'x'.repeat(70_000) }), 'MALFORMED'],
      ['a field too many', text(signed({ ...next(), extra: 1 })), 'MALFORMED'],
      [
        'an unknown order',
        text(signed({ ...next(), order: { type: 'SELF_DESTRUCT', params: {} } })),
        'MALFORMED',
      ],
      ['no signature', text(unsigned), 'MALFORMED'],
      ['an empty signature', text({ ...unsigned, signature: '' }), 'BAD_SIGNATURE'],
      ['another secret', text(signed(next(), otherSecret)), 'BAD_SIGNATURE'],
      ['another command id', altered({ commandId: 'cmd-other' }), 'BAD_SIGNATURE'],
      ['another miner', altered({ minerId: 'm-0003' }), 'BAD_SIGNATURE'],
      ['another order', altered({ order: { type: 'MINER_RESTART', params: {} } }), 'BAD_SIGNATURE'],
      ['another priority', altered({ priority: 10 }), 'BAD_SIGNATURE'],
      ['another time of issue', altered({ issuedAtMs: nowMs - 1 }), 'BAD_SIGNATURE'],
      ['a longer life', altered({ expiresAtMs: nowMs + 3_600_000 }), 'BAD_SIGNATURE'],
      ['another dedupe key', altered({ dedupeKey: 'other' }), 'BAD_SIGNATURE'],
      ['another nonce', altered({ nonce: randomBytes(16).toString('base64url') }), 'BAD_SIGNATURE'],
      ['another sequence', altered({ sequence: sequence + 2 }), 'BAD_SIGNATURE'],
      ['other approvers', altered({ approvers: ['user:2'] }), 'BAD_SIGNATURE'],
      ['another key id', altered({ keyId: 'k-unknown' }), 'UNKNOWN_KEY'],
      ['another site', altered({ siteId: stageOf().rival.siteId }), 'WRONG_SITE'],
      ['another gateway', altered({ gatewayId: lineGatewayId }), 'WRONG_GATEWAY'],
      ['another gateway, signed', text(signed({ ...next(), gatewayId: lineGatewayId })), 'WRONG_GATEWAY'],
      [
        'expired',
        text(signed({ ...next(), issuedAtMs: nowMs - 120_000, expiresAtMs: nowMs - 60_000 })),
        'EXPIRED',
      ],
      [
        'not valid yet',
        text(signed({ ...next(), issuedAtMs: nowMs + 60_000, expiresAtMs: nowMs + 90_000 })),
        'NOT_YET_VALID',
      ],
      ['a nonce again', text(signed({ ...next(), nonce })), 'REPLAYED_NONCE'],
      ['the same sequence', text(signed({ ...next(), sequence })), 'STALE_SEQUENCE'],
      ['a miner that is not there', text(signed({ ...next(), minerId: 'm-none' })), 'UNKNOWN_MINER'],
    ];
    const known = new Set((await safetyEvents()).map(({ event_id }) => event_id));
    const genuine = await commandRead(ids.commandId);
    const reported: string[] = [];
    for (const [name, payload, code] of cases) {
      await publish(payload);
      const event = await eventually(`the safety event of ${name}`, async () =>
        (await safetyEvents()).find(({ event_id }) => !known.has(event_id)),
      );
      known.add(event.event_id);
      reported.push(`${name}: ${String(event.payload.code)}`);
      expect(event).toMatchObject({
        actor_type: 'device',
        payload: { kind: 'command_refused', gateway_id: ids.gatewayId, code },
      });
    }
    expect(reported).toEqual(cases.map(([name, , code]) => `${name}: ${code}`));
    const after = cloud.site.physical(target);
    expect(after).toMatchObject({ phase: before.phase, hashing: true, frequencyMhz: before.frequencyMhz });
    expect(after.uptimeS).toBeGreaterThanOrEqual(before.uptimeS);
    expect(await commandRead(ids.commandId)).toEqual(genuine);
    expect((await commandRead('cmd-forged-1')) as object).toMatchObject({ code: 'not_found' });
  });

  it('answers a genuine command that comes again, without another effect and without alarm', async () => {
    const { cloud, ids } = stageOf();
    const genuine: CommandEnvelope = lastGenuine();
    expect(genuine.commandId).toBe(ids.commandId);
    const before = cloud.site.physical(restartedMiner);
    const alarms = (await safetyEvents()).length;
    const record = await commandRead(ids.commandId);
    const heard = cloud.invocationsOf('ResponseFunction');
    for (let time = 0; time < 3; time++) await publish(JSON.stringify(genuine));
    await eventually('an answer', () => cloud.invocationsOf('ResponseFunction') > heard || undefined);
    await eventually(
      'every answer taken',
      async () => (await cloud.queued('ResponsesQueue')) <= 2 || undefined,
    );
    const after = cloud.site.physical(restartedMiner);
    expect(after.uptimeS).toBeGreaterThanOrEqual(before.uptimeS);
    expect(after.hashing).toBe(true);
    expect(await safetyEvents()).toHaveLength(alarms);
    expect(await commandRead(ids.commandId)).toEqual(record);
  });

  it('has left no dead letter', async () => {
    expect(await stageOf().cloud.queued('DeadLetters')).toBe(0);
  });
};
