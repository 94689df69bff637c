import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandResponse } from '../../contracts/command.ts';
import { advanceBatch, commandIdOf } from './advance-batch.ts';
import type { BatchRecord } from './batch.ts';
import { noteLateAnswer } from './command-repository.ts';
import { approveBatch, cancelBatch, denyBatch, pauseBatch, resumeBatch } from './decide-batch.ts';
import { dispatchCommands } from './dispatch-command.ts';
import { mostAllocated } from './lane-repository.ts';
import { setPolicy } from './manage-policies.ts';
import { recordResponses } from './record-response.ts';
import { changeBatch, dryRunBatch, requestBatch } from './request-batch.ts';
import { siteId, startMs } from './test-control.ts';
import {
  admin,
  batchOrder,
  made,
  minerNamed,
  person,
  startRequests,
  type TestRequests,
} from './test-requests.ts';
import { toBatchView } from './view-batch.ts';

const fleetOf = (gateways: number, each: number) =>
  Array.from({ length: gateways * each }, (_, index) => minerNamed(`gw${1 + (index % gateways)}_m${index}`));

let control: TestRequests;
beforeEach(async () => {
  control = await startRequests(fleetOf(4, 25));
});
afterEach(() => control.close());

const stop = { order: { type: 'HASHING_DISABLE', params: {} } } as const;
const reason = { site_id: siteId, reason: 'Enough' };
const ask = (changes = {}, who = person(5), key?: string) =>
  requestBatch(control.deps)(who, batchOrder(changes), key);
const approve = (batch: BatchRecord, who = person(6)) =>
  approveBatch(control.deps)(who, batch.batchId, { site_id: siteId, selection_hash: batch.selectionHash });
const running = async (changes = {}) => {
  const batch = made(await ask(changes));
  for (const who of [person(6), person(7, 'manager'), admin]) {
    const now = await control.deps.readBatch(siteId, batch.batchId);
    if (now?.status === 'PENDING_APPROVAL') made(await approve(batch, who));
  }
  return batch;
};
const read = async ({ batchId }: BatchRecord) => {
  const batch = await control.deps.readBatch(siteId, batchId);
  if (!batch) throw new Error('no batch');
  return batch;
};
const advance = (batch: BatchRecord, times = 100) => {
  let left = times;
  return advanceBatch(control.deps)(siteId, batch.batchId, () => left-- > 0);
};
const commandsOf = async (batch: BatchRecord) =>
  control.deps.readCommands(
    siteId,
    (await control.deps.readTargets(batch, 0, batch.miners)).map(([minerId], place) =>
      commandIdOf(batch, place, minerId),
    ),
  );
const record = () =>
  recordResponses({
    readCommands: control.deps.readCommands,
    moveAll: control.deps.moveAll,
    noteLateAnswer: noteLateAnswer(control.store),
    clock: control.store.clock,
  });
/** Sends all that is approved, and has the gateways answer. */
const carryOut = async (
  batch: BatchRecord,
  outcomeOf: (minerId: string) => 'succeeded' | 'failed' | 'unknown',
) => {
  const commands = await commandsOf(batch);
  await dispatchCommands(control.dispatchDeps)(
    siteId,
    commands.filter(({ status }) => status === 'APPROVED').map(({ commandId }) => commandId),
  );
  const sent = (await commandsOf(batch)).filter(({ status }) => status === 'DISPATCHED');
  const answers = sent.flatMap(({ commandId, gatewayId, minerId }) => {
    const base = { version: 1, commandId, siteId, gatewayId, atMs: startMs } as const;
    const outcome = outcomeOf(minerId);
    const end: CommandResponse =
      outcome === 'succeeded' ? { ...base, outcome } : { ...base, outcome, detail: 'x' };
    return [{ ...base, outcome: 'accepted' } as const, end].map((response) => ({
      siteId,
      gatewayId,
      response,
    }));
  });
  expect((await record()(answers)).filter((fault) => fault)).toEqual([]);
};

test('a dry run says what would happen, and writes nothing', async () => {
  control.fleet.miners = [
    ...fleetOf(2, 400),
    { ...minerNamed('gw1_w1'), vendor: 'whatsminer', model: 'Whatsminer M50' },
    { ...minerNamed('gw1_old'), retired: true },
  ];
  const plan = made(
    await dryRunBatch(control.deps)(
      person(5),
      batchOrder({ order: { type: 'SET_FAN', params: { dutyPct: 90 } }, selection: { all: true } }),
    ),
  );
  expect(plan).toMatchObject({
    miners: 800,
    gateways: 2,
    power_kw: 2_800,
    risk: { tier: 'medium' },
    approval: { votes_needed: 2, rank_needed: 'operator' },
    unsupported: [{ miner_id: 'gw1_w1', reason_en: 'a Whatsminer steers its fans itself' }],
    unsupported_count: 1,
    wave_sizes: [8, 80, 712],
    window_open: true,
    quota_left: { user: 20_000, site: 40_000 },
    halted: false,
  });
  const some = made(
    await dryRunBatch(control.deps)(
      person(5),
      batchOrder({ selection: { miner_ids: ['gw1_m0', 'gw2_m1', 'nobody'], gateway_ids: ['gw2'] } }),
    ),
  );
  expect(some).toMatchObject({ miners: 1, unknown_miner_ids: ['nobody'] });
  expect(await control.events()).toEqual([]);
});

