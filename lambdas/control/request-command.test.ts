import { afterEach, beforeEach, expect, test } from 'vitest';
import { approveCommand, cancelCommand, denyCommand } from './decide-command.ts';
import { setPolicy } from './manage-policies.ts';
import { requestCommand } from './request-command.ts';
import { requestRollback } from './request-rollback.ts';
import { dispatchOne, siteId, startMs } from './test-control.ts';
import { admin, made, order, person, startRequests, type TestRequests } from './test-requests.ts';

let control: TestRequests;
beforeEach(async () => {
  control = await startRequests();
});
afterEach(() => control.close());

const ask = (who = person(5), changes = {}, key?: string) =>
  requestCommand(control.deps)(who, order(changes), key);
const approve = (who = person(6), id = '', input = {}) =>
  approveCommand(control.deps)(who, id, { site_id: siteId, ...input });
const types = async () => (await control.events()).map((type) => type.replace('control.command.', ''));
const stop = { order: { type: 'HASHING_DISABLE', params: {} } } as const;

test('medium: another person approves, and it goes on its way with the name of who did', async () => {
  const asked = made(await ask());
  expect(asked).toMatchObject({
    status: 'PENDING_APPROVAL',
    tier: 'medium',
    need: { votes: 1 },
    reason: 'It hangs',
  });
  expect(await approve(person(5), asked.commandId)).toMatchObject({
    ok: false,
    failure: { code: 'forbidden', message: 'The requester cannot be the only approver' },
  });
  const approved = made(await approve(person(6), asked.commandId));
  expect(approved).toMatchObject({
    status: 'APPROVED',
    approvals: ['user:6'],
    expiresAtMs: startMs + 300_000,
  });
  expect(made(await approve(person(6), asked.commandId)).status).toBe('APPROVED');
  await dispatchOne(control.dispatchDeps)(siteId, asked.commandId);
  expect(control.published).toMatchObject([{ commandId: asked.commandId, approvers: ['user:6'] }]);
  expect(await types()).toEqual(['proposed', 'approved', 'dispatched']);
});

test('high: two people, one of them a manager; the requester may be one of the two', async () => {
  const { commandId } = made(await ask(person(5), stop));
  expect(made(await approve(person(5), commandId)).status).toBe('PENDING_APPROVAL');
  expect(made(await approve(person(6), commandId)).status).toBe('PENDING_APPROVAL');
  expect(made(await approve(person(6), commandId)).votes).toHaveLength(2);
  const approved = made(await approve(person(7, 'manager'), commandId));
  expect(approved).toMatchObject({ status: 'APPROVED', approvals: ['user:5', 'user:6', 'user:7'] });
  expect(await types()).toEqual(['proposed', 'voted', 'voted', 'approved']);
});

test('low: it needs nobody, and the policy stands for the approval', async () => {
  const asked = made(await ask(person(5), { order: { type: 'LED', params: { on: true } } }));
  expect(asked).toMatchObject({ status: 'APPROVED', approvals: ['system:policy'] });
  await dispatchOne(control.dispatchDeps)(siteId, asked.commandId);
  expect(control.published).toHaveLength(1);
});

test('the same request under one idempotency key is made once, also twenty times at once; another is a conflict', async () => {
  const results = await Promise.all(Array.from({ length: 20 }, () => ask(person(5), {}, 'key-1')));
  expect(new Set(results.map((result) => made(result).commandId)).size).toBe(1);
  expect(await ask(person(5), { priority: 1 }, 'key-1')).toMatchObject({ failure: { code: 'conflict' } });
  expect(made(await ask(person(6), {}, 'key-1')).commandId).not.toBe(
    made(results[0] ?? (await ask())).commandId,
  );
  expect(await ask(person(5), {}, 'with space')).toMatchObject({ failure: { code: 'validation_failed' } });
  expect(await types()).toEqual(['proposed', 'proposed']);
});

test.each([
  ['another tenant’s site', person(5, 'operator', { tenantId: 'tenant-2' }), {}, 'not_found'],
  ['a site out of reach', person(5, 'operator', { siteIds: [9] }), {}, 'not_found'],
  ['an unknown miner', person(5), { miner_id: 'nowhere' }, 'not_found'],
  [
    'what this model cannot do',
    person(5),
    { order: { type: 'POWER_LIMIT', params: { limitW: 3_000 } } },
    'validation_failed',
  ],
] as const)('is refused and leaves nothing: %s', async (_, who, changes, code) => {
  expect(await ask(who, changes)).toMatchObject({ ok: false, failure: { code } });
  expect(await control.events()).toEqual([]);
});

test('a vote for something else than what is asked does not count', async () => {
  const { commandId, selectionHash } = made(await ask());
  expect(await approve(person(6), commandId, { selection_hash: 'f'.repeat(64) })).toMatchObject({
    failure: { code: 'conflict' },
  });
  expect(made(await approve(person(6), commandId, { selection_hash: selectionHash })).status).toBe(
    'APPROVED',
  );
});

test('denied, cancelled or expired, it stays so', async () => {
  const reason = { site_id: siteId, reason: 'No' };
  const [denied, cancelled, expired] = [made(await ask()), made(await ask()), made(await ask())];
  expect(made(await denyCommand(control.deps)(person(6), denied.commandId, reason)).status).toBe('DENIED');
  expect(made(await cancelCommand(control.deps)(person(5), cancelled.commandId, reason)).status).toBe(
    'CANCELLED',
  );
  control.now.ms = expired.expiresAtMs;
  for (const { commandId } of [denied, cancelled, expired])
    expect(await approve(person(6), commandId)).toMatchObject({ failure: { code: 'invalid_state' } });
  expect(await denyCommand(control.deps)(person(6), expired.commandId, reason)).toMatchObject({
    failure: { message: 'Command cannot be denied (status=EXPIRED)' },
  });
});

