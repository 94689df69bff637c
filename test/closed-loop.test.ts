import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PutCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import aslValidator from 'asl-validator';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as z from 'zod';
import type { Principal } from '../contracts/access.ts';
import type { AlertKind } from '../contracts/alert.ts';
import { type DomainEvent, domainEvent } from '../contracts/domain-event.ts';
import type { MinerReading } from '../contracts/reading.ts';
import { advisorIndexes } from '../lambdas/advisor/advisor-keys.ts';
import type { AdvisorDeps } from '../lambdas/advisor/ask-advisor.ts';
import { executeNow, requestRecommendation } from '../lambdas/advisor/ask-advisor.ts';
import { recommendationIdOf } from '../lambdas/advisor/create-recommendation.ts';
import { approveRecommendation, rejectRecommendation } from '../lambdas/advisor/decide-recommendation.ts';
import { followedEvents } from '../lambdas/advisor/followed-events.ts';
import { readLoop } from '../lambdas/advisor/loop-repository.ts';
import { readRecommendation } from '../lambdas/advisor/recommendation-repository.ts';
import { createRule } from '../lambdas/advisor/rules.ts';
import { gone, reading, s19 } from '../lambdas/advisor/test-readings.ts';
import { person } from '../lambdas/advisor/test-recommendations.ts';
import { commandEvent, controlActor } from '../lambdas/control/command-events.ts';
import { moveCommand, readCommand } from '../lambdas/control/command-repository.ts';
import { commandsByDue, commandsByStatus } from '../lambdas/control/control-keys.ts';
import { fleetKeys, minersByGateway } from '../lambdas/fleet/fleet-keys.ts';
import { startKms } from '../local/kms/start-kms.ts';
import { startStepFunctions } from '../local/stepfunctions/start-stepfunctions.ts';
import { startTables } from './support/tables.ts';

/** The real state machine and the real handlers over real tables; the site, the bus and the edge are this test. */
let live: MinerReading[] = [];
vi.mock('../lambdas/telemetry/read-live.ts', () => ({
  readLive: () => async () => live.map((one) => ({ reading: { ...one, sampledAtMs: Date.now() } })),
}));
vi.mock('../lambdas/telemetry/read-telemetry.ts', () => ({ readRecentReadings: () => async () => [] }));

const region = 'us-east-1';
const accountId = '000000000000';
const aslFile = join(import.meta.dirname, '..', 'statemachines', 'closed-loop.asl.json');
const functionFiles = {
  DiagnoseFunction: () => import('../lambdas/advisor/task-diagnose.ts'),
  RecommendFunction: () => import('../lambdas/advisor/task-recommend.ts'),
  AwaitApprovalFunction: () => import('../lambdas/advisor/task-await-approval.ts'),
  ExpireFunction: () => import('../lambdas/advisor/task-expire.ts'),
  ExecuteFunction: () => import('../lambdas/advisor/task-execute.ts'),
  ExpireCommandsFunction: () => import('../lambdas/advisor/task-expire-commands.ts'),
  VerifyFunction: () => import('../lambdas/advisor/task-verify.ts'),
  LearnFunction: () => import('../lambdas/advisor/task-learn.ts'),
  FailFunction: () => import('../lambdas/advisor/task-fail.ts'),
} as const;

let tables: Awaited<
  ReturnType<typeof startTables<'advisor' | 'audit' | 'fleet' | 'control' | 'telemetry' | 'sealing'>>
>;
let kms: Awaited<ReturnType<typeof startKms>>;
let machine: Awaited<ReturnType<typeof startStepFunctions>>;
let machineArn = '';
let sfn: SFNClient;
let deps: AdvisorDeps;
let deliver: (event: DomainEvent) => Promise<void>;
const tokens: string[] = [];
let brokenFunction: string | undefined;
/** What the edge does with an approved command. */
let edge: 'obeys' | 'refuses' | 'is_away' = 'obeys';
let cure: (minerId: string) => void = () => {};

const minerIds = Array.from({ length: 40 }, (_, index) => `m-${index}`);

