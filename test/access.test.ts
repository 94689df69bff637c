import type { APIGatewayProxyEventV2WithLambdaAuthorizer, Context } from 'aws-lambda';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { type Principal, type Role, type Scope, scopes } from '../contracts/access.ts';
import type { Route, RouteTable } from '../contracts/route.ts';
import { apiHandler } from '../lambdas/shared/api-handler.ts';
import { fail } from '../lambdas/shared/result.ts';
import { routeTables } from '../lib/shared/openapi.ts';

/** The matrix once more, as a reader writes it down (`000` §6.2: ✓ full, ● read, ✗ none), apart from the code's. */
const matrix = `
             owner admin mining_site_owner client customer guest
basic        ✓     ✓     ✓                 ✓      ✓        ✓
hosting      ✓     ✓     ✓                 ●      ✗        ✗
curtailment  ✓     ✓     ✓                 ✗      ✗        ✗
crm          ✓     ✓     ●                 ✗      ✗        ✗
analytics    ✓     ✓     ✓                 ●      ●        ✗
ai           ✓     ✓     ✓                 ●      ✗        ✗
user         ✓     ✓     ✗                 ✗      ✗        ✗
system       ✓     ✓     ●                 ✗      ✗        ✗
web3         ✓     ✓     ●                 ●      ✗        ✗
finance      ✓     ✓     ●                 ●      ✗        ✗
report       ✓     ✓     ✓                 ●      ●        ✗
`;
const rows = matrix
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));
const columns = rows[0] ?? [];
const mark = (module: string, role: string) =>
  rows.find(([name]) => name === module)?.[columns.indexOf(role) + 1] ?? 'no such cell';

/** The words of `001` §2.2 that each kind of person reaches. */
const people = [
  { role: 'owner', reaches: ['user', 'operator', 'manager', 'admin'] },
  { role: 'admin', reaches: ['user', 'operator', 'manager', 'admin'] },
  { role: 'mining_site_owner', duty: 'manager', reaches: ['user', 'operator', 'manager'] },
  { role: 'mining_site_owner', duty: 'operator', reaches: ['user', 'operator'] },
  { role: 'client', reaches: ['user'] },
  { role: 'customer', reaches: ['user'] },
  { role: 'guest', reaches: [] },
] as const satisfies readonly { role: Role; duty?: Principal['duty']; reaches: readonly string[] }[];

const nowMs = Date.now();
const principalOf = (who: (typeof people)[number], more: Partial<Principal> = {}): Principal => ({
  userId: 7,
  name: 'Somebody',
  tenantId: 'demo',
  role: who.role,
  ...('duty' in who && { duty: who.duty }),
  siteIds: 'all',
  via: 'session',
  provenAtMs: nowMs,
  ...more,
});
const keyWith = (who: (typeof people)[number], ...given: Scope[]) =>
  principalOf(who, { via: 'api_key', keyId: '0'.repeat(16), scopes: given });

const entries = Object.values(routeTables).flatMap((table) => {
  const bound = Object.fromEntries(
    Object.keys(table).map((id) => [id, async () => fail('conflict', 'reached')]),
  );
  // Every handler refuses alike, so their types do not matter here.
  const handler = apiHandler<RouteTable>(table, bound as never);
  return Object.entries<Route>(table).map(([id, route]) => ({ id, route, handler }));
});

/** What the API says to this principal on this route: admitted is whatever got past the door, also to a parser. */
const ask = async ({ route, handler }: (typeof entries)[number], principal: Principal | undefined) => {
  const event = {
    version: '2.0',
    routeKey: `${route.method} ${route.path}`,
    rawPath: route.path,
    rawQueryString: '',
    headers: { host: 'localhost' },
    isBase64Encoded: false,
    requestContext: {
      requestId: 'r',
      domainName: 'localhost',
      http: { sourceIp: '127.0.0.1', userAgent: 'test' },
      authorizer: { lambda: principal ? { principal: JSON.stringify(principal) } : {} },
    },
  } as unknown as APIGatewayProxyEventV2WithLambdaAuthorizer<{ principal?: string }>;
  const answer = await handler(event, {} as Context);
  const { error } = z.object({ error: z.string() }).parse(JSON.parse(String(answer.body)));
  const isRefused = answer.statusCode === 401 || answer.statusCode === 403;
  return isRefused ? `${answer.statusCode} ${error}` : 'admitted';
};

