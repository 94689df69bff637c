import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeReplayCommand,
  EventBridgeClient,
  PutEventsCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { startEventBridge } from './start-eventbridge.ts';

const queue = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const busArn = 'arn:aws:events:us-east-1:000000000000:event-bus/hashinsight';
const archiveArn = 'arn:aws:events:us-east-1:000000000000:archive/all';
const event = z.looseObject({ detail: z.object({ n: z.int() }), 'replay-name': z.string().optional() });

let directory: string;
let service: Awaited<ReturnType<typeof startEventBridge>>;
let client: EventBridgeClient;
let taken: { to: string; n: number; replay: string | undefined }[];

const create = (kind: string, logicalId: string, properties: Record<string, unknown>) =>
  service.resources[kind]?.({ stack: 'Test', logicalId, type: kind, properties });
const rule = (name: string) =>
  create('AWS::Events::Rule', name, {
    Name: name,
    EventBusName: 'hashinsight',
    EventPattern: { source: ['test'] },
    Targets: [{ Id: 'T', Arn: queue(name) }],
  });

const start = async () => {
  service = await startEventBridge({
    region: 'us-east-1',
    accountId: '000000000000',
    stateDir: () => directory,
    log: () => {},
    invokeAsync: async () => {},
    startExecution: async () => {},
    sendToQueue: async (to, text) => {
      const { detail, 'replay-name': replay } = event.parse(JSON.parse(text));
      taken.push({ to: to.split(':').at(-1) ?? '', n: detail.n, replay });
    },
  });
  client = new EventBridgeClient({
    endpoint: service.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  create('AWS::Events::EventBus', 'Bus', { Name: 'hashinsight' });
  create('AWS::Events::Archive', 'Archive', {
    ArchiveName: 'all',
    SourceArn: busArn,
    EventPattern: { source: ['test'], detail: { n: [{ numeric: ['<', 500] }] } },
    RetentionDays: 400,
  });
  rule('first');
  rule('second');
  await service.begin?.();
};
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'archives-'));
  taken = [];
  await start();
});
afterEach(async () => {
  client.destroy();
  await service.close();
  rmSync(directory, { recursive: true });
});

const at = (minute: number) => new Date(Date.parse('2026-06-01T00:00:00Z') + minute * 60_000);
/** Events of one a minute, numbered. */
const put = async (from: number, count: number) => {
  for (let first = from; first < from + count; first += 10)
    await client.send(
      new PutEventsCommand({
        Entries: Array.from({ length: Math.min(10, from + count - first) }, (_, index) => ({
          EventBusName: 'hashinsight',
          Source: 'test',
          DetailType: 'counted',
          Detail: JSON.stringify({ n: first + index }),
          Time: at(first + index),
        })),
      }),
    );
};
const replay = (name: string, fromMinute: number, toMinute: number, rules?: readonly string[]) =>
  client.send(
    new StartReplayCommand({
      ReplayName: name,
      EventSourceArn: archiveArn,
      EventStartTime: at(fromMinute),
      EventEndTime: at(toMinute),
      Destination: {
        Arn: busArn,
        ...(rules && {
          FilterArns: rules.map((one) => `arn:aws:events:us-east-1:000000000000:rule/hashinsight/${one}`),
        }),
      },
    }),
  );
const replayed = (name: string) => taken.filter((one) => one.replay === name);
const numbers = (ones: typeof taken) => ones.map(({ n }) => n).toSorted((a, b) => a - b);

test('sends the events of a time again, to the named rules, told apart by the replay’s name', async () => {
  await put(0, 30);
  await vi.waitFor(() => expect(taken).toHaveLength(60));
  expect(await replay('again', 10, 20, ['second'])).toMatchObject({ State: 'STARTING' });
  await vi.waitFor(() => expect(replayed('again')).toHaveLength(10));
  expect(new Set(replayed('again').map(({ to }) => to))).toEqual(new Set(['second']));
  expect(numbers(replayed('again'))).toEqual(Array.from({ length: 10 }, (_, index) => 10 + index));
  expect(await client.send(new DescribeReplayCommand({ ReplayName: 'again' }))).toMatchObject({
    State: 'COMPLETED',
    EventSourceArn: archiveArn,
  });
});

test('keeps what its pattern wants over restarts, in pages, and nothing twice', async () => {
  await put(0, 450);
  await put(600, 5);
  await vi.waitFor(() => expect(taken).toHaveLength(2 * 455), { timeout: 20_000 });
  await service.close();
  client.destroy();
  await start();
  await replay('all', 0, 10_000, ['first']);
  await vi.waitFor(() => expect(replayed('all')).toHaveLength(450), { timeout: 20_000 });
  await replay('once-more', 0, 10_000, ['first']);
  await vi.waitFor(() => expect(replayed('once-more')).toHaveLength(450), { timeout: 20_000 });
  expect(numbers(replayed('once-more'))).toEqual(numbers(replayed('all')));
});

test('refuses a name that was used, an archive that is not there, and a time without length', async () => {
  await replay('taken', 0, 1);
  await expect(replay('taken', 0, 1)).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
  await expect(replay('none', 1, 1)).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(
    client.send(
      new StartReplayCommand({
        ReplayName: 'other',
        EventSourceArn: `${archiveArn}-none`,
        EventStartTime: at(0),
        EventEndTime: at(1),
        Destination: { Arn: busArn },
      }),
    ),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(client.send(new DescribeReplayCommand({ ReplayName: 'none' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});