beforeAll(async () => {
  tables = await startTables([
    { name: 'advisor', indexes: advisorIndexes },
    { name: 'audit' },
    { name: 'fleet', indexes: [{ name: minersByGateway, pk: 'gateway_pk', sk: 'sk' }] },
    {
      name: 'control',
      indexes: [
        { name: commandsByStatus, pk: 'status_pk', sk: 'sk' },
        { name: commandsByDue, pk: 'due_pk', sk: 'due_sk' },
      ],
    },
    { name: 'telemetry' },
    { name: 'sealing' },
  ]);
  const directory = mkdtempSync(join(tmpdir(), 'closed-loop-'));
  const around = { region, accountId, stateDir: () => directory, log: () => {} };
  kms = await startKms(around);
  const key = await kms.resources['AWS::KMS::Key']?.({
    stack: 'Test',
    logicalId: 'DataKey',
    type: 'AWS::KMS::Key',
    properties: {},
  });
  const handlers = new Map<string, (event: unknown) => Promise<unknown>>();
  machine = await startStepFunctions(
    {
      ...around,
      assetPath: (name) => name,
      sendToQueue: async () => {},
      invoke: async (arn, event) => {
        const name = arn.split(':').at(-1) ?? arn;
        const token = z.object({ task_token: z.string() }).safeParse(event);
        if (token.success) tokens.push(token.data.task_token);
        try {
          if (name === brokenFunction) throw new Error('broken on purpose');
          return { ok: true, payload: (await handlers.get(name)?.(event)) ?? null };
        } catch (error) {
          return {
            ok: false,
            errorType: error instanceof Error ? error.name : 'Error',
            errorMessage: String(error),
          };
        }
      },
    },
    { endpoints: () => ({}) },
  );
  Object.assign(process.env, {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: tables.service.endpoint,
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
    AWS_ENDPOINT_URL_SFN: machine.endpoint,
    ADVISOR_TABLE: tables.nameOf('advisor'),
    AUDIT_TABLE: tables.nameOf('audit'),
    FLEET_TABLE: tables.nameOf('fleet'),
    CONTROL_TABLE: tables.nameOf('control'),
    TELEMETRY_TABLE: tables.nameOf('telemetry'),
    TELEMETRY_BUCKET: 'telemetry-blocks',
    SEALING_TABLE: tables.nameOf('sealing'),
    DATA_KEY_ID: key?.ref,
    APPROVAL_TTL_S: '3',
    COMMAND_TTL_S: '2',
    VERIFY_WINDOW_S: '2',
  });
  for (const [name, load] of Object.entries(functionFiles)) handlers.set(name, (await load()).handler);
  const created = await machine.resources['AWS::StepFunctions::StateMachine']?.({
    stack: 'Test',
    logicalId: 'ClosedLoop',
    type: 'AWS::StepFunctions::StateMachine',
    properties: {
      DefinitionString: readFileSync(aslFile, 'utf8'),
      DefinitionSubstitutions: {
        ...Object.fromEntries(
          Object.keys(functionFiles).map((name) => [
            name,
            `arn:aws:lambda:${region}:${accountId}:function:${name}`,
          ]),
        ),
        // The wait is 15 s longer than this: 3 s.
        CommandSeconds: '-12',
        OverdueCommandsEverySeconds: '1',
        VerifyEverySeconds: '1',
      },
      RoleArn: 'arn:aws:iam::000000000000:role/test',
    },
  });
  machineArn = created?.ref ?? '';
  process.env.STATE_MACHINE_ARN = machineArn;
  await machine.begin?.();
  sfn = new SFNClient({
    region,
    endpoint: machine.endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  deps = (await import('../lambdas/advisor/wiring.ts')).apiDeps();
  const consumers = [
    { of: followedEvents, handler: (await import('../lambdas/advisor/on-loop-event.ts')).handler },
    {
      of: (await import('../lambdas/advisor/on-recommendation-decided.ts')).decidedEvents,
      handler: (await import('../lambdas/advisor/on-recommendation-decided.ts')).handler,
    },
    {
      of: [
        'control.command.completed',
        'control.command.failed',
        'control.command.unknown',
        'control.command.expired',
      ],
      handler: (await import('../lambdas/advisor/on-command-settled.ts')).handler,
    },
  ] as const;
  deliver = async (event) => {
    const body = JSON.stringify({ 'detail-type': event.type, detail: event });
    for (const { of, handler } of consumers) {
      if (!(of as readonly string[]).includes(event.type)) continue;
      const records = { Records: [{ messageId: event.event_id, body }] } as unknown as SQSEvent;
      const context = {
        functionName: 'test',
        memoryLimitInMB: '128',
        getRemainingTimeInMillis: () => 10_000,
      } as unknown as Context;
      // Everything comes twice: each source delivers at least once.
      for (let times = 0; times < 2; times++) {
        const answer = await handler(records, context, () => {});
        expect(answer).toEqual({ batchItemFailures: [] });
      }
    }
    if (event.type === 'control.command.approved') await actAsEdge(event.ref_id);
  };
  for (const minerId of minerIds) {
    const { vendor, model, zoneId, ratedHashrateThs, ratedPowerW } = s19(minerId);
    const item = {
      miner_id: minerId,
      vendor,
      model,
      zone_id: zoneId,
      gateway_id: 'gw-1',
      rated_hashrate_ths: ratedHashrateThs,
      rated_power_w: ratedPowerW,
    };
    await tables.db.send(
      new PutCommand({
        TableName: tables.nameOf('fleet'),
        Item: { ...fleetKeys.miner(1, minerId), gateway_pk: fleetKeys.minersOfGateway('gw-1'), ...item },
      }),
    );
  }
  const at = '2026-01-01T00:00:00.000Z';
  const site = {
    tenant_id: 'tenant-1',
    site_id: 1,
    name: 'Test',
    capacity_kw: 1_000,
    time_zone: 'UTC',
    created_at: at,
  };
  await tables.db.send(
    new PutCommand({
      TableName: tables.nameOf('fleet'),
      Item: { ...fleetKeys.site('tenant-1', 1), ...site },
    }),
  );
  const rule = {
    site_id: 1,
    name: 'Restarts',
    conditions: { allowed_actions: ['reboot' as const], min_confidence: 0.8 },
  };
  await createRule(deps)(person(3, 'admin'), rule);
});

afterAll(async () => {
  await machine.close();
  await kms.close();
  await tables.close();
});

const actAsEdge = async (commandId: string) => {
  const store = { db: tables.db, controlTable: tables.nameOf('control'), auditTable: tables.nameOf('audit') };
  if (edge === 'is_away') return;
  const move = async (
    name: 'dispatch' | 'acknowledge' | 'complete' | 'fail',
    patch: object,
    type: 'dispatched' | 'acknowledged' | 'completed' | 'failed',
    payload: object,
  ) => {
    const command = await readCommand(store)(1, commandId);
    if (!command) throw new Error('no command');
    const event = commandEvent(command, controlActor, `control.command.${type}`, payload as never);
    expect(await moveCommand(store)({ command, name, nowMs: Date.now(), patch, events: [event] })).toBe(true);
    return command;
  };
  await move('dispatch', {}, 'dispatched', { gateway_id: 'gw-1', sequence: 1 });
  await move('acknowledge', {}, 'acknowledged', { at_ms: Date.now() });
  if (edge === 'refuses') {
    await move('fail', { settledAtMs: Date.now(), failure: { code: 'MINER_REFUSED' } }, 'failed', {
      reason: 'MINER_REFUSED',
    });
    return;
  }
  const { minerId } = await move('complete', { settledAtMs: Date.now() }, 'completed', { at_ms: Date.now() });
  cure(minerId);
};

const links = z.object({ seq: z.int(), event: domainEvent });
let delivered = 0;
/** The bus: every committed event, once to each subscriber (twice in fact). */
const pump = async () => {
  const { Items = [] } = await tables.db.send(
    new QueryCommand({
      TableName: tables.nameOf('audit'),
      KeyConditionExpression: 'pk = :pk AND sk > :after',
      ExpressionAttributeValues: { ':pk': 'SITE#1', ':after': `LINK#${String(delivered).padStart(12, '0')}` },
      ConsistentRead: true,
    }),
  );
  for (const item of Items) {
    const { seq, event } = links.parse(item);
    delivered = seq;
    await deliver(event);
  }
};

const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    await pump();
    const found = await look();
    if (found !== undefined) return found;
    await delay(20);
  }
  throw new Error(`Waited in vain for ${what}`);
};

