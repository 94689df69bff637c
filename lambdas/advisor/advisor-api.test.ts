import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { customersOf, type Principal } from '../../contracts/access.ts';
import * as wire from '../../contracts/api-advisor.ts';
import { newGatewayKeys } from '../../edge-greengrass/sealing/gateway-keys.ts';
import { startTables } from '../../test/support/tables.ts';
import { commitWithAudit } from '../audit/commit-with-audit.ts';
import { machinesOf } from '../fleet/own-machines.ts';
import { sealOrder } from '../sealing/seal-orders.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { succeed } from '../shared/result.ts';
import { advisorIndexes, advisorKeys } from './advisor-keys.ts';
import { advisorRoutes } from './api.ts';
import type { AdvisorDeps } from './ask-advisor.ts';
import { advisorHandlers } from './bind-api.ts';
import { expireRecommendation, failRecommendation } from './decide-recommendation.ts';
import { readMinerCommands } from './execution-repository.ts';
import { learnFromOutcome } from './learn-from-outcome.ts';
import { listDue, readRecommendation } from './recommendation-repository.ts';
import { gone, peers, reading, s19 } from './test-readings.ts';
import { person } from './test-recommendations.ts';

let tables: Awaited<ReturnType<typeof startTables<'advisor' | 'audit'>>>;
let deps: AdvisorDeps;
let nowMs = Date.UTC(2026, 10, 21, 10);
const proposals: { minerId: string; approvals: readonly string[]; order: { type: string } }[] = [];
const started: string[] = [];
let site = 0;

const live = [
  reading('m-1', { values: { board2HashrateThs: 0, board2Chips: 0, hashrateThs: 69.4, powerW: 2_080 } }),
  reading('m-2'),
  gone('m-3'),
  ...peers(),
];

let gateway: Awaited<ReturnType<typeof newGatewayKeys>>;
beforeAll(async () => {
  gateway = await newGatewayKeys();
  tables = await startTables([{ name: 'advisor', indexes: advisorIndexes }, { name: 'audit' }]);
  const { db, nameOf } = tables;
  const clock = { nowMs: () => nowMs };
  const store = { db, advisorTable: nameOf('advisor') };
  deps = {
    ...store,
    clock,
    commit: commitWithAudit({ db, auditTable: nameOf('audit'), clock }),
    approvalTtlMs: 600_000,
    commandTtlMs: 60_000,
    readMiners: async () => live.map(({ minerId }) => s19(minerId)),
    readLive: async () => live,
    readRecent: async () => [],
    readMinerCommands: readMinerCommands(store),
    siteExists: async (tenantId, siteId) => tenantId === 'tenant-1' && siteId >= 1 && siteId < 1_000,
    // Every miner is Acme's.
    ownMachines: async (who) => {
      const customers = customersOf(who);
      const owners = [{ from_ms: 0, customer_id: 'acme' }];
      const machines = live.map(({ minerId }) => ({ minerId, owners, retired: false }));
      return customers === 'all' ? undefined : machinesOf(customers, machines, nowMs);
    },
    sealOrder: sealOrder(async () => ({
      key_id: 'k',
      public_key: Buffer.from(gateway.publicKey).toString('base64'),
      announced_at_ms: 0,
    })),
    startExecution: async ({ id }) => void started.push(id),
    proposeCommand: async (proposal) => {
      proposals.push(proposal);
      return succeed({ commandId: `cmd-${proposal.recommendationId}-${proposal.minerId}` });
    },
  };
});
afterAll(() => tables.close());
beforeEach(() => {
  site += 1;
  proposals.length = 0;
  started.length = 0;
});

const operator = person(1, 'operator');
const manager = person(2, 'manager');
const admin = person(3, 'admin');
const client: Principal = { ...person(4, 'client'), customerIds: ['acme'] };
const stranger: Principal = { ...client, customerIds: ['birch'] };

type Sent = {
  readonly who?: Principal;
  readonly params?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  readonly zh?: boolean;
};
type Operation = keyof typeof advisorRoutes;

