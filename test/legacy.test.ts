import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { legacyCommandAnswer, legacyCommandsAnswer, legacySettingAnswer } from '../contracts/api-legacy.ts';
import { auditHead, type Person, type RunningCloud, startCloud } from './support/running-cloud.ts';

let cloud: RunningCloud;
beforeAll(async () => {
  cloud = await startCloud(1);
}, 120_000);
afterAll(() => cloud?.close());

const minerId = 'm-0001';
const routes = (siteId: number) =>
  [
    ['POST', `/api/sites/${siteId}/commands`, { miner_id: minerId, command_type: 'reboot' }],
    ['GET', `/api/sites/${siteId}/commands`],
    ['GET', '/api/commands/cmd-1'],
    ['DELETE', '/api/commands/cmd-1'],
    ['PUT', '/api/commands/cmd-1', { approved: true }],
  ] as const;
const ask = (who: Person | undefined, [method, path, body]: ReturnType<typeof routes>[number]) =>
  cloud.call(who, method, path, { ...(body && { body }) });
const sunsetOf = (headers: Headers) => [
  headers.get('deprecation'),
  headers.get('sunset'),
  headers.get('link'),
];
const said = (successor: string) => [
  '@1769472000',
  'Mon, 01 Jun 2026 00:00:00 GMT',
  `<${successor}>; rel="successor-version"`,
];

it('is gone for everyone by default, and says since when and where to', async () => {
  const { siteId } = cloud.record;
  for (const route of routes(siteId)) {
    const successor = route[1].includes('/sites/') ? '/api/v1/commands' : '/api/v1/commands/cmd-1';
    for (const who of ['owner', 'operator', 'client', 'rival'] as const) {
      const answer = await ask(who, route);
      expect([route, who, answer.status, answer.body]).toMatchObject([route, who, 410, { code: 'gone' }]);
      expect(sunsetOf(answer.headers)).toEqual(said(successor));
    }
    const stranger = await ask(undefined, route);
    expect([route, stranger.status, sunsetOf(stranger.headers)]).toEqual([route, 401, said(successor)]);
  }
  const poll = await cloud.call(undefined, 'GET', '/api/remote/commands/pending');
  expect([poll.status, sunsetOf(poll.headers)]).toEqual([401, said('/api/edge/v1/commands/poll')]);
});

it('works through the successors’ use cases, and with their checks, once a site is switched on', async () => {
  const { siteId } = cloud.record;
  const setting = `/api/v1/sites/${siteId}/legacy-api`;
  const on = { enabled: true, days: 1, reason: 'The old scheduler is being replaced' };
  expect((await cloud.call('manager', 'PUT', setting, { body: on })).status).toBe(403);
  expect((await cloud.call('rival', 'PUT', setting, { body: on })).status).toBe(404);
  const before = await auditHead(cloud, 'owner', siteId);
  const switched = legacySettingAnswer.parse((await cloud.call('owner', 'PUT', setting, { body: on })).body);
  expect(switched.legacy_api).toMatchObject({ enabled: true, changed_by: 'user:1' });
  expect((await auditHead(cloud, 'owner', siteId)).length).toBe(before.length + 1);

  const create = async (body: object) => {
    const answer = await cloud.call('operator', 'POST', `/api/sites/${siteId}/commands`, { body });
    expect(sunsetOf(answer.headers)).toEqual(said('/api/v1/commands'));
    expect([answer.status, answer.text]).toMatchObject([201, expect.any(String)]);
    return legacyCommandAnswer.parse(answer.body).command;
  };
  const made = await create({ miner_id: minerId, command_type: 'reboot' });
  expect(made).toMatchObject({ command_type: 'reboot', miner_id: minerId, status: 'PENDING_APPROVAL' });
  const path = `/api/commands/${made.command_id}`;
  const today = await cloud.call('operator', 'GET', `/api/v1/commands/${made.command_id}?site_id=${siteId}`);
  expect(today.body).toMatchObject({ command_type: 'MINER_RESTART', status: 'PENDING_APPROVAL' });
  const listed = await cloud.call('operator', 'GET', `/api/sites/${siteId}/commands`);
  expect(legacyCommandsAnswer.parse(listed.body).commands).toEqual([made]);

  // The requester is never the only approver, clients may do nothing here, and another tenant finds nothing.
  const approve = { body: { approved: true } };
  expect((await cloud.call('operator', 'PUT', path, approve)).status).toBe(403);
  expect((await cloud.call('client', 'GET', path)).status).toBe(403);
  expect((await cloud.call('rival', 'GET', path)).status).toBe(410);
  const approved = await cloud.call('manager', 'PUT', path, approve);
  expect([approved.status, legacyCommandAnswer.parse(approved.body).command.status]).toEqual([
    200,
    'APPROVED',
  ]);

  const second = await create({ miner_id: minerId, command_type: 'stop', reason: 'Noise' });
  const cancelled = await cloud.call('operator', 'DELETE', `/api/commands/${second.command_id}`);
  expect([cancelled.status, cancelled.body]).toMatchObject([200, { command: { status: 'CANCELLED' } }]);
  const third = await create({ miner_id: minerId, command_type: 'power_mode', params: { mode: 'low' } });
  const denied = await cloud.call('manager', 'PUT', `/api/commands/${third.command_id}`, {
    body: { approved: false, reason: 'No' },
  });
  expect([denied.status, denied.body]).toMatchObject([200, { command: { status: 'DENIED' } }]);
  for (const [body, status] of [
    [{ miner_id: minerId, command_type: 'MINER_RESTART' }, 400],
    [{ miner_id: minerId, command_type: 'set_fan', params: { speed: 900 } }, 400],
    [{ miner_id: 'm-none', command_type: 'reboot' }, 404],
  ] as const)
    expect((await cloud.call('operator', 'POST', `/api/sites/${siteId}/commands`, { body })).status).toBe(
      status,
    );

  const off = { enabled: false, reason: 'Done' };
  const ended = await cloud.call('owner', 'PUT', setting, { body: off });
  expect(legacySettingAnswer.parse(ended.body).legacy_api.enabled).toBe(false);
  for (const route of routes(siteId)) expect((await ask('owner', route)).status).toBe(410);
  const { events } = z
    .object({ events: z.array(z.object({ type: z.string(), payload: z.looseObject({}) })) })
    .parse((await cloud.call('owner', 'GET', `/api/v1/audit/events?site_id=${siteId}`)).body);
  expect(
    events.filter(({ type }) => type === 'legacy.api.switched').map(({ payload }) => payload),
  ).toMatchObject([
    { enabled: false, reason: 'Done' },
    { enabled: true, until_ms: expect.any(Number) },
  ]);
}, 60_000);
