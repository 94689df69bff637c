import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DeleteCommand, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../contracts/access.ts';
import { auditEventList, auditVerification, listAuditEventsQuery } from '../../contracts/api-audit.ts';
import { startTables } from '../../test/support/tables.ts';
import { listLinks, readHead, walkLinks } from './audit-repository.ts';
import { auditKeys, commitWithAudit, stateEvent } from './commit-with-audit.ts';
import { listEvents, verify } from './read-audit.ts';
import { isTenantLog, tenantLog } from './tenant-log.ts';

const root = join(import.meta.dirname, '..', '..');
const length = 25;
let tables: Awaited<ReturnType<typeof startTables<'Audit'>>>;
let store: { db: typeof tables.db; auditTable: string };

beforeAll(async () => {
  tables = await startTables([{ name: 'Audit' }]);
  store = { db: tables.db, auditTable: tables.nameOf('Audit') };
  for (const siteId of [1, 2])
    for (let index = 0; index < length; index++)
      await commitWithAudit(store)(
        [],
        [
          stateEvent({
            tenant_id: 'tenant-1',
            site_id: siteId,
            actor_type: 'user',
            actor_id: '5',
            type: 'control.command.denied',
            ref_type: 'command',
            ref_id: `cmd-${index}`,
            payload: { command_id: `cmd-${index}`, reason: 'too hot' },
          }),
        ],
      );
});
afterAll(() => tables.close());

const who: Principal = { userId: 1, name: 'An owner', tenantId: 'tenant-1', role: 'owner', siteIds: 'all' };
const deps = () => ({
  readHead: readHead(store),
  walkLinks: walkLinks(store),
  listLinks: listLinks(store),
  clock: { nowMs: () => 1_800_000_000_000 },
});

const audit = async (...options: string[]) => {
  const env = { ...process.env, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
  const run = promisify(execFile)(process.execPath, ['bin/audit-verify.ts', ...options], { cwd: root, env });
  return run.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
};
const fromTable = () => ['--table', store.auditTable, '--endpoint', tables.service.endpoint ?? ''];

/** Changes one item, asks, and puts the item back. */
const tampered = async <T>(
  key: { pk: string; sk: string },
  change: (item: Record<string, unknown>) => Record<string, unknown> | undefined,
  ask: () => Promise<T>,
) => {
  const { Item } = await store.db.send(new GetCommand({ TableName: store.auditTable, Key: key }));
  if (!Item) throw new Error('nothing to tamper with');
  const changed = change(structuredClone(Item));
  if (changed) await store.db.send(new PutCommand({ TableName: store.auditTable, Item: changed }));
  else await store.db.send(new DeleteCommand({ TableName: store.auditTable, Key: key }));
  const answer = await ask();
  await store.db.send(new PutCommand({ TableName: store.auditTable, Item }));
  return answer;
};

test('an untouched chain is intact, through the API and at the command line', async () => {
  const answered = await verify(deps())(who, 1);
  expect(auditVerification.parse(answered.ok && answered.value)).toMatchObject({ intact: true, length });
  const { code, stdout } = await audit(...fromTable());
  expect(stdout).toMatch(/^site 1: intact, 25 events, head [0-9a-f]{64}\nsite 2: intact, 25 events/);
  expect(code).toBe(0);
});

test.each([
  [
    'a word of its payload',
    7,
    (item) => ({
      ...item,
      event: { ...Object(item.event), payload: { command_id: 'cmd-6', reason: 'too cold' } },
    }),
    7,
  ],
  ['its actor', 1, (item) => ({ ...item, event: { ...Object(item.event), actor_id: '6' } }), 1],
  ['its tenant, with garbage', 1, (item) => ({ ...item, event: 'gone' }), 1],
  ['its hash', 12, (item) => ({ ...item, event_hash: 'f'.repeat(64) }), 12],
  ['itself: deleted', 13, () => undefined, 13],
  ['the last: deleted', length, () => undefined, length],
] satisfies [
  string,
  number,
  (item: Record<string, unknown>) => Record<string, unknown> | undefined,
  number,
][])('one row altered is found: %s (row %i)', async (_, seq, change, at) => {
  await tampered(auditKeys.link(1, seq), change, async () => {
    const answered = await verify(deps())(who, 1);
    expect(answered).toMatchObject({ ok: true, value: { intact: false, fault: { seq: at } } });
  });
  expect(await verify(deps())(who, 1)).toMatchObject({ value: { intact: true } });
});

test('the command line names the broken row, fails, and still reports the other site', async () => {
  const change = (item: Record<string, unknown>) => ({ ...item, prev_hash: '0'.repeat(64) });
  const { code, stdout } = await tampered(auditKeys.link(1, 9), change, () =>
    audit(...fromTable(), '--json'),
  );
  expect(code).toBe(1);
  const [first, second] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({ site_id: 1, intact: false, seq: 9, code: 'previous' });
  expect(second).toMatchObject({ site_id: 2, intact: true, length });
});

test('an export verifies without any table, in plain lines and as DynamoDB exports it', async () => {
  const { Items = [] } = await store.db.send(new ScanCommand({ TableName: store.auditTable }));
  const { marshall } = await import('@aws-sdk/util-dynamodb');
  const directory = mkdtempSync(join(tmpdir(), 'audit-export-'));
  const file = join(directory, 'export.jsonl');
  const write = (lines: readonly unknown[]) =>
    writeFileSync(file, lines.map((one) => JSON.stringify(one)).join('\n'));
  write(Items.toReversed());
  expect(await audit('--file', file)).toMatchObject({ code: 0 });
  write([
    { Item: { pk: { S: 'SITES' }, sk: { S: '2' }, seen: { BOOL: true } } },
    { Item: { pk: { S: 'SITE#2' }, sk: { S: 'CHECKPOINT' }, edge: { L: [{ B: 'AAECAw==' }] } } },
    ...Items.map((item) => ({ Item: marshall(item) })),
  ]);
  expect(await audit('--file', file, '--site', '2')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^site 2: intact, 25/),
  });
  write(Items.filter((item) => item.sk !== auditKeys.link(2, 4).sk || item.pk !== 'SITE#2'));
  expect(await audit('--file', file)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('site 2: BROKEN at event 4 of 25'),
  });
  write([{ something: 'else' }]);
  expect(await audit('--file', file)).toMatchObject({ code: 2 });
  rmSync(directory, { recursive: true });
});