const call = async (operation: Operation, { who, params, query, body, zh }: Sent = {}) => {
  const { method, path } = advisorRoutes[operation];
  const event = {
    routeKey: `${method} ${path}`,
    headers: { ...(zh && { 'accept-language': 'zh-CN,zh;q=0.9' }) },
    ...(params && { pathParameters: params }),
    ...(query && { queryStringParameters: query }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
    requestContext: {
      requestId: 'request-1',
      http: { sourceIp: '127.0.0.1', userAgent: 'test' },
      authorizer: { lambda: who ? { principal: JSON.stringify(who) } : {} },
    },
  };
  const handler = apiHandler(advisorRoutes, advisorHandlers(deps));
  const answer = await (
    handler as unknown as (event: unknown, context: Context) => Promise<APIGatewayProxyStructuredResultV2>
  )(event, {} as Context);
  const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(answer.body ?? '{}'));
  const success = advisorRoutes[operation].success;
  if (answer.statusCode === success.status) z.strictObject(success.body.shape).parse(parsed);
  return { status: answer.statusCode, body: parsed };
};

const draft = () => ({
  site_id: site,
  trigger_type: 'alert',
  trigger_id: 'alert-456',
  diagnosis: {
    root_cause: '风扇故障导致温度异常',
    evidence: ['Fan1 转速 0 RPM', '芯片温度 92°C'],
    confidence: 0.92,
  },
  action_type: 'power_off',
  target_ids: ['m-1'],
  risk_level: 'high',
  priority: 2,
});
const create = async (change: Record<string, unknown> = {}, who = operator) => {
  const { status, body } = await call('createRecommendation', { who, body: { ...draft(), ...change } });
  expect({ status, error: body.error }).toEqual({ status: 201, error: undefined });
  return wire.recommendationAnswer.parse(body).recommendation;
};
const id = (recommendation_id: string) => ({ recommendation_id });
const refused = (error: string, code: string) => ({ error, code, request_id: 'request-1' });

describe('pool passwords', () => {
  it('are stored sealed for the gateway, and shown to nobody', async () => {
    const pool = { url: 'stratum+tcp://pool.example:3333', user: 'w.1' };
    const password = 'advised-pool-password';
    const made = await create({
      action_type: 'switch_pool',
      action_params: { pools: [{ ...pool, password }] },
    });
    expect(made.action.params).toEqual({ pools: [pool] });
    const { Items } = await tables.db.send(new ScanCommand({ TableName: tables.nameOf('advisor') }));
    expect(JSON.stringify(Items)).toContain(pool.url);
    expect(JSON.stringify(Items)).not.toContain(password);
    expect(JSON.stringify(Items)).toContain('sealedPasswords');
  });
});

describe('who may', () => {
  const about = { params: id('x'), body: { reason: 'r', feedback_type: 'user_review' } };
  it.each<[Operation, Sent, Principal | undefined, number, string]>([
    ['listRecommendations', {}, undefined, 401, 'Authentication required'],
    ['approveRecommendation', about, undefined, 401, 'Authentication required'],
    ['approveRecommendation', about, client, 403, 'Operator access required'],
    ['rejectRecommendation', about, client, 403, 'Operator access required'],
    ['executeRecommendation', about, client, 403, 'Operator access required'],
    ['approveAutoRecommendation', about, client, 403, 'Operator access required'],
    ['executeApproved', {}, client, 403, 'Operator access required'],
    ['createRule', {}, manager, 403, 'Admin access required'],
    ['updateRule', { params: { rule_id: '1' } }, operator, 403, 'Admin access required'],
    ['deactivateRule', { params: { rule_id: '1' } }, operator, 403, 'Admin access required'],
    ['createRecommendation', {}, client, 403, 'Full access to ai required'],
  ])('%s', async (operation, sent, who, status, error) => {
    expect(await call(operation, { ...sent, ...(who && { who }) })).toMatchObject({
      status,
      body: { error },
    });
  });
});

