import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandResponse } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { acknowledgementGraceMs, resultGraceMs } from './command.ts';
import { listDue } from './command-lists.ts';
import { expireCommand, expireDue } from './expire-command.ts';
import { moveAll } from './move-commands.ts';
import { dispatchOne, proposal, siteId, startControl, startMs, type TestControl } from './test-control.ts';

let control: TestControl;
beforeEach(async () => {
  control = await startControl();
});
afterEach(() => control.close());

const send = async (minerId: string) => {
  const result = await control.propose(proposal(minerId));
  if (!result.ok) throw new Error(result.failure.message);
  await dispatchOne(control.dispatchDeps)(siteId, result.value.commandId);
  return result.value.commandId;
};
const base = (commandId: string) =>
  ({ version: 1, commandId, siteId, gatewayId: 'gw1', atMs: startMs + 5 }) as const;
const accepted = (id: string): CommandResponse => ({ ...base(id), outcome: 'accepted' });
const reading = (powerW: number): MinerReading => ({
  minerId: 'gw1_m1',
  sampledAtMs: startMs,
  state: 'hashing',
  values: { powerW },
});
const succeeded = (id: string): CommandResponse => ({
  ...base(id),
  outcome: 'succeeded',
  before: reading(3_250),
  after: reading(2_100),
});
const failed = (id: string): CommandResponse => ({
  ...base(id),
  outcome: 'failed',
  detail: 'the miner said no',
});
const read = (id: string) => control.read(id);
const eventsAfterDispatch = async () =>
  (await control.events()).slice(3).map((type) => type.replace('control.command.', ''));

test('accepted, then succeeded: completed with the readings around the write, and nothing left to expire', async () => {
  const id = await send('gw1_m1');
  await control.answer(accepted(id));
  expect(await read(id)).toMatchObject({
    status: 'ACKNOWLEDGED',
    acknowledgedAtMs: startMs,
    dueAtMs: startMs + resultGraceMs,
  });
  await control.answer(succeeded(id));
  const command = await read(id);
  expect(command).toMatchObject({
    status: 'COMPLETED',
    before: reading(3_250),
    after: reading(2_100),
    settledAtMs: startMs,
  });
  expect(command?.dueAtMs).toBeUndefined();
  expect(await listDue(control.store)(Number.MAX_SAFE_INTEGER / 10, 10)).toEqual([]);
  expect(await eventsAfterDispatch()).toEqual(['acknowledged', 'completed']);
});

test('a result that overtakes the acceptance records both, and the acceptance then says nothing new', async () => {
  const id = await send('gw1_m1');
  await control.answer(succeeded(id));
  await control.answer(accepted(id));
  expect(await read(id)).toMatchObject({
    status: 'COMPLETED',
    acknowledgedAtMs: startMs,
    settledAtMs: startMs,
    after: reading(2_100),
  });
  expect(await eventsAfterDispatch()).toEqual(['acknowledged', 'completed']);
});

test('the same answers ten times at once and in any order settle it once', async () => {
  const id = await send('gw1_m1');
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => control.answer(index % 2 ? accepted(id) : succeeded(id))),
  );
  expect(await read(id)).toMatchObject({ status: 'COMPLETED' });
  const events = await eventsAfterDispatch();
  expect(events).toEqual(['acknowledged', 'completed']);
  expect(await control.verifyAudit(siteId)).toMatchObject({ verdict: { intact: true } });
});

test('success and failure at once: one settles it, the other is recorded beside it', async () => {
  const id = await send('gw1_m1');
  await Promise.all([control.answer(succeeded(id)), control.answer(failed(id)), control.answer(failed(id))]);
  const [accepted, first, second, ...rest] = await eventsAfterDispatch();
  expect(accepted).toBe('acknowledged');
  expect(['completed', 'failed']).toContain(first);
  expect(second).toBe('answered_late');
  expect(rest).toEqual([]);
});

test('a refusal fails it with its code', async () => {
  const id = await send('gw1_m1');
  await control.answer({ ...base(id), outcome: 'refused', code: 'UNSUPPORTED', detail: 'not on this model' });
  expect(await read(id)).toMatchObject({
    status: 'FAILED',
    failure: { code: 'UNSUPPORTED', detail: 'not on this model' },
  });
});

test('silence: not acknowledged expires, acknowledged becomes unknown, and what comes late is kept', async () => {
  const silent = await send('gw1_m1');
  const begun = await send('gw1_m2');
  await control.answer(accepted(begun));
  const run = expireDue({
    ...control.dispatchDeps,
    moveAll: moveAll(control.store),
    listDue: listDue(control.store),
  });
  control.now.ms = startMs + 60_000 + acknowledgementGraceMs - 1;
  expect(await run(() => true)).toBe(0);
  expect(await expireCommand(control.expiring)(siteId, silent)).toMatchObject({
    value: { status: 'DISPATCHED' },
  });
  control.now.ms += 1;
  expect(await run(() => true)).toBe(1);
  expect(await read(silent)).toMatchObject({ status: 'EXPIRED', failure: { code: 'EXPIRED' } });
  control.now.ms = startMs + resultGraceMs;
  expect(await expireCommand(control.expiring)(siteId, begun)).toMatchObject({
    ok: true,
    value: { status: 'UNKNOWN' },
  });
  await control.answer(succeeded(begun));
  expect(await read(begun)).toMatchObject({ status: 'COMPLETED' });
  for (let again = 0; again < 3; again++) await control.answer(succeeded(silent));
  expect(await read(silent)).toMatchObject({ status: 'EXPIRED' });
  const types = await control.events();
  expect(types.slice(-4)).toEqual([
    'control.command.expired',
    'control.command.unknown',
    'control.command.completed',
    'control.command.answered_late',
  ]);
});

test('an approved command that nobody sent expires too', async () => {
  const result = await control.propose(proposal('gw1_m1'));
  if (!result.ok) throw new Error(result.failure.message);
  control.now.ms = startMs + 60_000;
  expect(await expireCommand(control.expiring)(siteId, result.value.commandId)).toMatchObject({
    value: { status: 'EXPIRED' },
  });
});

test('an answer that cannot be right is thrown out and changes nothing', async () => {
  const id = await send('gw1_m1');
  const unsent = await control.propose(proposal('gw1_m3'));
  if (!unsent.ok) throw new Error(unsent.failure.message);
  const before = await control.events();
  await expect(control.answer({ ...succeeded(id), gatewayId: 'gw2' })).rejects.toThrow('was not sent');
  await expect(control.answer({ ...succeeded(id), siteId: 2 })).rejects.toThrow('in the name of another');
  await expect(control.answer(succeeded('cmd-none'))).rejects.toThrow('was not sent');
  await control.answer({ ...base('cmd-none'), outcome: 'refused', code: 'BAD_SIGNATURE', detail: 'forged' });
  await expect(control.answer(succeeded(unsent.value.commandId))).rejects.toThrow('which is APPROVED');
  expect(await control.events()).toEqual(before);
});
