import { expect, it } from 'vitest';
import { changeUserBody, inviteBody } from '../../../contracts/api-users.ts';
import { bodyOf, draftOf, isEmail, sitesOf } from './user-form.ts';

const filled = { ...draftOf(), email: 'a@b.example', name: ' Ann ', reason: 'Joins' };

it('makes bodies that the API takes', () => {
  for (const role of ['owner', 'admin', 'mining_site_owner', 'client', 'customer'] as const) {
    const body = bodyOf({ ...filled, role, sites: '1, 2', customers: 'acme birch' });
    expect(changeUserBody.safeParse(body).error?.issues).toBeUndefined();
    expect(inviteBody.safeParse({ ...body, email: 'a@b.example' }).success).toBe(true);
    expect(body).toMatchObject({ name: 'Ann', site_ids: [1, 2] });
  }
  expect(bodyOf({ ...filled, role: 'client', customers: 'acme，birch' })).toMatchObject({
    site_ids: 'all',
    customer_ids: ['acme', 'birch'],
  });
  expect(bodyOf({ ...filled, role: 'admin', customers: 'acme' })).not.toHaveProperty('customer_ids');
});

it('makes none of a form that is not complete', () => {
  for (const gap of [{ name: ' ' }, { reason: '' }, { sites: '1, x' }, { sites: '0' }])
    expect(bodyOf({ ...filled, ...gap })).toBeUndefined();
  expect(sitesOf('')).toBe('all');
  expect([isEmail('a@b.example'), isEmail('a@b'), isEmail('a b@c.d')]).toEqual([true, false, false]);
});