describe('a client of another customer', () => {
  it('sees no recommendation, no loop and no diagnosis of machines that are not its own', async () => {
    const made = await create({});
    const query = { site_id: String(site) };
    const seenBy = async (who: Principal) => ({
      one: (await call('getRecommendation', { who, params: id(made.id) })).status,
      listed: (await call('listRecommendations', { who, query })).body.count,
      everywhere: (await call('listRecommendations', { who: { ...who, siteIds: [site] } })).body.count,
      diagnosed: (
        await call('diagnoseAlert', {
          who,
          body: { site_id: site, miner_id: 'm-1', alert_type: 'hashrate_drop' },
        })
      ).status,
    });
    expect(await seenBy(client)).toEqual({ one: 200, listed: 1, everywhere: 1, diagnosed: 200 });
    expect(await seenBy(stranger)).toEqual({ one: 404, listed: 0, everywhere: 0, diagnosed: 404 });
    const general = await create({ target_ids: [], trigger_id: 'alert-457' });
    expect((await call('getRecommendation', { who: client, params: id(general.id) })).status).toBe(404);
  });
});

describe('bad input', () => {
  const missing = (field: string) => ({ ...draft(), [field]: undefined });
  it.each<[string, Operation, () => Sent, number, string]>([
    ['no site', 'createRecommendation', () => ({ body: missing('site_id') }), 400, 'site_id is required'],
    [
      'no trigger type',
      'createRecommendation',
      () => ({ body: missing('trigger_type') }),
      400,
      'trigger_type is required',
    ],
    [
      'no diagnosis',
      'createRecommendation',
      () => ({ body: missing('diagnosis') }),
      400,
      'diagnosis is required',
    ],
    [
      'no action',
      'createRecommendation',
      () => ({ body: missing('action_type') }),
      400,
      'action_type is required',
    ],
    [
      'a fan without a speed',
      'createRecommendation',
      () => ({ body: { ...draft(), action_type: 'adjust_fan' } }),
      400,
      'action_params.speed must be 10 to 100',
    ],
    [
      'an unknown miner',
      'createRecommendation',
      () => ({ body: { ...draft(), target_ids: ['nobody'] } }),
      400,
      'target_ids: site',
    ],
    [
      'an unknown site',
      'createRecommendation',
      () => ({ body: { ...draft(), site_id: 5_000 } }),
      404,
      'Site not found',
    ],
    ['no reason', 'rejectRecommendation', () => ({ params: id('x'), body: {} }), 400, 'reason is required'],
    [
      'an empty reason',
      'rejectRecommendation',
      () => ({ params: id('x'), body: { reason: '  ' } }),
      400,
      'reason is required',
    ],
    [
      'an unknown recommendation, read',
      'getRecommendation',
      () => ({ params: id('x') }),
      404,
      'Recommendation not found',
    ],
    [
      'an unknown recommendation, approved',
      'approveRecommendation',
      () => ({ params: id('x') }),
      404,
      'Recommendation not found',
    ],
    [
      'an unknown recommendation, rejected',
      'rejectRecommendation',
      () => ({ params: id('x'), body: { reason: 'r' } }),
      404,
      'Recommendation not found',
    ],
    [
      'an unknown recommendation, executed',
      'executeRecommendation',
      () => ({ params: id('x') }),
      404,
      'Recommendation not found',
    ],
    [
      'feedback of no type',
      'giveFeedback',
      () => ({ params: id('x'), body: {} }),
      400,
      'feedback_type is required',
    ],
    [
      'feedback on nothing',
      'giveFeedback',
      () => ({ params: id('x'), body: { feedback_type: 'user_review' } }),
      404,
      'Recommendation not found',
    ],
    ['statistics of no site', 'getLearningStats', () => ({}), 400, 'site_id is required'],
    [
      'no miner',
      'diagnoseAlert',
      () => ({ body: { site_id: 1, alert_type: 'offline' } }),
      400,
      'miner_id is required',
    ],
    [
      'no alert type',
      'diagnoseAlert',
      () => ({ body: { site_id: 1, miner_id: 'm-1' } }),
      400,
      'alert_type is required',
    ],
    [
      'an unknown alert type',
      'diagnoseAlert',
      () => ({ body: { site_id: 1, miner_id: 'm-1', alert_type: 'mood' } }),
      400,
      'alert_type: mood is not a known alert type',
    ],
    [
      'an unknown miner to diagnose',
      'diagnoseAlert',
      () => ({ body: { site_id: 1, miner_id: 'nobody', alert_type: 'offline' } }),
      404,
      'Miner not found',
    ],
    [
      'no miners',
      'diagnoseBatch',
      () => ({ body: { site_id: 1, alert_type: 'offline' } }),
      400,
      'miner_ids must be a non-empty array',
    ],
    [
      'an empty list',
      'diagnoseBatch',
      () => ({ body: { site_id: 1, alert_type: 'offline', miner_ids: [] } }),
      400,
      'miner_ids must be a non-empty array',
    ],
    [
      'a text for a list',
      'diagnoseBatch',
      () => ({ body: { site_id: 1, alert_type: 'offline', miner_ids: 'm-1' } }),
      400,
      'miner_ids must be a non-empty array',
    ],
    ['a risk of nothing', 'assessRisk', () => ({ body: {} }), 400, 'action_type is required'],
    ['rules of no site', 'listRules', () => ({}), 400, 'site_id is required'],
    [
      'a rule without a name',
      'createRule',
      () => ({ who: admin, body: { site_id: 1, conditions: {} } }),
      400,
      'name is required',
    ],
    [
      'a rule without conditions',
      'createRule',
      () => ({ who: admin, body: { site_id: 1, name: 'r' } }),
      400,
      'conditions is required',
    ],
    [
      'a rule for high risk',
      'createRule',
      () => ({ who: admin, body: { site_id: 1, name: 'r', conditions: { max_risk_level: 'high' } } }),
      400,
      'conditions.max_risk_level',
    ],
    [
      'an unknown rule',
      'updateRule',
      () => ({ who: admin, params: { rule_id: '99999' }, body: { is_active: true } }),
      404,
      'Rule not found',
    ],
    [
      'an unknown rule to delete',
      'deactivateRule',
      () => ({ who: admin, params: { rule_id: '99999' } }),
      404,
      'Rule not found',
    ],
    ['loops of no site', 'listLoops', () => ({}), 400, 'site_id is required'],
    ['an unknown status', 'listRecommendations', () => ({ query: { status: 'maybe' } }), 400, 'status'],
  ])('%s', async (_, operation, sent, status, error) => {
    const answer = await call(operation, { who: operator, ...sent() });
    expect(answer).toMatchObject({
      status,
      body: { error: expect.stringContaining(error), request_id: 'request-1' },
    });
  });

  it("does not show another tenant's recommendation", async () => {
    const { id: mine } = await create();
    const stranger = { ...admin, userId: 66, tenantId: 'tenant-2' };
    const elsewhere = { ...operator, userId: 67, siteIds: [999] };
    for (const who of [stranger, elsewhere]) {
      for (const operation of [
        'getRecommendation',
        'approveRecommendation',
        'executeRecommendation',
      ] as const)
        expect(await call(operation, { who, params: id(mine) })).toEqual({
          status: 404,
          body: refused('Recommendation not found', 'not_found'),
        });
    }
  });
});