/** What the tables above say about it. */
const expected = (route: Route, who: (typeof people)[number], given: readonly Scope[] | 'session') => {
  if (route.access === 'public') return 'admitted';
  if (route.access === 'device') return '401';
  const { module, level, rank, person } = route.access;
  const cell = mark(module, who.role);
  const allows = cell === '✓' || (cell === '●' && level === 'read');
  const reaches: readonly string[] = who.reaches;
  if (!allows || (rank && !reaches.includes(rank))) return '403';
  if (given === 'session') return 'admitted';
  const isScoped = given.includes(`${module}:full`) || (level === 'read' && given.includes(`${module}:read`));
  return person || !isScoped ? '403' : 'admitted';
};

it('lets every role do on every route what the matrix says, in a session', async () => {
  let asked = 0;
  for (const entry of entries)
    for (const who of people) {
      const said = await ask(entry, principalOf(who));
      const about = `${entry.id} as ${who.role} ${'duty' in who ? who.duty : ''}`;
      expect(`${about}: ${said.replace(/^(40[13]) .*/, '$1')}`).toBe(
        `${about}: ${expected(entry.route, who, 'session')}`,
      );
      asked++;
    }
  expect(asked).toBeGreaterThan(7 * 80);
});

it('lets an API key with each scope do what the scope and its owner’s role both allow', async () => {
  let asked = 0;
  for (const entry of entries)
    for (const who of people)
      for (const scope of scopes) {
        const said = await ask(entry, keyWith(who, scope));
        const about = `${entry.id} by a key of ${who.role} with ${scope}`;
        expect(`${about}: ${said.replace(/^(40[13]) .*/, '$1')}`).toBe(
          `${about}: ${expected(entry.route, who, [scope])}`,
        );
        asked++;
      }
  expect(asked).toBeGreaterThan(7 * 80 * 22);
});

it('lets no API key decide, whatever its scopes, nor touch accounts', async () => {
  const owner = people[0];
  const decisions = entries.filter(
    ({ id, route }) =>
      /approve|reject|deny|lift|vote|createRule|updateRule|deactivateRule/i.test(
        id.replace('executeApproved', ''),
      ) ||
      (route.method !== 'GET' && /\/users(\/|$)/.test(route.path)),
  );
  expect(decisions.length).toBeGreaterThan(18);
  for (const entry of decisions)
    expect([entry.id, await ask(entry, keyWith(owner, ...scopes))]).toEqual([
      entry.id,
      '403 An API key cannot do this; sign in',
    ]);
});

it('tells strangers nothing but that they are strangers', async () => {
  for (const entry of entries)
    expect([entry.id, await ask(entry, undefined)]).toEqual([
      entry.id,
      entry.route.access === 'public' ? 'admitted' : '401 Authentication required',
    ]);
});

it('opens to a session without its second factor only what shows it or ends the session', async () => {
  const open: string[] = [];
  for (const entry of entries)
    if ((await ask(entry, principalOf(people[0], { awaitsCode: true }))) === 'admitted') open.push(entry.id);
  const isPublic = entries.filter(({ route }) => route.access === 'public').map(({ id }) => id);
  expect(open.filter((id) => !isPublic.includes(id)).toSorted()).toEqual([
    'logout',
    'session',
    'signOutEverywhere',
    'stepUp',
  ]);
});

it('asks for a fresh proof where the route does, and forgets it after five minutes', async () => {
  const stepUp = entries.filter(({ route }) => typeof route.access === 'object' && route.access.stepUp);
  expect(stepUp.length).toBeGreaterThan(7);
  for (const entry of stepUp)
    for (const [provenAtMs, said] of [
      [undefined, '403 Confirm that it is you: enter a code, or sign in again'],
      [nowMs - 300_000, '403 Confirm that it is you: enter a code, or sign in again'],
      [nowMs - 200_000, 'admitted'],
    ] as const)
      expect([entry.id, provenAtMs, await ask(entry, principalOf(people[0], { provenAtMs }))]).toEqual([
        entry.id,
        provenAtMs,
        said,
      ]);
});

it('changes nothing by a right to read, but for what is one’s own or asks without keeping', () => {
  const byReading = entries
    .filter(
      ({ route }) =>
        route.method !== 'GET' && typeof route.access === 'object' && route.access.level === 'read',
    )
    .filter(({ route }) => !route.path.startsWith('/api/v1/users/me'))
    .map(({ id }) => id);
  expect(byReading.toSorted()).toEqual([
    'assessRisk',
    'createExport',
    'diagnoseAlert',
    'diagnoseBatch',
    'logout',
  ]);
});