const policy = (type: 'MINER_RESTART' | 'HASHING_DISABLE', changes: object) =>
  setPolicy(control.deps)(admin, type, { site_id: siteId, version: 0, reason: 'Ours', ...changes });

test('a site’s policy asks for more: people, whom, when', async () => {
  const tuesday10 = Date.parse('2027-01-19T16:00:00Z');
  control.now.ms = tuesday10;
  const asked = made(await ask());
  made(
    await policy('MINER_RESTART', {
      approvers: 2,
      approver_rank: 'manager',
      approver_ids: [6, 7, 8],
      windows: [{ days: ['tue'], from: '09:00', to: '11:00' }],
    }),
  );
  expect(await approve(person(9), asked.commandId)).toMatchObject({ failure: { code: 'forbidden' } });
  expect(made(await approve(person(6), asked.commandId)).status).toBe('PENDING_APPROVAL');
  control.now.ms = tuesday10 + 3_600_000 - 1;
  expect(made(await approve(person(7), asked.commandId)).status).toBe('PENDING_APPROVAL');
  const again = made(await ask());
  made(await approve(person(6), again.commandId));
  control.now.ms += 1;
  expect(await approve(person(8, 'manager'), again.commandId)).toMatchObject({
    failure: { code: 'invalid_state', message: expect.stringContaining('time of day') },
  });
});

test('a policy may not ask for less than the product', async () => {
  for (const changes of [
    { tier: 'low' },
    { tier: 'medium' },
    { approvers: 1 },
    { approver_rank: 'operator' },
    { power_votes: [] },
  ])
    expect(await policy('HASHING_DISABLE', changes)).toMatchObject({
      failure: { code: 'validation_failed' },
    });
  expect(
    made(await policy('HASHING_DISABLE', { tier: 'critical', approver_rank: 'admin', approvers: 3 })),
  ).toMatchObject({ version: 1 });
  expect(await policy('HASHING_DISABLE', { approvers: 4 })).toMatchObject({ failure: { code: 'conflict' } });
});

test('a quota lets so many through in an hour, also when they come at once', async () => {
  made(await policy('MINER_RESTART', { quota_per_hour: { user: 3, site: 5 } }));
  const results = await Promise.all(
    Array.from({ length: 12 }, (_, index) => ask(person(5 + (index % 2)), { miner_id: `gw1_m${index}` })),
  );
  expect(results.filter(({ ok }) => ok)).toHaveLength(5);
  expect(results.filter((result) => !result.ok && result.failure.code === 'too_many_requests')).toHaveLength(
    7,
  );
  control.now.ms += 3_600_000;
  expect((await ask()).ok).toBe(true);
});

const complete = async (changes: object) => {
  const asked = made(await ask(person(5), changes));
  made(await approve(person(6), asked.commandId));
  const status = made(
    await approve(person(7, 'manager'), asked.commandId).then((r) =>
      r.ok ? r : { ok: true as const, value: asked },
    ),
  );
  expect(status).toBeDefined();
  await dispatchOne(control.dispatchDeps)(siteId, asked.commandId);
  await control.answer({
    version: 1,
    commandId: asked.commandId,
    siteId,
    gatewayId: 'gw1',
    atMs: startMs,
    outcome: 'succeeded',
  });
  return asked.commandId;
};
const rollback = (commandId: string, key?: string) =>
  requestRollback(control.deps)(person(5), commandId, { site_id: siteId, reason: 'Worse' }, key);

test('a rollback needs what its command needed, is one at a time, and ends in ROLLED_BACK', async () => {
  const commandId = await complete(stop);
  const asked = await Promise.all([rollback(commandId), rollback(commandId), rollback(commandId)]);
  const [back] = asked.filter(({ ok }) => ok).map((result) => made(result));
  expect(asked.filter(({ ok }) => ok)).toHaveLength(1);
  if (!back) throw new Error('no rollback');
  expect(back).toMatchObject({
    order: { type: 'ROLLBACK', params: { ofCommandId: commandId } },
    tier: 'high',
    need: { votes: 2 },
  });
  const reason = { site_id: siteId, reason: 'Not yet' };
  made(await denyCommand(control.deps)(person(6), back.commandId, reason));
  const second = made(await rollback(commandId, 'k'));
  expect(made(await rollback(commandId, 'k')).commandId).toBe(second.commandId);
  made(await approve(person(6), second.commandId));
  made(await approve(person(7, 'manager'), second.commandId));
  await dispatchOne(control.dispatchDeps)(siteId, second.commandId);
  await control.answer({
    version: 1,
    commandId: second.commandId,
    siteId,
    gatewayId: 'gw1',
    atMs: startMs,
    outcome: 'succeeded',
  });
  expect(await control.read(commandId)).toMatchObject({
    status: 'ROLLED_BACK',
    rollbackId: second.commandId,
  });
  expect(await control.read(second.commandId)).toMatchObject({ status: 'COMPLETED' });
  expect(await rollback(commandId)).toMatchObject({ failure: { code: 'invalid_state' } });
  expect((await types()).slice(-2)).toEqual(['completed', 'rolled_back']);
  expect(await control.verifyAudit(siteId)).toMatchObject({ verdict: { intact: true } });
});

test('what took no effect or leaves nothing cannot be rolled back', async () => {
  const restarted = await complete({});
  expect(await rollback(restarted)).toMatchObject({
    failure: { message: 'MINER_RESTART cannot be rolled back' },
  });
  const pending = made(await ask(person(5), stop));
  expect(await rollback(pending.commandId)).toMatchObject({ failure: { code: 'invalid_state' } });
  expect(await rollback('cmd-none')).toMatchObject({ failure: { code: 'not_found' } });
});
