import { DescribeReplayCommand, EventBridgeClient, StartReplayCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { webhookWithSecret } from '../contracts/api-webhooks.ts';
import { type Receiver, startReceiver } from '../lambdas/webhooks/test-receiver.ts';
import { auditHead, eventually, type RunningCloud, startCloud } from './support/running-cloud.ts';

let cloud: RunningCloud;
let receiver: Receiver;
let client: EventBridgeClient;
beforeAll(async () => {
  [cloud, receiver] = await Promise.all([startCloud(2), startReceiver({})]);
  client = new EventBridgeClient({
    ...cloud.runtime.clientConfig,
    endpoint: String(cloud.runtime.endpoints.AWS_ENDPOINT_URL_EVENTBRIDGE),
  });
}, 120_000);
afterAll(async () => {
  client?.destroy();
  await receiver?.close();
  await cloud?.close();
});

/** Nothing lies in any queue, and no function runs. */
const settled = () =>
  eventually(
    'rest',
    async () => ((await cloud.queued('HashInsight')) === 0 && cloud.runtime.isIdle() ? true : undefined),
    60_000,
  );

it('bears that the whole archive comes over the bus again: nothing changes, nobody hears anything twice', async () => {
  const { siteId } = cloud.record;
  const made = await cloud.call('owner', 'POST', '/api/v1/webhooks', {
    body: { site_id: siteId, url: receiver.url, event_types: ['*'] },
  });
  expect(webhookWithSecret.parse(made.body).webhook.enabled).toBe(true);
  const zone = { zone_id: 'zone-again', name: 'Again', zone_type: 'room', capacity_kw: 5 };
  expect((await cloud.call('owner', 'POST', `/api/v1/sites/${siteId}/zones`, { body: zone })).status).toBe(
    201,
  );
  const asked = await cloud.call('operator', 'POST', '/api/v1/ai/recommendations', {
    body: {
      site_id: siteId,
      trigger_type: 'user_request',
      diagnosis: { root_cause: 'Hangs', evidence: ['No shares'], confidence: 0.9 },
      action_type: 'reboot',
      target_ids: ['m-0001'],
    },
  });
  expect(asked.status).toBe(201);
  await eventually('three events at the receiver', () => (receiver.received.length >= 3 ? true : undefined));
  await settled();
  const before = await auditHead(cloud, 'owner', siteId);
  const heard = receiver.received.length;
  const calls = cloud.invocationsOf('FanOutFunction');

  await client.send(
    new StartReplayCommand({
      ReplayName: 'everything',
      EventSourceArn: 'arn:aws:events:us-east-1:000000000000:archive/hashinsight',
      EventStartTime: new Date(Date.now() - 3_600_000),
      EventEndTime: new Date(Date.now() + 60_000),
      Destination: { Arn: 'arn:aws:events:us-east-1:000000000000:event-bus/hashinsight' },
    }),
  );
  expect(await client.send(new DescribeReplayCommand({ ReplayName: 'everything' }))).toMatchObject({
    State: 'COMPLETED',
  });
  await eventually('the replayed events', () =>
    cloud.invocationsOf('FanOutFunction') > calls ? true : undefined,
  );
  await settled();
  expect(await auditHead(cloud, 'owner', siteId)).toEqual(before);
  expect(receiver.received).toHaveLength(heard);
  expect(await cloud.queued('DeadLetters')).toBe(0);
}, 180_000);
