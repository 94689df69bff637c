import type { APIGatewayProxyEventV2WithLambdaAuthorizer, Context } from 'aws-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../contracts/access.ts';
import { legacyCommandAnswer, legacyCommandsAnswer } from '../../contracts/api-legacy.ts';
import { readEvents } from '../audit/events-in-order.ts';
import { listCommands } from '../control/command-lists.ts';
import { siteId } from '../control/test-control.ts';
import { admin, person, startRequests } from '../control/test-requests.ts';
import { succeed } from '../shared/result.ts';
import { legacyApi, legacyDeps } from './legacy-api.ts';
import { isOn, type LegacyStore, listSitesOn, readSwitch, writeSwitch } from './legacy-repository.ts';
import { showSwitch, switchLegacy } from './switch-legacy.ts';

let control: Awaited<ReturnType<typeof startRequests>>;
let store: LegacyStore;
beforeAll(async () => {
  control = await startRequests();
  // The switch is of another shape than all that lies in the control table, so it may lie there for once.
  store = { ...control.store, legacyTable: control.store.controlTable };
});
afterAll(() => control?.close());

const minerId = 'gw1_m1';
const operator = person(2);
const manager = person(3, 'manager');
const rival: Principal = { ...admin, userId: 9, tenantId: 'tenant-2' };
const nowMs = () => control.store.clock.nowMs();

