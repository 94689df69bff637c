import { describe, expect, it } from 'vitest';
import {
  accessMatrix,
  customersOf,
  hasAccess,
  hasRank,
  modules,
  rankOf,
  reachesSite,
  roles,
} from './access.ts';

describe('the access matrix', () => {
  it('agrees with the documented examples', () => {
    const levels = (module: (typeof modules)[number]) => roles.map((role) => accessMatrix[module][role]);
    expect(levels('basic')).toEqual(['full', 'full', 'full', 'full', 'full', 'full']);
    expect(levels('hosting')).toEqual(['full', 'full', 'full', 'read', 'none', 'none']);
    expect(levels('curtailment')).toEqual(['full', 'full', 'full', 'none', 'none', 'none']);
    expect(levels('user')).toEqual(['full', 'full', 'none', 'none', 'none', 'none']);
    expect(levels('system')).toEqual(['full', 'full', 'read', 'none', 'none', 'none']);
  });

  it('never gives a lower role more than a higher one', () => {
    for (const module of modules)
      for (const level of ['read', 'full'] as const) {
        const may = roles.map((role) => hasAccess(role, module, level));
        expect(may).toEqual(may.toSorted((a, b) => Number(b) - Number(a)));
      }
  });

  it('maps six roles onto the four words of the API', () => {
    expect(roles.map((role) => rankOf({ role }))).toEqual([
      'admin',
      'admin',
      'manager',
      'user',
      'user',
      'guest',
    ]);
    expect(rankOf({ role: 'mining_site_owner', duty: 'operator' })).toBe('operator');
    expect(hasRank({ role: 'mining_site_owner', duty: 'operator' }, 'manager')).toBe(false);
    expect(hasRank({ role: 'admin' }, 'operator')).toBe(true);
  });

  it('shows clients the machines of their customers, and none where they have none', () => {
    expect(customersOf({ role: 'client', customerIds: ['acme'] })).toEqual(['acme']);
    for (const role of ['client', 'customer', 'guest'] as const) expect(customersOf({ role })).toEqual([]);
    for (const role of ['owner', 'admin', 'mining_site_owner'] as const)
      expect(customersOf({ role, customerIds: ['acme'] })).toBe('all');
  });

  it('lets an account reach its own sites only', () => {
    expect([1, 2, 3].map((site) => reachesSite({ siteIds: [1, 3] }, site))).toEqual([true, false, true]);
    expect(reachesSite({ siteIds: 'all' }, 9)).toBe(true);
  });
});
