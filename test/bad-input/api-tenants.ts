import { expect, it } from 'vitest';
import { hasAccess, hasRank } from '../../contracts/access.ts';
import { bodyOf, type Ids, type Operation, operations, pathOf } from '../support/api-samples.ts';
import type { Stage } from '../support/bad-input-stage.ts';
import type { Person } from '../support/running-cloud.ts';
import { refusalOf } from './api-access.ts';

const guarded = operations.filter(({ access }) => typeof access === 'object');

/** Operations that name a thing by id, in their path, query or body, and what they say where there is none. */
const notFoundOf = ({ id, path }: Operation): string | undefined => {
  if (path.includes('{recommendation_id}')) return 'Recommendation not found';
  if (path.includes('{rule_id}')) return 'Rule not found';
  if (path.startsWith('/api/v1/commands/{command_id}')) return 'Command not found';
  if (path.includes('{batch_id}')) return 'Batch not found';
  if (path.includes('{user_id}')) return 'User not found';
  if (path.includes('{session_id}')) return 'Session not found';
  if (path.includes('{key_id}')) return 'API key not found';
  if (path.startsWith('/api/v1/users')) return undefined;
  if (/\{gateway_id\}\/(sealing|inventory-restore)$/.test(path)) return 'Gateway not found';
  if (['logout', 'session', 'listSites', 'createSite', 'assessRisk'].includes(id)) return undefined;
  return 'Site not found';
};

const ask = ({ cloud }: Stage, who: Person, one: Operation, ids: Ids) =>
  cloud.call(who, one.method, pathOf(one, ids), {
    ...(one.body && { body: bodyOf(one.id, ids) ?? {} }),
  });

export const tenantTests = (stageOf: () => Stage) => {
  const expectNotFound = async (who: Person, ids: Ids, only: (one: Operation) => boolean = () => true) => {
    const asked = guarded.filter((one) => notFoundOf(one) !== undefined && only(one));
    for (const one of asked)
      expect({ id: one.id, who, ...refusalOf(await ask(stageOf(), who, one, ids)) }).toEqual({
        id: one.id,
        who,
        status: 404,
        error: notFoundOf(one),
        code: 'not_found',
      });
    return asked.length;
  };

  it('finds nothing under ids that nobody has, on every route that takes one', async () => {
    const unknown = {
      ...stageOf().ids,
      siteId: 999_999,
      recommendationId: '00000000-0000-4000-8000-000000000000',
      alertId: 'al-none',
      commandId: 'cmd-none',
      ruleId: 999_999,
    };
    expect(await expectNotFound('owner', unknown)).toBeGreaterThan(30);
    const { siteId } = stageOf().ids;
    const below = ['getAlert', 'getCommand'];
    for (const [id, error] of [
      ['getAlert', 'Alert not found'],
      ['getCommand', 'Command not found'],
      ['diagnoseAlert', 'Miner not found'],
    ]) {
      const one = guarded.find((operation) => operation.id === id);
      if (!one) throw new Error(`no operation ${id}`);
      const answer = await ask(stageOf(), 'owner', one, { ...unknown, siteId, minerId: 'm-none' });
      expect(refusalOf(answer)).toEqual({ status: 404, error, code: 'not_found' });
    }
    expect(below).toHaveLength(2);
  });

  it('finds nothing of another tenant, on every route that takes an id', async () => {
    expect(await expectNotFound('rival', stageOf().ids)).toBeGreaterThan(30);
    const { rival, ids } = stageOf();
    expect(
      await expectNotFound(
        'owner',
        { ...ids, siteId: rival.siteId },
        (one) => !/\{(recommendation|rule)_id\}/.test(one.path),
      ),
    ).toBeGreaterThan(20);
  });

  it('does not find a thing through a site that is one’s own', async () => {
    const { rival, ids } = stageOf();
    const mixed = { ...ids, siteId: rival.siteId };
    for (const [id, error] of [
      ['getAlert', 'Alert not found'],
      ['getCommand', 'Command not found'],
      ['diagnoseAlert', 'Miner not found'],
    ]) {
      const one = guarded.find((operation) => operation.id === id);
      if (!one) throw new Error(`no operation ${id}`);
      expect(refusalOf(await ask(stageOf(), 'rival', one, mixed))).toEqual({
        status: 404,
        error,
        code: 'not_found',
      });
    }
    const call = stageOf().cloud.call;
    const series = await call(
      'rival',
      'GET',
      `/api/v1/telemetry/series?site_id=${rival.siteId}&miner_id=${ids.minerId}&tier=raw`,
    );
    expect(series.body).toMatchObject({ count: 0, points: [] });
    const recommendation = await call('rival', 'POST', '/api/v1/ai/recommendations', {
      body: bodyOf('createRecommendation', mixed),
    });
    expect(refusalOf(recommendation)).toMatchObject({
      status: 400,
      error: `target_ids: site ${rival.siteId} has no miner ${ids.minerId}`,
    });
    const miners = await call('rival', 'POST', `/api/v1/sites/${rival.siteId}/miners`, {
      body: bodyOf('registerMiners', mixed),
    });
    expect(refusalOf(miners)).toMatchObject({
      status: 400,
      error: 'zone_id: zone zone-1 is not of this site',
    });
    const gateway = await call('rival', 'POST', `/api/v1/sites/${rival.siteId}/gateways`, {
      body: { gateway_id: ids.gatewayId, name: 'Taken' },
    });
    expect(refusalOf(gateway)).toMatchObject({ status: 409, code: 'conflict' });
  });

  it('shows nobody else’s things in lists', async () => {
    const { call } = stageOf().cloud;
    const { rival, ids } = stageOf();
    for (const path of ['/api/v1/ai/recommendations', '/api/v1/ai/auto/recommendations?status=all'])
      expect((await call('rival', 'GET', path)).body).toMatchObject({ recommendations: [], count: 0 });
    expect((await call('rival', 'GET', '/api/v1/sites')).body).toMatchObject({
      sites: [{ site_id: rival.siteId }],
      count: 1,
    });
    expect((await call('client', 'GET', '/api/v1/sites')).body).toMatchObject({
      sites: [{ site_id: ids.siteId }],
      count: 1,
    });
    const swept = await call('rival', 'POST', '/api/v1/ai/auto/execute-approved', { body: {} });
    expect(swept.body).toMatchObject({ results: [], executed_count: 0 });
  });

  it('finds no site that an account does not reach', async () => {
    const { ids, otherSiteId } = stageOf();
    const mayAsk = ({ access }: Operation) =>
      typeof access === 'object' &&
      hasAccess('client', access.module, access.level) &&
      (access.rank === undefined || hasRank({ role: 'client' }, access.rank));
    const reading = (one: Operation) =>
      one.method === 'GET' && mayAsk(one) && notFoundOf(one) === 'Site not found';
    expect(await expectNotFound('client', { ...ids, siteId: otherSiteId }, reading)).toBeGreaterThan(10);
  });
};