test('events are listed newest first, page by page, to their tenant only', async () => {
  const list = listEvents(deps());
  const seqs: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(who, 1, 10, listAuditEventsQuery.shape.cursor.parse(cursor));
    if (!page.ok) throw new Error(page.failure.message);
    auditEventList.parse(page.value);
    seqs.push(...page.value.events.map(({ seq }) => seq));
    cursor = page.value.next_cursor;
  } while (cursor);
  expect(seqs).toEqual(Array.from({ length }, (_, index) => length - index));
  for (const stranger of [
    { ...who, tenantId: 'tenant-2' },
    { ...who, siteIds: [2] },
  ])
    for (const answer of [await list(stranger, 1, 10), await verify(deps())(stranger, 1)])
      expect(answer).toMatchObject({ ok: false, failure: { code: 'not_found' } });
});

test('a tenant has a log of its own, for those who manage its people', async () => {
  const log = tenantLog('tenant-3');
  expect([isTenantLog(log), isTenantLog(999_999_999), Number.isSafeInteger(log)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(log).not.toBe(tenantLog('tenant-4'));
  await commitWithAudit(store)(
    [],
    [
      stateEvent({
        tenant_id: 'tenant-3',
        site_id: log,
        actor_type: 'user',
        actor_id: '5',
        type: 'identity.user.signed_in',
        ref_type: 'user',
        ref_id: '5',
        payload: { user_id: 5 },
      }),
    ],
  );
  const owner: Principal = { ...who, tenantId: 'tenant-3', siteIds: [2] };
  expect(await verify(deps())(owner, log)).toMatchObject({ ok: true, value: { intact: true, length: 1 } });
  for (const stranger of [
    { ...owner, role: 'mining_site_owner' } as const,
    { ...owner, tenantId: 'tenant-4' },
  ])
    expect(await verify(deps())(stranger, log)).toMatchObject({ ok: false, failure: { code: 'not_found' } });
  expect(await audit(...fromTable(), '--site', String(log))).toMatchObject({ code: 0 });
});
