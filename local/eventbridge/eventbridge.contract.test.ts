import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patternCases } from './event-pattern.cases.ts';
import { startEventBridge } from './start-eventbridge.ts';

/** The same expectations of our service and, when one is named, of an independent emulator. */
const peer = process.env.HASHINSIGHT_PEER_ENDPOINT;
if (!peer)
  console.log(
    'HASHINSIGHT_PEER_ENDPOINT is not set: the contract is tested against our own EventBridge only',
  );

type Subject = { readonly endpoint: string; readonly close: () => Promise<void> };
const subjects: readonly (readonly [string, () => Promise<Subject>])[] = [
  [
    'local',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'eventbridge-contract-'));
      const nothing = async () => {};
      const service = await startEventBridge({
        region: 'us-east-1',
        accountId: '000000000000',
        stateDir: () => directory,
        log: () => {},
        invokeAsync: nothing,
        sendToQueue: nothing,
        startExecution: nothing,
      });
      return {
        endpoint: service.endpoint,
        close: async () => {
          await service.close();
          rmSync(directory, { recursive: true });
        },
      };
    },
  ],
  ...(peer ? [['peer', async () => ({ endpoint: peer, close: async () => {} })] as const] : []),
];

describe.each(subjects)('EventBridge (%s)', (_name, start) => {
  let subject: Subject;
  let client: EventBridgeClient;
  beforeAll(async () => {
    subject = await start();
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    client = new EventBridgeClient({ endpoint: subject.endpoint, region: 'us-east-1', credentials });
  });
  afterAll(async () => {
    client.destroy();
    await subject.close();
  });

  test.each(patternCases)('pattern: %s', async (_title, pattern, fields, expected) => {
    const event = {
      version: '0',
      id: '1',
      'detail-type': 'thing.done',
      source: 'test',
      account: '000000000000',
      time: '2026-01-02T03:04:05Z',
      region: 'us-east-1',
      resources: [],
      detail: {},
      ...fields,
    };
    const asked = { EventPattern: JSON.stringify(pattern), Event: JSON.stringify(event) };
    expect((await client.send(new TestEventPatternCommand(asked))).Result).toBe(expected);
  });

  test('a pattern that is none is refused', async () => {
    const asked = { EventPattern: '{"source":"test"}', Event: '{}' };
    await expect(client.send(new TestEventPatternCommand(asked))).rejects.toMatchObject({
      name: 'InvalidEventPatternException',
    });
  });

  test('good entries are accepted with an id each, a bad one is refused by itself', async () => {
    const good = { Source: 'test', DetailType: 'thing.done', Detail: '{}' };
    const answer = await client.send(
      new PutEventsCommand({ Entries: [good, { ...good, Detail: 'no' }, good] }),
    );
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries?.map((one) => one.ErrorCode)).toEqual([undefined, 'MalformedDetail', undefined]);
    expect(new Set(answer.Entries?.map((one) => one.EventId)).size).toBe(3);
  });

  test('more than ten entries are refused', async () => {
    const good = { Source: 'test', DetailType: 'thing.done', Detail: '{}' };
    await expect(
      client.send(new PutEventsCommand({ Entries: Array.from({ length: 11 }, () => good) })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});
