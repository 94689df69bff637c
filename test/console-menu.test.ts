import { expect, it } from 'vitest';
import { places, placesOf } from '../console/src/app/places.ts';
import { accessMatrix, modules, ranks, roles } from '../contracts/access.ts';
import type { Route } from '../contracts/route.ts';
import { routeTables } from '../lib/shared/openapi.ts';

/** What each page reads first: without it, there is nothing to show. */
const readOf: Readonly<Record<string, string>> = {
  '/': 'getLive',
  '/telemetry': 'getAggregates',
  '/alerts': 'listAlerts',
  '/recommendations': 'listRecommendations',
  '/loops': 'listLoops',
  '/commands': 'listCommands',
  '/batches': 'listBatches',
  '/safety': 'listHalts',
  '/gateways': 'listGateways',
  '/rules': 'listRules',
  '/audit': 'listAuditEvents',
  '/webhooks': 'listWebhooks',
  '/users': 'listUsers',
  '/account': 'listMySessions',
};

it('shows a page to exactly those whom the routes behind it admit', () => {
  const routes = new Map(Object.values(routeTables).flatMap((table) => Object.entries<Route>(table)));
  for (const { href, module, rank } of places) {
    const access = routes.get(readOf[href] ?? '')?.access;
    if (typeof access !== 'object') throw new Error(`${href} reads no route`);
    expect({ href, module, level: 'read', rank }).toEqual({
      href,
      module: access.module,
      level: access.level,
      rank: access.rank,
    });
  }
});

it('follows the matrix for every role', () => {
  const shown = Object.fromEntries(roles.map((role) => [role, placesOf({ role }).map(({ href }) => href)]));
  const all = places.map(({ href }) => href);
  expect(shown).toEqual({
    owner: all,
    admin: all,
    mining_site_owner: all.filter((href) => href !== '/users'),
    client: ['/', '/telemetry', '/alerts', '/recommendations', '/loops', '/rules', '/account'],
    customer: ['/account'],
    guest: ['/account'],
  });
  for (const role of roles)
    for (const module of modules)
      if (accessMatrix[module][role] === 'none')
        expect(placesOf({ role }).filter((place) => place.module === module)).toEqual([]);
  expect(ranks).toContain('operator');
});