test('wave by wave, each command its own record, every count in step, and at its end finished', async () => {
  const batch = await running({ ...stop, wave_sizes: [4, 20], concurrency: 30 });
  expect(batch.need).toMatchObject({ votes: 2 });
  const waves: number[] = [];
  for (let round = 0; round < 20 && (await read(batch)).status === 'RUNNING'; round++) {
    await Promise.all([advance(batch), advance(batch), advance(batch)]);
    const { open, made: count } = await read(batch);
    expect(open).toBeLessThanOrEqual(30);
    waves.push(count);
    await carryOut(batch, () => 'succeeded');
  }
  expect(waves).toEqual([4, 24, 54, 84, 100, 100]);
  const end = await read(batch);
  expect(end).toMatchObject({ status: 'FINISHED', made: 100, open: 0, completed: 100, failed: 0 });
  const commands = await commandsOf(batch);
  expect(commands).toHaveLength(100);
  expect(commands.every((one) => one.status === 'COMPLETED' && one.batchId === batch.batchId)).toBe(true);
  expect(commands[0]?.envelope?.approvers).toEqual(['user:6', 'user:7']);
  const types = await control.events();
  for (const type of ['approved', 'dispatched', 'acknowledged', 'completed'])
    expect(types.filter((one) => one === `control.command.${type}`)).toHaveLength(100);
  expect(types.filter((one) => one.startsWith('control.batch.'))).toEqual([
    'control.batch.proposed',
    'control.batch.voted',
    'control.batch.approved',
    'control.batch.finished',
  ]);
  expect(await control.verifyAudit(siteId)).toMatchObject({ verdict: { intact: true } });
});

test('of a batch, the first commands go first, whoever is asked for', async () => {
  control.fleet.miners = fleetOf(1, 100);
  const batch = await running({ wave_sizes: [100] });
  await advance(batch);
  const ids = (await commandsOf(batch)).map(({ commandId }) => commandId);
  expect(ids).toEqual(ids.toSorted());
  await dispatchCommands(control.dispatchDeps)(siteId, ids.slice(-1));
  const sent = (await commandsOf(batch)).filter(({ status }) => status === 'DISPATCHED');
  expect(sent.map(({ commandId }) => commandId)).toEqual([
    ...ids.slice(0, mostAllocated - 1),
    ...ids.slice(-1),
  ]);
});

test('no more commands wait than can be sent within their delivery time; sending some makes room', async () => {
  control.fleet.miners = fleetOf(1, 100);
  made(
    await setPolicy(control.deps)(admin, 'MINER_RESTART', {
      site_id: siteId,
      version: 0,
      reason: 'Soon or not at all',
      delivery_ttl_s: 40,
    }),
  );
  const batch = await running({ wave_sizes: [100] });
  await advance(batch);
  expect(await read(batch)).toMatchObject({ made: 40, open: 40, waiting: 40 });
  const [first] = await commandsOf(batch);
  await dispatchCommands(control.dispatchDeps)(siteId, first ? [first.commandId] : []);
  expect(await read(batch)).toMatchObject({ open: 40, waiting: 40 - mostAllocated });
  await advance(batch);
  expect(await read(batch)).toMatchObject({ made: 40 + mostAllocated, open: 70, waiting: 40 });
  made(await cancelBatch(control.deps)(person(5), batch.batchId, reason));
  await advance(batch);
  expect(await read(batch)).toMatchObject({ open: mostAllocated, waiting: 0, cancelled: 40 });
});

test('too many failures stop the rest and take back what is not sent; a bad first wave ends it', async () => {
  const stopped = await running({ wave_sizes: [40], max_failed: 5 });
  await advance(stopped);
  const commands = await commandsOf(stopped);
  const theseAlone = { ...control.dispatchDeps, listApproved: async () => [] };
  await dispatchCommands(theseAlone)(
    siteId,
    commands.slice(0, 10).map(({ commandId }) => commandId),
  );
  await record()(
    commands.slice(0, 6).map(({ commandId, gatewayId }) => ({
      siteId,
      gatewayId,
      response: {
        version: 1,
        commandId,
        siteId,
        gatewayId,
        atMs: startMs,
        outcome: 'failed',
        detail: 'x',
      } as const,
    })),
  );
  await advance(stopped);
  expect(await read(stopped)).toMatchObject({
    status: 'STOPPED',
    endedBecause: 'MAX_FAILED',
    made: 40,
    failed: 6,
    cancelled: 30,
    open: 4,
  });
  const canary = await running({ wave_sizes: [10], max_failed: 50 });
  await advance(canary);
  await carryOut(canary, (minerId) =>
    minerId.endsWith('0') || minerId.endsWith('1') ? 'failed' : 'succeeded',
  );
  await advance(canary);
  expect(await read(canary)).toMatchObject({ status: 'STOPPED', endedBecause: 'MAX_FAILED_PCT', made: 10 });
});

