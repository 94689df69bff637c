import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { domainEvent } from '../../contracts/domain-event.ts';
import { startDynamoDb } from '../../local/dynamodb/start-dynamodb.ts';
import type { StreamRecord } from '../../local/ports.ts';
import { verifyChain } from './audit-chain.ts';
import { auditKeys, commitWithAudit, stateEvent } from './commit-with-audit.ts';

let directory: string;
let service: Awaited<ReturnType<typeof startDynamoDb>>;
let db: DynamoDBDocumentClient;
let auditTable: string;
let streamArn: string;
let commands: string;

const deploy = async (logicalId: string) => {
  const handler = service.resources['AWS::DynamoDB::GlobalTable'];
  if (!handler) throw new Error('no handler');
  return handler({
    stack: 'Test',
    logicalId,
    type: 'AWS::DynamoDB::GlobalTable',
    properties: {
      AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      Replicas: [{ Region: 'us-east-1' }],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    },
  });
};
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'audit-'));
  service = await startDynamoDb({
    region: 'us-east-1',
    accountId: '000000000000',
    stateDir: () => directory,
    log: () => {},
  });
  const audit = await deploy('Audit');
  auditTable = audit.ref;
  streamArn = audit.attributes?.StreamArn ?? '';
  commands = (await deploy('Commands')).ref;
  db = newClient();
});
afterEach(async () => {
  db.destroy();
  await service.close();
  rmSync(directory, { recursive: true });
});

/** Another process, as far as the chain can tell. */
const newClient = () => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint: service.endpoint, region: 'us-east-1', credentials }),
  );
};

const storedLink = z.object({
  seq: z.int(),
  event: domainEvent,
  prev_hash: z.string(),
  event_hash: z.string(),
});
const storedHead = z.object({ seq: z.int(), event_hash: z.string() });

const chainOf = async (siteId: number) => {
  const links: z.infer<typeof storedLink>[] = [];
  const query = {
    TableName: auditTable,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :link)',
    ExpressionAttributeValues: { ':pk': `SITE#${siteId}`, ':link': 'LINK#' },
    ConsistentRead: true,
  };
  for await (const page of paginateQuery({ client: db }, query))
    links.push(...z.array(storedLink).parse(page.Items));
  const { Item } = await db.send(
    new GetCommand({ TableName: auditTable, Key: auditKeys.head(siteId), ConsistentRead: true }),
  );
  return { links, head: storedHead.parse(Item ?? { seq: 0, event_hash: '0'.repeat(64) }) };
};

const proposed = (commandId: string, siteId = 1) =>
  stateEvent({
    tenant_id: 'tenant-1',
    site_id: siteId,
    actor_type: 'user',
    actor_id: '7',
    type: 'control.command.proposed',
    ref_type: 'command',
    ref_id: commandId,
    payload: { command_id: commandId, miner_id: 'M-1', command_type: 'MINER_RESTART' },
  });
const newCommand = (commandId: string) => ({
  Put: {
    TableName: commands,
    Item: { pk: 'SITE#1', sk: commandId, status: 'PENDING' },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  },
});
const commit = (
  items: Parameters<ReturnType<typeof commitWithAudit>>[0],
  events: Parameters<ReturnType<typeof commitWithAudit>>[1],
) => commitWithAudit({ db, auditTable })(items, events);

test('fifty writers at once on one site are all committed, as one intact chain, and announced in its order', async () => {
  const announced: StreamRecord[] = [];
  const reader = service.streams.subscribe(streamArn, {
    name: 'outbox',
    startingPosition: 'TRIM_HORIZON',
    maxRecords: 100,
    gatherMs: 0,
    deliver: async (records) => void announced.push(...records),
  });
  const ids = Array.from({ length: 50 }, (_, index) => `cmd-${index}`);
  const processes = Array.from({ length: 10 }, () => newClient());
  const commits = processes.map((client) => commitWithAudit({ db: client, auditTable }));
  const results = await Promise.all(
    ids.map((id, index) => commits[index % 10]?.([newCommand(id)], [proposed(id)])),
  );
  for (const client of processes) client.destroy();
  expect(results.filter((result) => result?.ok)).toHaveLength(50);
  const { links, head } = await chainOf(1);
  expect(verifyChain(links, head)).toEqual({ intact: true, length: 50, head: head.event_hash });
  expect(new Set(links.map(({ event }) => event.ref_id))).toEqual(new Set(ids));
  const isLink = ({ dynamodb }: StreamRecord) => JSON.stringify(dynamodb.Keys.sk).includes('LINK#');
  await vi.waitFor(() => expect(announced.filter(isLink)).toHaveLength(50));
  expect(announced.filter(isLink).map(({ dynamodb }) => dynamodb.NewImage?.seq)).toEqual(
    ids.map((_, index) => ({ N: String(index + 1) })),
  );
  await reader.close();
});

