import { afterAll, beforeAll, expect, test } from 'vitest';
import { proposal, siteId, startControl, startMs, type TestControl } from './test-control.ts';

let control: TestControl;
beforeAll(async () => {
  control = await startControl();
});
afterAll(() => control.close());

test('the same proposal, also made twenty times at once, is one command with its two events', async () => {
  const results = await Promise.all(Array.from({ length: 20 }, () => control.propose(proposal('gw1_m1'))));
  const commands = results.map((result) => {
    if (!result.ok) throw new Error(result.failure.message);
    return result.value;
  });
  expect(new Set(commands.map(({ commandId }) => commandId)).size).toBe(1);
  expect(commands[0]).toMatchObject({
    status: 'APPROVED',
    gatewayId: 'gw1',
    dedupeKey: 'rec-1:gw1_m1',
    dueAtMs: startMs + 60_000,
  });
  expect(await control.events()).toEqual(['control.command.proposed', 'control.command.approved']);
  expect(await control.verifyAudit(siteId)).toMatchObject({ verdict: { intact: true, length: 2 } });
});

test.each([
  [
    'whoever asked is the only approver',
    { requestedBy: 'user:5', approvals: ['user:5', 'user:5'] },
    'forbidden',
  ],
  ['one person for a high tier', { order: { type: 'HASHING_DISABLE', params: {} } }, 'forbidden'],
  [
    'a rule counted as the second person',
    { order: { type: 'HASHING_DISABLE', params: {} }, approvals: ['user:5', 'rule:2'] },
    'forbidden',
  ],
  ['nobody approved', { approvals: [] }, 'validation_failed'],
  ['it has expired', { expiresAtMs: startMs }, 'validation_failed'],
  ['an unknown miner', { minerId: 'nowhere' }, 'not_found'],
] as const)('is refused and leaves nothing: %s', async (_, changes, code) => {
  const before = await control.events();
  const result = await control.propose(
    proposal('gw1_m2', {
      recommendationId: 'rec-2',
      ...changes,
      approvals: [...('approvals' in changes ? changes.approvals : ['user:5'])],
    }),
  );
  expect(result).toMatchObject({ ok: false, failure: { code } });
  expect(await control.events()).toEqual(before);
});

test('is not stored with a pool password in clear, whoever let it through', async () => {
  const before = await control.events();
  const pools = [{ url: 'stratum+tcp://pool.example:3333', user: 'w.1', password: 's3cret-pool' }];
  const clear = proposal('gw1_m2', {
    recommendationId: 'rec-3',
    order: { type: 'POOL_SET', params: { pools } },
    approvals: ['user:5', 'user:6'],
  });
  await expect(control.propose(clear)).rejects.toThrow(
    'An order with a pool password in clear is not stored',
  );
  expect(await control.events()).toEqual(before);
});
