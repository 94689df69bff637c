import { expect, it } from 'vitest';
import { bodyOf, type Operation, operations, pathOf } from '../support/api-samples.ts';
import type { Stage } from '../support/bad-input-stage.ts';
import { callOperation, refusalOf } from './api-access.ts';

const operation = (id: string): Operation => {
  const found = operations.find((one) => one.id === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found;
};
const guarded = operations.filter(({ access }) => typeof access === 'object');
const withBody = guarded.filter(({ body }) => body);

/** What is refused: the operation, the change to its good body, and the documented sentence. */
type Wrong = readonly [id: string, change: Record<string, unknown>, sentence: string];
const wrongBodies: readonly Wrong[] = [
  ['createRecommendation', { site_id: undefined }, 'site_id is required'],
  ['createRecommendation', { site_id: 'one' }, 'site_id: Invalid input: expected number, received string'],
  ['createRecommendation', { trigger_type: undefined }, 'trigger_type is required'],
  ['createRecommendation', { diagnosis: undefined }, 'diagnosis is required'],
  ['createRecommendation', { diagnosis: {} }, 'diagnosis.root_cause is required'],
  ['createRecommendation', { action_type: undefined }, 'action_type is required'],
  ['rejectRecommendation', { reason: undefined }, 'reason is required'],
  ['rejectRecommendation', { reason: '' }, 'reason is required'],
  ['rejectRecommendation', { reason: '   ' }, 'reason is required'],
  ['rejectAutoRecommendation', { reason: undefined }, 'reason is required'],
  ['giveFeedback', { feedback_type: undefined }, 'feedback_type is required'],
  ['diagnoseAlert', { site_id: undefined }, 'site_id is required'],
  ['diagnoseAlert', { miner_id: undefined }, 'miner_id is required'],
  ['diagnoseAlert', { alert_type: undefined }, 'alert_type is required'],
  ['diagnoseBatch', { miner_ids: undefined }, 'miner_ids must be a non-empty array'],
  ['diagnoseBatch', { miner_ids: [] }, 'miner_ids must be a non-empty array'],
  ['diagnoseBatch', { miner_ids: 'm-0001' }, 'miner_ids must be a non-empty array'],
  ['diagnoseBatch', { site_id: undefined }, 'site_id is required'],
  ['diagnoseBatch', { alert_type: undefined }, 'alert_type is required'],
  ['assessRisk', { action_type: undefined }, 'action_type is required'],
  ['createRule', { site_id: undefined }, 'site_id is required'],
  ['createRule', { name: undefined }, 'name is required'],
  ['createRule', { conditions: undefined }, 'conditions is required'],
  ['createSite', { name: undefined }, 'name is required'],
  ['createSite', { surprise: 1 }, 'surprise is not a known field'],
  ['createZone', { surprise: 1 }, 'surprise is not a known field'],
  ['registerGateway', { surprise: 1 }, 'surprise is not a known field'],
  ['registerMiners', { miners: [] }, 'miners must be a non-empty array'],
  ['registerMiners', { miners: undefined }, 'miners must be a non-empty array'],
];

/** Nothing of it is right, and none of it may be more than a 400. */
const nonsense: readonly string[] = [
  'null',
  '[]',
  '"text"',
  '1e999',
  '{"site_id":1e308}',
  '{"__proto__":{"site_id":1}}',
  '{"site_id":{"toString":1},"reason":{"x":1},"name":[],"miners":{}}',
];

export const validationTests = (stageOf: () => Stage) => {
  const send = (
    { cloud, ids }: Stage,
    one: Operation,
    raw: string | Uint8Array<ArrayBuffer>,
    headers?: Record<string, string>,
  ) => cloud.call('owner', one.method, pathOf(one, ids), { raw, ...(headers && { headers }) });

  it.each(wrongBodies)('%s with %o: %s', async (id, change, sentence) => {
    const stage = stageOf();
    const one = operation(id);
    const body = { ...bodyOf(id, stage.ids), ...change };
    const answer = await send(stage, one, JSON.stringify(body));
    expect(refusalOf(answer)).toMatchObject({ status: 400, error: sentence, code: 'validation_failed' });
  });

  it('refuses what is not JSON, on every route that takes a body', async () => {
    for (const one of withBody)
      for (const raw of ['{', 'a=b', '{"a":1', '\u0000', new Uint8Array([0xff, 0xfe, 0x00])])
        expect({ id: one.id, raw, ...refusalOf(await send(stageOf(), one, raw)) }).toEqual({
          id: one.id,
          raw,
          status: 400,
          error: 'The request body is not JSON',
          code: 'validation_failed',
        });
  });

  it('refuses JSON of a wrong shape, on every route that needs something of it', async () => {
    const mayBeEmpty = [
      'approveRecommendation',
      'approveAutoRecommendation',
      'executeApproved',
      'updateRule',
    ];
    for (const one of withBody)
      for (const raw of nonsense) {
        if (mayBeEmpty.includes(one.id) && raw.startsWith('{')) continue;
        const answer = await send(stageOf(), one, raw);
        expect({ id: one.id, raw, status: answer.status, text: answer.text }).toMatchObject({ status: 400 });
        expect(refusalOf(answer)).toMatchObject({ code: 'validation_failed' });
      }
  });

  it('refuses bodies above 1 MB by itself, and above 10 MB as API Gateway does', async () => {
    for (const one of withBody)
      expect(refusalOf(await send(stageOf(), one, `{"reason":"${'x'.repeat(1024 * 1024)}"}`))).toMatchObject({
        status: 413,
        error: 'The request body is larger than 1 MB',
        code: 'payload_too_large',
      });
    const far = await send(stageOf(), operation('createSite'), 'x'.repeat(10 * 1024 * 1024 + 1));
    expect([far.status, far.body]).toEqual([413, { message: 'Request Entity Too Large' }]);
  });

  it('refuses JSON that is nested too deeply or holds too much to be kept', async () => {
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const { siteId } = stageOf().ids;
    const good = JSON.stringify(bodyOf('createRecommendation', stageOf().ids)).slice(0, -1);
    const feedback = '{"feedback_type":"user_review"';
    const wide = JSON.stringify({ text: 'x'.repeat(900_000) });
    const many = JSON.stringify(
      Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at])),
    );
    for (const data of [deep(40), deep(5_000), deep(150_000), wide, many])
      for (const [id, raw] of [
        ['createRecommendation', `${good},"trigger_data":${data}}`],
        ['createRecommendation', `${good},"action_params":${data}}`],
        ['createRecommendation', `${good},"expected_benefit":${data}}`],
        ['giveFeedback', `${feedback},"outcome_metrics":${data}}`],
        ['giveFeedback', `${feedback},"side_effects":${data}}`],
        ['createRule', `{"site_id":${siteId},"name":"n","conditions":${data}}`],
      ] as const) {
        const answer = await send(stageOf(), operation(id), raw);
        const about = { id, bytes: raw.length, start: data.slice(0, 12) };
        expect({ ...about, status: answer.status }).toEqual({ ...about, status: 400 });
        expect(refusalOf(answer)).toMatchObject({ code: 'validation_failed' });
      }
  });

  it('refuses ids, limits and cursors that are none', async () => {
    const wrong = ['0', '-1', '1.5', 'x', '1e9', '99999999999', ' ', "1' OR '1'='1", '1,2'];
    const tried = new Set<string>();
    for (const one of guarded.filter(({ query }) => query))
      for (const site_id of wrong) {
        if (!pathOf(one, stageOf().ids).includes('site_id=')) continue;
        tried.add(one.id);
        const answer = await callOperation(stageOf(), 'owner', one, { query: { site_id } });
        expect({ id: one.id, site_id, ...refusalOf(answer) }).toMatchObject({
          status: 400,
          code: 'validation_failed',
          error: 'site_id: must be a positive integer',
        });
      }
    expect(tried.size).toBeGreaterThan(12);
  });

  const lists = guarded.filter(({ method, id }) => method === 'GET' && id.startsWith('list'));
  it('refuses a limit that is none', async () => {
    for (const one of lists)
      for (const limit of ['0', '-5', 'many', '1.5', '']) {
        if (!one.query || ['listRules'].includes(one.id)) continue;
        const answer = await callOperation(stageOf(), 'owner', one, { query: { limit } });
        expect({ id: one.id, limit, status: answer.status, text: answer.text }).toMatchObject({
          status: 400,
        });
        expect(refusalOf(answer)).toMatchObject({ code: 'validation_failed' });
      }
  });

  it('refuses a tampered cursor, on every list that has pages', async () => {
    const paged = [
      'listMiners',
      'listOwnership',
      'listAlerts',
      'listIncidents',
      'listCommands',
      'listAuditEvents',
      'listQuarantine',
    ];
    const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const id of paged)
      for (const cursor of [
        'x',
        '%%%',
        'bm90IGpzb24',
        cursorOf({}),
        cursorOf([]),
        cursorOf({ sk: 1 }),
        cursorOf({ pk: 'SITE#2', sk: 'MINER#m-1', other: 'x' }),
        cursorOf({ pk: 'SITE#2' }),
        cursorOf({ sk: 'ZZZ' }),
        cursorOf({ sk: '' }),
        'A'.repeat(501),
      ]) {
        // `not json`: a value and a miner, as places in this list are.
        if (id === 'listMiners' && cursor === 'bm90IGpzb24') continue;
        const answer = await callOperation(stageOf(), 'owner', operation(id), { query: { cursor } });
        expect({ id, cursor, status: answer.status, text: answer.text }).toMatchObject({ status: 400 });
        expect(refusalOf(answer)).toMatchObject({ code: 'validation_failed' });
      }
  });

  it('goes on where a genuine cursor ends', async () => {
    const first = await callOperation(stageOf(), 'owner', operation('listMiners'), { query: { limit: '4' } });
    const { next_cursor } = first.body as { next_cursor: string };
    const second = await callOperation(stageOf(), 'owner', operation('listMiners'), {
      query: { limit: '4', cursor: next_cursor },
    });
    expect([first.body, second.body]).toMatchObject([
      { count: 4, miners: [{ miner_id: 'm-0001' }, {}, {}, {}] },
      { count: 2, miners: [{ miner_id: 'm-0005' }, { miner_id: 'm-0006' }] },
    ]);
  });
};