/** The handler as API Gateway calls it. */
const ask = async (who: Principal | undefined, method: string, path: string, body?: object) => {
  const [, site] = /^\/api\/sites\/(\d+)\//.exec(path) ?? [];
  const [, command] = /^\/api\/commands\/(.+)$/.exec(path) ?? [];
  const route = path
    .replace(/\/sites\/\d+/, '/sites/{site_id}')
    .replace(/\/commands\/.+$/, '/commands/{command_id}');
  const sitesOn = (tenantId: string) => listSitesOn(store)(tenantId, nowMs());
  const successor = { ...control.deps, listCommands: listCommands(control.store) };
  const handler = legacyApi(legacyDeps(successor, sitesOn), async (tenantId, id) => {
    const setting = await readSwitch(store)(tenantId, id);
    return setting !== undefined && isOn(setting, nowMs());
  });
  const event = {
    version: '2.0',
    routeKey: `${method} ${route}`,
    rawQueryString: '',
    headers: { host: 'localhost' },
    pathParameters: { ...(site && { site_id: site }), ...(command && { command_id: command }) },
    ...(body && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
    requestContext: {
      requestId: 'r',
      domainName: 'localhost',
      http: { sourceIp: '127.0.0.1', userAgent: 'test' },
      authorizer: { lambda: who ? { principal: JSON.stringify(who) } : {} },
    },
  } as unknown as APIGatewayProxyEventV2WithLambdaAuthorizer<{ principal?: string }>;
  const answer = await handler(event, {} as Context);
  const sent: unknown = JSON.parse(String(answer.body));
  return { status: answer.statusCode, headers: answer.headers, body: sent };
};
const said = (successor: string) => ({
  deprecation: '@1769472000',
  sunset: 'Mon, 01 Jun 2026 00:00:00 GMT',
  link: `<${successor}>; rel="successor-version"`,
});
const routes = [
  ['POST', `/api/sites/${siteId}/commands`, { nonsense: true }],
  ['GET', `/api/sites/${siteId}/commands`],
  ['GET', '/api/commands/cmd-1'],
  ['DELETE', '/api/commands/cmd-1'],
  ['PUT', '/api/commands/cmd-1', { approved: true }],
] as const;

it('is gone for everyone by default, and says since when and where to', async () => {
  for (const [method, path, body] of routes) {
    const successor = path.includes('/sites/') ? '/api/v1/commands' : '/api/v1/commands/cmd-1';
    for (const who of [admin, operator, rival]) {
      const answer = await ask(who, method, path, body);
      expect([method, path, answer.status, answer.body]).toMatchObject([method, path, 410, { code: 'gone' }]);
      expect(answer.headers).toMatchObject(said(successor));
    }
    const stranger = await ask(undefined, method, path, body);
    expect([stranger.status, stranger.headers]).toMatchObject([401, said(successor)]);
  }
});

it('works through the successors’ use cases, and with their checks, once a site is switched on', async () => {
  const setting = {
    reach: async (who: Principal) => succeed(who),
    readSwitch: readSwitch(store),
    writeSwitch: writeSwitch(store),
    clock: control.store.clock,
  };
  const on = await switchLegacy(setting)(admin, siteId, { enabled: true, days: 1, reason: 'Old scheduler' });
  expect(on).toMatchObject({ ok: true, value: { legacy_api: { enabled: true, changed_by: 'user:1' } } });

  const create = async (body: object) => {
    const answer = await ask(operator, 'POST', `/api/sites/${siteId}/commands`, body);
    expect([answer.status, answer.headers]).toMatchObject([201, said('/api/v1/commands')]);
    return legacyCommandAnswer.parse(answer.body).command;
  };
  const made = await create({ miner_id: minerId, command_type: 'reboot' });
  expect(made).toMatchObject({ command_type: 'reboot', miner_id: minerId, status: 'PENDING_APPROVAL' });
  const path = `/api/commands/${made.command_id}`;
  expect((await control.deps.readCommand(siteId, made.command_id))?.order.type).toBe('MINER_RESTART');
  expect((await ask(operator, 'GET', path)).body).toEqual({ success: true, command: made });
  const listed = await ask(operator, 'GET', `/api/sites/${siteId}/commands`);
  expect(legacyCommandsAnswer.parse(listed.body)).toEqual({ success: true, commands: [made], count: 1 });

  expect((await ask(operator, 'PUT', path, { approved: true })).status).toBe(403);
  expect((await ask({ ...operator, role: 'client' }, 'GET', path)).status).toBe(403);
  expect((await ask(rival, 'GET', path)).status).toBe(410);
  const approved = await ask(manager, 'PUT', path, { approved: true });
  expect([approved.status, legacyCommandAnswer.parse(approved.body).command.status]).toEqual([
    200,
    'APPROVED',
  ]);

  const second = await create({ miner_id: 'gw1_m2', command_type: 'stop', reason: 'Noise' });
  const cancelled = await ask(operator, 'DELETE', `/api/commands/${second.command_id}`);
  expect([cancelled.status, cancelled.body]).toMatchObject([200, { command: { status: 'CANCELLED' } }]);
  const third = await create({ miner_id: 'gw1_m3', command_type: 'power_mode', params: { mode: 'low' } });
  const denied = await ask(manager, 'PUT', `/api/commands/${third.command_id}`, { approved: false });
  expect([denied.status, denied.body]).toMatchObject([200, { command: { status: 'DENIED' } }]);
  for (const [body, status] of [
    [{ miner_id: minerId, command_type: 'MINER_RESTART' }, 400],
    [{ miner_id: minerId, command_type: 'set_fan', params: { speed: 900 } }, 400],
    [{ miner_id: 'none', command_type: 'reboot' }, 404],
  ] as const)
    expect((await ask(operator, 'POST', `/api/sites/${siteId}/commands`, body)).status).toBe(status);

  await switchLegacy(setting)(admin, siteId, { enabled: false, reason: 'Done' });
  expect(await showSwitch(setting)(admin, siteId)).toMatchObject({
    value: { legacy_api: { enabled: false } },
  });
  for (const [method, old, body] of routes) expect((await ask(admin, method, old, body)).status).toBe(410);
  const events = await readEvents(control.store)(siteId, 1, 200);
  const switched = events.filter(({ event }) => event.type === 'legacy.api.switched');
  expect(switched.map(({ event }) => [event.actor_id, event.payload])).toMatchObject([
    ['1', { enabled: true, reason: 'Old scheduler', until_ms: expect.any(Number) }],
    ['1', { enabled: false, reason: 'Done' }],
  ]);
});
