import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { expect, it } from 'vitest';
import { auditEventList } from '../../contracts/api-audit.ts';
import { liveAnswer, seriesAnswer } from '../../contracts/api-telemetry.ts';
import { quarantineAnswer } from '../../contracts/api-telemetry-losses.ts';
import { encodeBatch } from '../../contracts/telemetry-batch.ts';
import { topics, uplinks } from '../../contracts/topics.ts';
import { lineGatewayId, type Stage, strangeGatewayId } from '../support/bad-input-stage.ts';
import { eventually } from '../support/running-cloud.ts';
import { type DamagedBatch, damagedBatches } from './damaged-batches.ts';

const bytesOf = (text: string) => Buffer.from(text, 'utf8');
export const batchTests = (stageOf: () => Stage) => {
  let sequence = 0;
  const aBatch = (
    changes: Partial<Parameters<typeof encodeBatch>[0]> = {},
    atMs = Date.now(),
    hashrateThs = 100,
  ) =>
    encodeBatch({
      siteId: stageOf().ids.siteId,
      gatewayId: lineGatewayId,
      shard: 0,
      sequence: ++sequence,
      createdAtMs: atMs,
      readings: [{ minerId: 'x-1', sampledAtMs: atMs, state: 'hashing', values: { hashrateThs } }],
      ...changes,
    });
  const place = () => ({ siteId: stageOf().ids.siteId, gatewayId: lineGatewayId });
  const send = async (bytes: Uint8Array) => {
    const { line } = stageOf();
    await eventually('the line', () => line.isUp() || undefined);
    await line.publish(uplinks.telemetry(place()), bytes);
  };
  const setAside = async () =>
    quarantineAnswer
      .parse(
        (
          await stageOf().cloud.call(
            'owner',
            'GET',
            `/api/v1/telemetry/quarantine?site_id=${stageOf().ids.siteId}&limit=200`,
          )
        ).body,
      )
      .batches.filter(({ gateway_id }) => gateway_id === lineGatewayId);
  const liveIds = async (siteId: number, who: 'owner' | 'rival' = 'owner') =>
    liveAnswer.parse(
      (await stageOf().cloud.call(who, 'GET', `/api/v1/telemetry/live?site_id=${siteId}`)).body,
    ).columns.miner_id;

  it('sets aside what it cannot use, each with its reason, and stores nothing of it', async () => {
    const { cloud, ids, rival } = stageOf();
    const good = aBatch();
    const cases: readonly DamagedBatch[] = [
      ...damagedBatches(good),
      ['another site', aBatch({ siteId: rival.siteId }), 'WRONG_PLACE'],
      ['another gateway', aBatch({ gatewayId: ids.gatewayId }), 'WRONG_PLACE'],
      ['the future', aBatch({}, Date.now() + 3_600_000), 'FROM_THE_FUTURE'],
    ];
    for (const [, bytes] of cases) await send(bytes);
    const kept = await eventually('every batch in quarantine', async () => {
      const found = await setAside();
      return found.length >= cases.length ? found : undefined;
    });
    const expected = cases.map(([, bytes, fault]) => `${fault} ${bytes.length}`).toSorted();
    expect(kept.map(({ fault, bytes }) => `${fault} ${bytes}`).toSorted()).toEqual(expected);
    expect(kept.every(({ detail }) => detail.length > 0)).toBe(true);

    const audit = auditEventList.parse(
      (await cloud.call('owner', 'GET', `/api/v1/audit/events?site_id=${ids.siteId}&limit=200`)).body,
    );
    const audited = audit.events.filter(({ type }) => type === 'telemetry.batch.set_aside');
    expect(audited.map(({ ref_id }) => ref_id).toSorted()).toEqual(
      kept.map(({ quarantine_id }) => quarantine_id).toSorted(),
    );
    expect(await liveIds(ids.siteId)).not.toContain('x-1');
    expect(await liveIds(rival.siteId, 'rival')).toEqual([]);
    const rivals = await cloud.call('rival', 'GET', `/api/v1/telemetry/quarantine?site_id=${rival.siteId}`);
    expect(rivals.body).toEqual({ batches: [], count: 0 });
  });

  it('pages through what was set aside', async () => {
    const { cloud, ids } = stageOf();
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = quarantineAnswer.parse(
        (
          await cloud.call(
            'owner',
            'GET',
            `/api/v1/telemetry/quarantine?site_id=${ids.siteId}&limit=7${cursor}`,
          )
        ).body,
      );
      seen.push(...page.batches.map(({ quarantine_id }) => quarantine_id));
      cursor = page.next_cursor ? `&cursor=${page.next_cursor}` : '';
    } while (cursor);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength((await setAside()).length);
  });

  it('takes a batch that comes twice once, and another of the same name not at all', async () => {
    const { cloud, ids } = stageOf();
    const atMs = Date.now();
    const name = { sequence: 500, createdAtMs: atMs };
    const good = aBatch(name, atMs);
    await send(good);
    await send(good);
    await send(aBatch(name, atMs, 55));
    await send(aBatch({ sequence: 501 }, atMs + 1, 70));
    await eventually('the last batch', async () => {
      const { columns } = liveAnswer.parse(
        (await cloud.call('owner', 'GET', `/api/v1/telemetry/live?site_id=${ids.siteId}`)).body,
      );
      const at = columns.miner_id.indexOf('x-1');
      return columns.sampled_at[at] === new Date(atMs + 1).toISOString() || undefined;
    });
    await eventually('empty queues', async () => (await cloud.queued('Batches')) === 0 || undefined);
    const series = seriesAnswer.parse(
      (
        await cloud.call(
          'owner',
          'GET',
          `/api/v1/telemetry/series?site_id=${ids.siteId}&miner_id=x-1&tier=raw`,
        )
      ).body,
    );
    expect(series.points).toMatchObject([
      { values: { hashrate_ths: 100 } },
      { values: { hashrate_ths: 70 } },
    ]);
  });

  it('disconnects a gateway that does what is not its own, and stores nothing', async () => {
    const { cloud, ids, rival, strange } = stageOf();
    const before = await setAside();
    const connect = (clientId: string) =>
      connectAsync(`mqtts://${strange.host}:${strange.port}`, {
        clientId,
        ca: readFileSync(strange.caPath),
        cert: readFileSync(strange.certPath),
        key: readFileSync(strange.keyPath),
        protocolVersion: 4,
        reconnectPeriod: 0,
      });
    const mine = { siteId: ids.siteId, gatewayId: strangeGatewayId };
    const others = { siteId: ids.siteId, gatewayId: lineGatewayId };
    const response = bytesOf(
      JSON.stringify({
        version: 1,
        commandId: ids.commandId,
        ...others,
        atMs: Date.now(),
        outcome: 'accepted',
      }),
    );
    for (const [topic, payload] of [
      [uplinks.telemetry(others), aBatch()],
      [uplinks.telemetry({ siteId: rival.siteId, gatewayId: strangeGatewayId }), aBatch()],
      [topics.telemetry(mine), aBatch()],
      [uplinks.commandResponse(others), response],
      [uplinks.safety(others), response],
      [topics.commandRequest(others), response],
      [topics.commandRequest(mine), response],
      ['$aws/rules/hashinsight_telemetry', aBatch()],
      ['anything', bytesOf('x')],
      [uplinks.telemetry(mine), Buffer.alloc(128 * 1024 + 1)],
    ] as const) {
      const client = await connect(strangeGatewayId);
      const closed = new Promise<string>((resolve) => client.once('close', () => resolve('closed')));
      client.on('error', () => {});
      client.publish(topic, Buffer.from(payload), { qos: 1 });
      expect([topic, await closed]).toEqual([topic, 'closed']);
      client.end(true);
    }
    await expect(connect(lineGatewayId)).rejects.toThrow();
    const client = await connect(strangeGatewayId);
    for (const topic of [topics.commandRequest(others), '#', 'cmd/hashinsight/+/+/request'])
      expect(await client.subscribeAsync(topic, { qos: 1 }).catch(() => 'refused')).toBe('refused');
    client.end(true);
    expect(await setAside()).toEqual(before);
    expect(await liveIds(rival.siteId, 'rival')).toEqual([]);
    for (const name of ['Batches', 'Unusable', 'DeadLetters'])
      await expect.poll(() => cloud.queued(name), { message: name, timeout: 15_000 }).toBe(0);
  });

  it('takes no other gateway’s word for a command', async () => {
    const { cloud, ids, line } = stageOf();
    const read = async () =>
      (await cloud.call('owner', 'GET', `/api/v1/commands/${ids.commandId}?site_id=${ids.siteId}`)).body;
    const before = await read();
    const say = (payload: object) =>
      line.publish(uplinks.commandResponse(place()), bytesOf(JSON.stringify(payload)));
    const answer = {
      version: 1,
      commandId: ids.commandId,
      ...place(),
      atMs: Date.now(),
      outcome: 'failed',
      detail: 'made up',
    };
    for (const lie of [answer, { ...answer, gatewayId: ids.gatewayId }]) {
      const heard = cloud.invocationsOf('ResponseFunction');
      await say(lie);
      await eventually('the hearing', () => cloud.invocationsOf('ResponseFunction') > heard || undefined);
    }
    expect(await read()).toEqual(before);
  });
};
