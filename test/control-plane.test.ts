import { afterAll, beforeAll, expect, it } from 'vitest';
import type * as z from 'zod';
import { auditEventList, auditVerification } from '../contracts/api-audit.ts';
import {
  batchAnswer,
  batchPlan,
  commandAnswer,
  commandList,
  commandView,
  haltAnswer,
} from '../contracts/api-control.ts';
import { eventually, type Person, type RunningCloud, startCloud } from './support/running-cloud.ts';
import { type RunningAgent, startGateway } from './support/running-site.ts';

/** The composed system over HTTP and MQTT: real handlers, tables, queues, broker, gateway and simulated miners. */
const miners = 12;
let cloud: RunningCloud;
let gateway: RunningAgent;
beforeAll(async () => {
  cloud = await startCloud(miners);
  gateway = await startGateway(cloud);
  await gateway.agent.ready;
}, 300_000);
afterAll(async () => {
  await gateway?.agent.stop();
  await cloud?.close();
});

const wait = 240_000;
const ask = async <T>(
  schema: z.ZodType<T>,
  ...[who, method, path, body, headers]: [Person, string, string, object?, Record<string, string>?]
) => {
  const answer = await cloud.call(who, method, path, { ...(body && { body }), ...(headers && { headers }) });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return schema.parse(answer.body);
};
const post = <T>(schema: z.ZodType<T>, who: Person, path: string, body: object) =>
  ask(schema, who, 'POST', path, { site_id: cloud.record.siteId, ...body });
const commandOf = (id: string) =>
  ask(commandView, 'operator', 'GET', `/api/v1/commands/${id}?site_id=${cloud.record.siteId}`);
const becomes = (id: string, status: string) =>
  eventually(
    `${id} ${status}`,
    async () => {
      const command = await commandOf(id);
      if (['FAILED', 'EXPIRED', 'UNKNOWN'].includes(command.status) && command.status !== status)
        throw new Error(JSON.stringify(command));
      return command.status === status ? command : undefined;
    },
    wait,
  );
const safetyCodes = async () => {
  const { events } = await ask(
    auditEventList,
    'owner',
    'GET',
    `/api/v1/audit/events?site_id=${cloud.record.siteId}&limit=200`,
  );
  return events.flatMap(({ type, payload }) =>
    type === 'control.safety.reported' && payload.kind === 'kill_switch' ? [payload.code] : [],
  );
};
const lowPower = {
  command_type: 'POWER_MODE',
  params: { mode: 'low' },
  selection: { all: true },
  wave_sizes: [2],
  concurrency: 6,
  // A busy machine answers for its simulated miners too late now and then.
  max_failed: miners,
  max_failed_pct: 100,
  reason: 'Less power is to be had',
};

it('runs a batch in waves to its end, and puts one of its commands back', async () => {
  const plan = await post(batchPlan, 'operator', '/api/v1/command-batches/dry-run', lowPower);
  expect(plan).toMatchObject({ miners, gateways: 1, wave_sizes: [2, 10], unsupported: [], halted: false });
  const once = { 'idempotency-key': 'batch-1' };
  const body = { site_id: cloud.record.siteId, ...lowPower };
  const [{ batch }, again] = await Promise.all([
    ask(batchAnswer, 'operator', 'POST', '/api/v1/command-batches', body, once),
    ask(batchAnswer, 'operator', 'POST', '/api/v1/command-batches', body, once),
  ]);
  expect(again.batch.batch_id).toBe(batch.batch_id);
  expect(batch).toMatchObject({ status: 'PENDING_APPROVAL', selection_hash: plan.selection_hash });
  const path = `/api/v1/command-batches/${batch.batch_id}`;
  const own = await cloud.call('operator', 'POST', `${path}/approve`, {
    body: { site_id: cloud.record.siteId, selection_hash: batch.selection_hash },
  });
  expect(own.status).toBe(403);
  await post(batchAnswer, 'manager', `${path}/approve`, { selection_hash: batch.selection_hash });
  const end = await eventually(
    'the end of the batch',
    async () => {
      const now = await ask(batchAnswer, 'operator', 'GET', `${path}?site_id=${cloud.record.siteId}`);
      return now.batch.status === 'RUNNING' ? undefined : now.batch;
    },
    wait,
  );
  expect(end).toMatchObject({ status: 'FINISHED', made: miners, open: 0 });
  expect(end.completed + end.failed + end.unknown).toBe(miners);
  expect(end.completed).toBeGreaterThan(miners / 2);
  const { commands } = await ask(
    commandList,
    'operator',
    'GET',
    `/api/v1/commands?site_id=${cloud.record.siteId}&batch_id=${batch.batch_id}`,
  );
  expect(new Set(commands.map(({ miner_id }) => miner_id)).size).toBe(miners);
  // An envelope may come again, as a dispatcher helps another one out; first they come in their order.
  const sequences = [...new Set(gateway.received.map(({ sequence }) => sequence))];
  expect(sequences).toEqual(sequences.map((_, at) => at + 1));
  const first = commands.find(({ status }) => status === 'COMPLETED');
  if (!first) throw new Error('no command');
  const back = await post(commandAnswer, 'operator', `/api/v1/commands/${first.command_id}/rollback`, {
    reason: 'This one is needed',
  });
  await post(commandAnswer, 'manager', `/api/v1/commands/${back.command.command_id}/approve`, {});
  await becomes(back.command.command_id, 'COMPLETED');
  expect(await becomes(first.command_id, 'ROLLED_BACK')).toMatchObject({
    rollback_id: back.command.command_id,
  });
}, 600_000);

it('lets nothing out under a kill switch, tells the gateway, and goes on when two have lifted it', async () => {
  const halt = { scope: 'site', reason: 'Smoke in hall 2' };
  await post(haltAnswer, 'operator', '/api/v1/halts', halt);
  await eventually(
    'the gateway halted',
    async () => ((await safetyCodes())[0] === 'HALTED' ? true : undefined),
    wait,
  );
  const { length } = gateway.received;
  const led = await post(commandAnswer, 'operator', '/api/v1/commands/propose', {
    miner_id: 'm-0001',
    command_type: 'LED',
    params: { on: true },
    reason: 'Which one is it',
  });
  expect(led.command).toMatchObject({ status: 'APPROVED', approvers: ['system:policy'] });
  await eventually(
    'the dispatcher to have looked',
    async () => ((await cloud.queued('ApprovedQueue')) === 0 ? true : undefined),
    wait,
  );
  expect((await commandOf(led.command.command_id)).status).toBe('APPROVED');
  expect(gateway.received).toHaveLength(length);
  expect((await post(haltAnswer, 'operator', '/api/v1/halts/lift', halt)).halt.halted).toBe(true);
  expect((await post(haltAnswer, 'manager', '/api/v1/halts/lift', halt)).halt.halted).toBe(false);
  await becomes(led.command.command_id, 'COMPLETED');
  expect(cloud.site.physical('m-0001').ledOn).toBe(true);
  expect(await safetyCodes()).toEqual(['LIFTED', 'HALTED']);
  const verified = await ask(
    auditVerification,
    'owner',
    'GET',
    `/api/v1/audit/verification?site_id=${cloud.record.siteId}`,
  );
  expect(verified).toMatchObject({ intact: true });
  expect(await cloud.queued('DeadLetters')).toBe(0);
}, 600_000);