test('fifty commits of one process, behind the back of which another wrote, are all done', async () => {
  await commit([], [proposed('first')]);
  const other = newClient();
  await commitWithAudit({ db: other, auditTable })([], [proposed('foreign')]);
  other.destroy();
  const ids = Array.from({ length: 50 }, (_, index) => `cmd-${index}`);
  await Promise.all(ids.map((id) => commit([newCommand(id)], [proposed(id)])));
  const { links, head } = await chainOf(1);
  expect(verifyChain(links, head)).toMatchObject({ intact: true, length: 52 });
  expect(links.map(({ event }) => event.ref_id)).toEqual(['first', 'foreign', ...ids]);
});

test('several events of one commit are consecutive links; each site has its own chain', async () => {
  await commit([], [proposed('a'), proposed('b')]);
  await commit([], [proposed('c', 2)]);
  const first = await chainOf(1);
  expect(first.links.map(({ seq, event }) => [seq, event.ref_id])).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
  expect(verifyChain(first.links, first.head).intact).toBe(true);
  expect((await chainOf(2)).head.seq).toBe(1);
});

test('a failed condition of an own item writes nothing and answers its place and its current content', async () => {
  await commit([newCommand('cmd-1')], [proposed('cmd-1')]);
  const before = await chainOf(1);
  const result = await commit([newCommand('cmd-2'), newCommand('cmd-1')], [proposed('cmd-2')]);
  expect(result).toEqual({
    ok: false,
    conflict: 1,
    current: { pk: 'SITE#1', sk: 'cmd-1', status: 'PENDING' },
  });
  expect(await chainOf(1)).toEqual(before);
  expect(
    (await db.send(new GetCommand({ TableName: commands, Key: { pk: 'SITE#1', sk: 'cmd-2' } }))).Item,
  ).toBeUndefined();
});

test('of many writers of one state change exactly one wins, and the others see what it wrote', async () => {
  await commit([newCommand('cmd-1')], [proposed('cmd-1')]);
  const approve = (by: string) =>
    commit(
      [
        {
          Update: {
            TableName: commands,
            Key: { pk: 'SITE#1', sk: 'cmd-1' },
            UpdateExpression: 'SET #status = :approved, approver = :by',
            ConditionExpression: '#status = :pending',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: { ':approved': 'APPROVED', ':pending': 'PENDING', ':by': by },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ],
      [proposed('cmd-1')],
    );
  const results = await Promise.all(Array.from({ length: 12 }, (_, index) => approve(`user-${index}`)));
  const [loser] = results.filter((result) => !result.ok);
  expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  expect(loser).toMatchObject({
    conflict: 0,
    current: { status: 'APPROVED', approver: expect.stringMatching(/^user-/) },
  });
  const { links, head } = await chainOf(1);
  expect(verifyChain(links, head)).toMatchObject({ intact: true, length: 2 });
});

test('events of two sites, or none, are refused', async () => {
  await expect(commit([], [proposed('a'), proposed('b', 2)])).rejects.toThrow('exactly one site');
  await expect(commit([], [])).rejects.toThrow('exactly one site');
});

test('an event that the catalogue does not allow is refused before anything is written', () => {
  const event = {
    tenant_id: 't',
    site_id: 1,
    actor_type: 'user',
    actor_id: '7',
    ref_type: 'command',
    ref_id: 'x',
  } as const;
  expect(() =>
    stateEvent({ ...event, type: 'control.command.expired', payload: JSON.parse('{}') }),
  ).toThrow();
});