const set = (minerId: string, reading: MinerReading) => {
  live = live.map((one) => (one.minerId === minerId ? reading : one));
};
const healthy = () => minerIds.map((minerId, index) => reading(minerId, {}, ((index * 7) % 5) - 2));

let alerts = 0;
const openAlert = async (kind: AlertKind, minerId: string) => {
  alerts += 1;
  const alertId = `alert-${alerts}`;
  const at = Date.now();
  const event = domainEvent.parse({
    version: 1,
    event_id: `evt_${String(alerts).padStart(24, '0')}`,
    tenant_id: 'tenant-1',
    site_id: 1,
    actor_type: 'system',
    actor_id: 'alerting',
    type: 'alerting.alert.opened',
    ref_type: 'alert',
    ref_id: alertId,
    payload: {
      alert_id: alertId,
      miner_id: minerId,
      zone_id: 'zone-a',
      kind,
      severity: 'P1',
      sampled_at_ms: at,
      batch_received_at_ms: at,
    },
    created_at: new Date(at).toISOString(),
  });
  const busEvent = { 'detail-type': event.type, detail: event };
  await deliver(event);
  await machine.startExecution(machineArn, JSON.stringify(busEvent), `${alertId}-a`);
  await machine.startExecution(machineArn, JSON.stringify(busEvent), `${alertId}-b`);
  return alertId;
};