test('pause, resume and cancel', async () => {
  const batch = await running({ wave_sizes: [10], concurrency: 5 });
  made(await pauseBatch(control.deps)(person(5), batch.batchId, reason));
  await advance(batch);
  expect(await read(batch)).toMatchObject({ status: 'PAUSED', made: 0 });
  made(await resumeBatch(control.deps)(person(5), batch.batchId, reason));
  await advance(batch);
  expect(await read(batch)).toMatchObject({ made: 5, open: 5 });
  made(await cancelBatch(control.deps)(person(5), batch.batchId, reason));
  await advance(batch);
  expect(await read(batch)).toMatchObject({ status: 'CANCELLED', made: 5, open: 0, cancelled: 5 });
  expect(await resumeBatch(control.deps)(person(5), batch.batchId, reason)).toMatchObject({
    failure: { message: 'Batch cannot be resumed (status=CANCELLED)' },
  });
});

test('a changed batch has another hash: its votes are void, and old sight of it approves nothing', async () => {
  const batch = made(await ask(stop));
  made(await approve(batch, person(6)));
  const changed = made(
    await changeBatch(control.deps)(
      person(8),
      batch.batchId,
      batchOrder({ ...stop, selection: { gateway_ids: ['gw1'] } }),
    ),
  );
  expect(changed).toMatchObject({ miners: 25, requestedBy: 'user:8' });
  expect(changed.selectionHash).not.toBe(batch.selectionHash);
  expect(await approve(batch, person(7, 'manager'))).toMatchObject({ failure: { code: 'conflict' } });
  expect(toBatchView(changed, startMs).approval.votes).toEqual([]);
  expect(made(await approve(changed, person(6))).status).toBe('PENDING_APPROVAL');
  expect(made(await approve(changed, person(7, 'manager'))).status).toBe('RUNNING');
  expect(await changeBatch(control.deps)(person(8), batch.batchId, batchOrder())).toMatchObject({
    failure: { code: 'invalid_state' },
  });
  await advance(changed);
  expect((await commandsOf(batch)).every(({ gatewayId }) => gatewayId === 'gw1')).toBe(true);
});

test('the same request under one key is one batch; quotas count its miners; a no or silence ends it', async () => {
  const twice = await Promise.all([
    ask({}, person(5), 'k'),
    ask({}, person(5), 'k'),
    ask({}, person(5), 'k'),
  ]);
  expect(new Set(twice.map((one) => made(one).batchId)).size).toBe(1);
  expect(await ask({ priority: 1 }, person(5), 'k')).toMatchObject({ failure: { code: 'conflict' } });
  made(
    await setPolicy(control.deps)(admin, 'MINER_RESTART', {
      site_id: siteId,
      version: 0,
      reason: 'Less',
      quota_per_hour: { user: 250, site: 1_000 },
    }),
  );
  const second = made(await ask());
  expect(await ask()).toMatchObject({ failure: { code: 'too_many_requests' } });
  expect(made(await denyBatch(control.deps)(person(6), second.batchId, reason)).status).toBe('DENIED');
  const silent = made(await ask({}, person(9)));
  control.now.ms = silent.expiresAtMs;
  expect(await approve(silent)).toMatchObject({ failure: { code: 'invalid_state' } });
  await advance(silent);
  expect(await read(silent)).toMatchObject({ status: 'EXPIRED', endedBecause: 'NOT_APPROVED', made: 0 });
});

test('outside the policy’s windows a running batch begins nothing', async () => {
  control.now.ms = Date.parse('2027-01-19T16:00:00Z');
  made(
    await setPolicy(control.deps)(admin, 'MINER_RESTART', {
      site_id: siteId,
      version: 0,
      reason: 'Mornings',
      windows: [{ days: ['tue'], from: '09:00', to: '11:00' }],
    }),
  );
  const batch = await running({ wave_sizes: [10], concurrency: 5 });
  control.now.ms += 3_600_000;
  await advance(batch);
  expect(await read(batch)).toMatchObject({ status: 'RUNNING', made: 0 });
  expect(made(await dryRunBatch(control.deps)(person(5), batchOrder()))).toMatchObject({
    window_open: false,
  });
});