describe('a high risk', () => {
  it('waits for two people, one a manager, and is executed once', async () => {
    const made = await create();
    expect(made).toMatchObject({
      status: 'pending',
      risk: { level: 'high', priority: 2 },
      created_by: 'user:1',
      approval: { required: true, level: 'manager', votes_needed: 2, votes: [] },
    });
    expect(await call('executeRecommendation', { who: operator, params: id(made.id) })).toEqual({
      status: 400,
      body: refused('Recommendation must be approved before execution', 'invalid_state'),
    });

    const first = await call('approveRecommendation', {
      who: operator,
      params: id(made.id),
      body: { reason: '经确认矿机确实过热' },
    });
    expect(first).toMatchObject({
      status: 200,
      body: {
        recommendation: {
          status: 'pending',
          approval: { votes: [{ user_id: 1 }], missing_level: 'manager', approved_by: null },
        },
      },
    });
    const again = await call('approveRecommendation', { who: operator, params: id(made.id) });
    expect(again).toMatchObject({
      status: 200,
      body: { recommendation: { status: 'pending', approval: { votes: [{ user_id: 1 }] } } },
    });
    const second = await call('approveAutoRecommendation', { who: manager, params: id(made.id) });
    expect(second).toMatchObject({
      status: 200,
      body: {
        success: true,
        recommendation: { status: 'approved', approval: { approved_by: 2, missing_level: null } },
      },
    });
    expect(await call('approveRecommendation', { who: admin, params: id(made.id) })).toMatchObject({
      status: 400,
      body: { error: 'Recommendation cannot be approved (status=approved)', code: 'invalid_state' },
    });

    const executed = await call('executeRecommendation', { who: operator, params: id(made.id) });
    expect(executed).toMatchObject({
      status: 200,
      body: {
        success: true,
        recommendation_id: made.id,
        command_id: `cmd-${made.id}-m-1`,
        status: 'executing',
      },
    });
    expect(await call('executeAutoRecommendation', { who: operator, params: id(made.id) })).toEqual(executed);
    expect(proposals).toMatchObject([
      {
        minerId: 'm-1',
        approvals: ['user:1', 'user:2'],
        order: { type: 'HASHING_DISABLE' },
        requestedBy: 'user:1',
      },
    ]);
    expect(started).toContain(made.id);
    expect(await call('getLearningStats', { who: client, query: { site_id: String(site) } })).toMatchObject({
      status: 200,
      body: {
        total_recommendations: 1,
        approved_count: 1,
        executed_count: 1,
        rejected_count: 0,
        success_rate: null,
      },
    });
  });

  it('is not approved by the requester and nobody else', async () => {
    const made = await create({ action_type: 'reboot', risk_level: 'medium' });
    expect(await call('approveRecommendation', { who: operator, params: id(made.id) })).toMatchObject({
      status: 403,
      body: { error: 'The requester cannot be the only approver' },
    });
    expect(
      await call('approveRecommendation', { who: person(9, 'operator'), params: id(made.id) }),
    ).toMatchObject({ status: 200, body: { recommendation: { status: 'approved' } } });
  });

  it('is rejected with a reason, and then stays so', async () => {
    const made = await create();
    const rejected = await call('rejectRecommendation', {
      who: manager,
      params: id(made.id),
      body: { reason: '误报，矿机状态正常' },
    });
    expect(rejected).toMatchObject({
      status: 200,
      body: {
        success: true,
        recommendation: { status: 'rejected', rejection: { rejected_by: 2, reason: '误报，矿机状态正常' } },
      },
    });
    expect(
      await call('rejectAutoRecommendation', { who: manager, params: id(made.id), body: { reason: 'r' } }),
    ).toMatchObject({ status: 400, body: { error: 'Recommendation cannot be rejected (status=rejected)' } });
    expect(await call('approveRecommendation', { who: manager, params: id(made.id) })).toMatchObject({
      status: 400,
      body: { error: 'Recommendation cannot be approved (status=rejected)' },
    });
  });

  it('expires when nobody decides', async () => {
    const made = await create();
    nowMs += 700_000;
    expect(await listDue(deps)(nowMs)).toContain(made.id);
    expect(await call('approveRecommendation', { who: manager, params: id(made.id) })).toMatchObject({
      status: 400,
      body: { error: 'Recommendation cannot be approved (status=expired)' },
    });
    await expireRecommendation(deps)(made.id, 'timeout', true);
    expect(await listDue(deps)(nowMs)).not.toContain(made.id);
    expect(await call('getRecommendation', { who: client, params: id(made.id) })).toMatchObject({
      status: 200,
      body: { recommendation: { status: 'expired', status_reason: 'timeout' }, feedback: [] },
    });
  });

  it('takes votes for a critical one only from who has just proved to be there', async () => {
    const made = await create({ risk_level: 'critical' }, person(8, 'manager'));
    const vote = (who: Principal) => call('approveRecommendation', { who, params: id(made.id) });
    for (const provenAtMs of [undefined, nowMs - 300_000])
      expect(await vote({ ...admin, provenAtMs })).toMatchObject({
        status: 403,
        body: { code: 'step_up_required' },
      });
    expect(await vote({ ...admin, provenAtMs: nowMs - 299_000 })).toMatchObject({ status: 200 });
    expect((await readRecommendation(deps)(made.id))?.votes).toHaveLength(1);
  });

  it('keeps one order under racing voters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 8 }),
        async (voters) => {
          const made = await create({ risk_level: 'critical' }, person(8, 'manager'));
          const cast = voters.map((one) => ({
            ...person(one, one <= 4 ? 'operator' : one <= 6 ? 'admin' : 'manager'),
            provenAtMs: nowMs,
          }));
          const answers = await Promise.all(
            cast.map((who) => call('approveRecommendation', { who, params: id(made.id) })),
          );
          const end = await readRecommendation(deps)(made.id);
          const counted = new Set(end?.votes.map(({ userId }) => userId));
          expect(counted.size).toBe(end?.votes.length);
          const approvedNow = answers.filter(
            ({ body }) =>
              wire.recommendationAnswer.safeParse(body).data?.recommendation.status === 'approved',
          );
          const distinct = new Set(voters);
          const canPass = distinct.size >= 2 && [...distinct].some((one) => one === 5 || one === 6);
          expect(end?.status).toBe(canPass ? 'approved' : 'pending');
          expect(approvedNow.length > 0).toBe(canPass);
          if (canPass) expect(end?.votes.some(({ rank }) => rank === 'admin')).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('rules', () => {
  const conditions = {
    max_risk_level: 'low',
    min_confidence: 0.8,
    allowed_actions: ['reboot', 'adjust_fan'],
    max_targets: 10,
  };
  const addRule = async (change: Record<string, unknown> = {}) => {
    const { status, body } = await call('createRule', {
      who: admin,
      body: { site_id: site, name: 'Fan调整自动批准', description: 'd', conditions, ...change },
    });
    expect(status).toBe(200);
    return wire.ruleAnswer.parse(body).rule;
  };
  const reboot = { action_type: 'reboot', risk_level: 'low' };

  it('are created, listed, changed and deactivated', async () => {
    const rule = await addRule();
    expect(rule).toMatchObject({ site_id: site, name: 'Fan调整自动批准', is_active: true, conditions });
    expect(Number.isInteger(rule.id)).toBe(true);
    expect(await call('listRules', { who: client, query: { site_id: String(site) } })).toMatchObject({
      status: 200,
      body: { success: true, rules: [rule], count: 1 },
    });
    expect(
      await call('updateRule', {
        who: admin,
        params: { rule_id: String(rule.id) },
        body: { is_active: false },
      }),
    ).toMatchObject({ status: 200, body: { rule: { id: rule.id, is_active: false, name: rule.name } } });
    expect(await call('deactivateRule', { who: admin, params: { rule_id: String(rule.id) } })).toEqual({
      status: 200,
      body: { success: true, message: 'Rule deactivated' },
    });
  });

  it('approve a low risk at once, which the batch then executes', async () => {
    const rule = await addRule();
    const made = await create(reboot);
    expect(made).toMatchObject({
      status: 'approved',
      risk: { level: 'low' },
      approval: { required: false, approved_by: null, approved_by_rule: rule.id },
    });
    expect(
      await call('listAutoRecommendations', {
        who: client,
        query: { site_id: String(site), status: 'approved' },
      }),
    ).toMatchObject({ body: { success: true, count: 1 } });
    const batch = await call('executeApproved', { who: operator, body: { site_id: site } });
    expect(batch).toMatchObject({
      status: 200,
      body: {
        success: true,
        results: [{ recommendation_id: made.id, success: true, command_id: `cmd-${made.id}-m-1` }],
        executed_count: 1,
        failed_count: 0,
      },
    });
    expect(proposals[0]?.approvals).toEqual([`rule:${rule.id}`]);
    expect(await call('executeApproved', { who: operator, body: { site_id: site } })).toMatchObject({
      body: { results: [], executed_count: 0 },
    });
  });

  it.each([
    ['of another action', { action_type: 'restore', risk_level: 'low' }],
    ['that the requester calls medium', { action_type: 'reboot', risk_level: 'medium' }],
    ['of low confidence', { ...reboot, confidence_score: 0.7 }],
  ])('leave one %s to people', async (_, change) => {
    await addRule();
    expect((await create(change)).status).toBe('pending');
  });

  it('never approve a stop, however low its score', async () => {
    await addRule({ conditions: { max_risk_level: 'medium' } });
    expect(await create({ risk_level: 'low' })).toMatchObject({ status: 'pending', risk: { level: 'high' } });
    expect(
      await create({ action_type: 'curtail', action_params: { mode: 'stop' }, risk_level: 'low' }),
    ).toMatchObject({ status: 'pending', risk: { level: 'high' } });
  });

  it('that are deactivated approve nothing', async () => {
    const rule = await addRule();
    await call('deactivateRule', { who: admin, params: { rule_id: String(rule.id) } });
    expect((await create(reboot)).status).toBe('pending');
  });
});

describe('reading', () => {
  it('lists by site and status, newest first, up to a limit', async () => {
    const ids = [];
    for (let index = 0; index < 3; index++) {
      nowMs += 1_000;
      ids.unshift((await create()).id);
    }
    await call('rejectRecommendation', { who: manager, params: id(ids[1] ?? ''), body: { reason: 'r' } });
    const list = async (query: Record<string, string>) => {
      const { body } = await call('listRecommendations', {
        who: client,
        query: { site_id: String(site), ...query },
      });
      const { recommendations, count } = wire.recommendationList.parse(body);
      expect(count).toBe(recommendations.length);
      return recommendations.map((one) => one.id);
    };
    expect(await list({})).toEqual(ids);
    expect(await list({ limit: '2' })).toEqual(ids.slice(0, 2));
    expect(await list({ status: 'pending' })).toEqual([ids[0], ids[2]]);
    expect(await list({ status: 'rejected' })).toEqual([ids[1]]);
    const everywhere = await call('listRecommendations', { who: { ...client, siteIds: [site] } });
    expect(wire.recommendationList.parse(everywhere.body).recommendations.map((one) => one.id)).toEqual(ids);
  });

  it('keeps feedback with the union of the documented fields', async () => {
    const made = await create();
    const given = {
      feedback_type: 'user_review',
      was_effective: true,
      user_rating: 4,
      user_comment: '问题已解决',
      outcome_metrics: { hashrate_recovered_pct: 95 },
      outcome: 'resolved',
      accuracy_rating: 5,
      usefulness_rating: 5,
    };
    const answer = await call('giveFeedback', { who: operator, params: id(made.id), body: given });
    expect(answer).toMatchObject({
      status: 200,
      body: { success: true, feedback: { ...given, recommendation_id: made.id, user_id: 1 } },
    });
    expect(await call('getRecommendation', { who: client, params: id(made.id) })).toMatchObject({
      body: { feedback: [given] },
    });
    expect(await call('getLearningStats', { who: client, query: { site_id: String(site) } })).toMatchObject({
      body: { feedback_count: 1 },
    });
  });
});

describe('diagnosis and risk', () => {
  it('answers in the asked language', async () => {
    const body = { site_id: site, miner_id: 'm-1', alert_type: 'hashrate_drop' };
    const english = await call('diagnoseAlert', { who: client, body });
    expect(english).toMatchObject({
      status: 200,
      body: {
        success: true,
        diagnosis: {
          miner_id: 'm-1',
          alert_type: 'hashrate_drop',
          can_tell: true,
          summary: 'Most likely cause: A hashboard has dropped out',
          hypotheses: [
            { rank: 1, cause_code: 'hashboard_lost', suggested_action: { type: 'reboot' } },
            { rank: 2 },
            { rank: 3 },
          ],
        },
      },
    });
    expect(await call('diagnoseAlert', { who: client, body, zh: true })).toMatchObject({
      body: { diagnosis: { summary: '最可能原因：算力板掉线' } },
    });
  });

  it('diagnoses several, and names those it does not know', async () => {
    const answer = await call('diagnoseBatch', {
      who: client,
      body: { site_id: site, alert_type: 'offline', miner_ids: ['m-2', 'm-3', 'nobody'] },
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        success: true,
        count: 2,
        errors: { nobody: 'Miner not found' },
        diagnoses: { 'm-2': { can_tell: false }, 'm-3': { can_tell: true, urgency: 'high' } },
      },
    });
  });

  it('assesses the documented example', async () => {
    const body = {
      action_type: 'curtail',
      target_ids: ['miner-001', 'miner-002', 'miner-003'],
      power_impact_kw: 100,
      revenue_impact_pct: 5,
      confidence_score: 0.85,
    };
    const { status, body: answer } = await call('assessRisk', { who: client, body });
    expect(status).toBe(200);
    expect(wire.riskAnswer.parse(answer).risk_assessment).toMatchObject({
      level: 'low',
      can_auto_execute: true,
      require_approval: false,
      approval_level: 'operator',
    });
  });
});

describe('learning', () => {
  const executing = async () => {
    const made = await create({ action_type: 'reboot', risk_level: 'low' }, person(9, 'operator'));
    await call('approveRecommendation', { who: manager, params: id(made.id) });
    await call('executeRecommendation', { who: manager, params: id(made.id) });
    return made.id;
  };
  const verdictOf = async (
    recommendationId: string,
    verdict: 'effective' | 'no_effect' | 'inconclusive',
    score: number,
  ) => {
    const current = await readRecommendation(deps)(recommendationId);
    await tables.db.send(
      new (await import('@aws-sdk/lib-dynamodb')).UpdateCommand({
        TableName: deps.advisorTable,
        Key: advisorKeys.recommendation(recommendationId),
        UpdateExpression: 'SET doc = :doc',
        ExpressionAttributeValues: { ':doc': { ...current, learning: { verdict, score, evidence: [] } } },
      }),
    );
  };

  it('counts every outcome once, and an inconclusive one not at all', async () => {
    for (const [verdict, score] of [
      ['effective', 0.9],
      ['no_effect', 0],
      ['inconclusive', 0],
    ] as const) {
      const recommendationId = await executing();
      await verdictOf(recommendationId, verdict, score);
      await Promise.all([learnFromOutcome(deps)(recommendationId), learnFromOutcome(deps)(recommendationId)]);
      const { body } = await call('getRecommendation', { who: client, params: id(recommendationId) });
      expect(body).toMatchObject({
        recommendation: {
          status: verdict === 'effective' ? 'completed' : 'failed',
          status_reason: verdict === 'effective' ? null : verdict,
        },
        feedback: [{ feedback_type: 'automated_check', user_id: null }],
      });
    }
    expect(await call('getLearningStats', { who: client, query: { site_id: String(site) } })).toMatchObject({
      body: {
        total_recommendations: 3,
        executed_count: 3,
        success_rate: 0.5,
        average_effectiveness: 0.45,
        feedback_count: 3,
      },
    });
  });

  it('leaves what ended alone', async () => {
    const recommendationId = await executing();
    await failRecommendation(deps)(recommendationId, 'internal_error');
    await learnFromOutcome(deps)(recommendationId);
    expect(await readRecommendation(deps)(recommendationId)).toMatchObject({
      status: 'failed',
      statusReason: 'internal_error',
    });
  });
});