const statusIs = (id: string, status: string) =>
  until(`${id} to be ${status}`, async () => {
    const found = await readRecommendation(deps)(id);
    return found?.status === status ? found : undefined;
  });

/** All executions have ended, and how. */
const executionsEnd = (prefix: string) =>
  until(`executions ${prefix}`, async () => {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: machineArn }));
    const own = executions.filter(({ name }) => name?.startsWith(prefix));
    return own.length > 0 && own.every(({ status }) => status !== 'RUNNING')
      ? own.map(({ status }) => status)
      : undefined;
  });

const lostBoard = (minerId: string) =>
  reading(minerId, { values: { board2HashrateThs: 0, board2Chips: 0, hashrateThs: 69.4, powerW: 2_080 } });
const deadFan = (minerId: string) => reading(minerId, { values: { fan2Rpm: 0, chipTempC: 84 } });
const stopped = (minerId: string) =>
  reading(minerId, {
    state: 'stopped',
    values: {
      hashrateThs: 0,
      powerW: 25,
      chipTempC: 50,
      board1HashrateThs: 0,
      board2HashrateThs: 0,
      board3HashrateThs: 0,
    },
  });
const operator: Principal = person(1, 'operator');
const manager: Principal = person(2, 'manager');

const allSteps = [
  'detect',
  'diagnose',
  'recommend',
  'assess',
  'approve',
  'dispatch',
  'acknowledge',
  'verify',
  'audit',
  'learn',
];
const timelineOf = (loopId: string, status: string) =>
  until(`loop ${loopId} to be ${status}`, async () => {
    const loop = await readLoop(deps)(loopId);
    return loop?.status === status && (status !== 'effective' || loop.steps.length === allSteps.length)
      ? loop
      : undefined;
  });

it('is valid Amazon States Language, and every task mends or ends', () => {
  const definition = JSON.parse(readFileSync(aslFile, 'utf8'));
  const { isValid, errors } = aslValidator(definition);
  expect({ isValid, errors }).toEqual({ isValid: true, errors: [] });
  const states = z.record(z.string(), z.looseObject({ Type: z.string() })).parse(definition.States);
  for (const [name, state] of Object.entries(states)) {
    if (state.Type !== 'Task') continue;
    const { Retry, Catch } = z
      .looseObject({
        Retry: z.array(z.unknown()).min(2),
        Catch: z.array(z.looseObject({ ErrorEquals: z.array(z.string()), Next: z.string() })),
      })
      .parse(state);
    expect(Retry.length).toBeGreaterThan(0);
    expect(Catch.at(-1)).toMatchObject({
      ErrorEquals: ['States.ALL'],
      Next: name === 'MarkFailed' ? 'Broken' : 'MarkFailed',
    });
    if (String(state.Resource).endsWith('waitForTaskToken')) expect(state.TimeoutSeconds).toBeDefined();
  }
});

it('carries a lost hashboard through the whole loop under a rule', async () => {
  edge = 'obeys';
  live = healthy();
  set('m-1', lostBoard('m-1'));
  cure = (minerId) => set(minerId, reading(minerId));
  const alertId = await openAlert('hashrate_drop', 'm-1');
  const done = await statusIs(recommendationIdOf(alertId), 'completed');
  expect(done).toMatchObject({
    action: { type: 'reboot', targetIds: ['m-1'] },
    risk: { level: 'low' },
    approvedByRule: 1,
    learning: { verdict: 'effective' },
  });
  const loop = await timelineOf(alertId, 'effective');
  expect(loop.steps.map(({ step }) => step)).toEqual(allSteps);
  expect(loop.command_ids).toEqual(done.execution?.commandIds);
  const times = loop.steps.map(({ at }) => at);
  expect(times).toEqual(times.toSorted());
  expect(await executionsEnd(alertId)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});

it('lets a dead fan wait for two people, and never shows a task token', async () => {
  edge = 'obeys';
  live = healthy();
  set('m-2', deadFan('m-2'));
  cure = (minerId) => set(minerId, stopped(minerId));
  const alertId = await openAlert('fan_failure', 'm-2');
  const id = recommendationIdOf(alertId);
  expect(await statusIs(id, 'pending')).toMatchObject({
    action: { type: 'power_off' },
    risk: { level: 'high' },
  });
  const again = await openAlert('overheating', 'm-2');
  expect(await timelineOf(again, 'covered')).toMatchObject({ loop_id: again });
  await approveRecommendation(deps)(operator, id);
  expect(await readRecommendation(deps)(id)).toMatchObject({ status: 'pending' });
  await approveRecommendation(deps)(manager, id);
  expect(await statusIs(id, 'completed')).toMatchObject({ learning: { verdict: 'effective' } });
  expect(await timelineOf(alertId, 'effective')).toMatchObject({ steps: allSteps.map((step) => ({ step })) });
  expect(tokens.length).toBeGreaterThan(2);
  for (const name of ['advisor', 'audit', 'control'] as const) {
    const { Items } = await tables.db.send(new ScanCommand({ TableName: tables.nameOf(name) }));
    const text = JSON.stringify(Items, (_, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    );
    for (const token of tokens) expect(text.includes(token)).toBe(false);
  }
});

it('ends as rejected', async () => {
  live = healthy();
  set('m-3', deadFan('m-3'));
  const alertId = await openAlert('fan_failure', 'm-3');
  await statusIs(recommendationIdOf(alertId), 'pending');
  await rejectRecommendation(deps)(manager, recommendationIdOf(alertId), 'a false alarm');
  expect((await timelineOf(alertId, 'rejected')).command_ids).toEqual([]);
  expect(await executionsEnd(alertId)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});

it('ends as expired when nobody decides', async () => {
  live = healthy();
  set('m-4', deadFan('m-4'));
  const alertId = await openAlert('fan_failure', 'm-4');
  expect(await statusIs(recommendationIdOf(alertId), 'expired')).toMatchObject({ statusReason: 'timeout' });
  await timelineOf(alertId, 'expired');
  expect(await executionsEnd(alertId)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});

it('ends as failed when the miner refuses', async () => {
  edge = 'refuses';
  live = healthy();
  set('m-5', lostBoard('m-5'));
  const alertId = await openAlert('hashrate_drop', 'm-5');
  expect(await statusIs(recommendationIdOf(alertId), 'failed')).toMatchObject({
    statusReason: 'command_failed:MINER_REFUSED',
  });
  await timelineOf(alertId, 'failed');
});

it('ends as failed when the gateway is away', async () => {
  edge = 'is_away';
  live = healthy();
  set('m-6', lostBoard('m-6'));
  const alertId = await openAlert('hashrate_drop', 'm-6');
  expect(await statusIs(recommendationIdOf(alertId), 'failed')).toMatchObject({
    statusReason: 'command_expired',
  });
  await timelineOf(alertId, 'failed');
});

it('ends as failed with no effect when the board stays away', async () => {
  edge = 'obeys';
  live = healthy();
  set('m-7', lostBoard('m-7'));
  cure = () => {};
  const alertId = await openAlert('hashrate_drop', 'm-7');
  expect(await statusIs(recommendationIdOf(alertId), 'failed')).toMatchObject({ statusReason: 'no_effect' });
  await timelineOf(alertId, 'no_effect');
});

it('leaves to people what it cannot tell', async () => {
  live = healthy();
  const alertId = await openAlert('power_anomaly', 'm-8');
  expect(await statusIs(recommendationIdOf(alertId), 'pending')).toMatchObject({
    action: { type: 'manual_review' },
  });
  await timelineOf(alertId, 'manual_review');
  expect(await executionsEnd(alertId)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});

it('takes an alert over into an incident', async () => {
  live = healthy();
  set('m-9', deadFan('m-9'));
  const alertId = await openAlert('overheating', 'm-9');
  await statusIs(recommendationIdOf(alertId), 'pending');
  const incidentId = 'incident-1';
  const event = domainEvent.parse({
    version: 1,
    event_id: 'evt_999999999999',
    tenant_id: 'tenant-1',
    site_id: 1,
    actor_type: 'system',
    actor_id: 'alerting',
    type: 'alerting.incident.opened',
    ref_type: 'incident',
    ref_id: incidentId,
    payload: {
      incident_id: incidentId,
      zone_id: 'zone-a',
      kind: 'overheating',
      severity: 'P0',
      miner_ids: ['m-9', 'm-10', 'm-11'],
      alert_ids: [alertId],
      sampled_at_ms: 1,
      batch_received_at_ms: 1,
    },
    created_at: new Date().toISOString(),
  });
  await deliver(event);
  await machine.startExecution(
    machineArn,
    JSON.stringify({ 'detail-type': event.type, detail: event }),
    incidentId,
  );
  expect(await statusIs(recommendationIdOf(alertId), 'expired')).toMatchObject({
    statusReason: 'superseded',
  });
  await timelineOf(alertId, 'covered');
  await statusIs(recommendationIdOf(incidentId), 'pending');
  expect(await executionsEnd(alertId)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});

it('executes what a person asked for and others approved', async () => {
  edge = 'obeys';
  live = healthy();
  set('m-12', gone('m-12'));
  cure = (minerId) => set(minerId, stopped(minerId));
  const asked = await requestRecommendation(deps)(operator, {
    site_id: 1,
    trigger_type: 'user_request',
    diagnosis: { root_cause: 'maintenance', evidence: [], confidence: 1 },
    action_type: 'power_off',
    target_ids: ['m-12', 'm-13'],
    risk_level: 'low',
    priority: 5,
  });
  if (!asked.ok) throw new Error(asked.failure.message);
  const { id } = asked.value;
  await approveRecommendation(deps)(operator, id);
  await approveRecommendation(deps)(manager, id);
  const executed = await executeNow(deps)(operator, id);
  expect(executed).toMatchObject({ ok: true, value: { commandIds: { length: 2 } } });
  expect(await executeNow(deps)(manager, id)).toMatchObject({
    ok: true,
    value: { commandIds: executed.ok ? executed.value.commandIds : [] },
  });
  expect(await statusIs(id, 'completed')).toMatchObject({ learning: { verdict: 'effective' } });
  expect(await executionsEnd(`execute-${id}`)).toEqual(['SUCCEEDED']);
});

it('leaves nothing open when a step breaks for good', async () => {
  edge = 'obeys';
  live = healthy();
  set('m-14', lostBoard('m-14'));
  brokenFunction = 'VerifyFunction';
  const alertId = await openAlert('hashrate_drop', 'm-14');
  expect(await statusIs(recommendationIdOf(alertId), 'failed')).toMatchObject({
    statusReason: 'internal_error',
  });
  brokenFunction = undefined;
  await timelineOf(alertId, 'failed');
  expect((await executionsEnd(alertId)).toSorted()).toEqual(['FAILED', 'SUCCEEDED']);
  const described = await sfn.send(
    new ListExecutionsCommand({ stateMachineArn: machineArn, statusFilter: 'FAILED' }),
  );
  const execution = await sfn.send(
    new DescribeExecutionCommand({ executionArn: described.executions?.[0]?.executionArn }),
  );
  expect(execution.error).toBe('LoopBroken');
});
