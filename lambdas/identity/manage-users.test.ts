import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../contracts/access.ts';
import { walkLinks } from '../audit/audit-repository.ts';
import { tenantLog } from '../audit/tenant-log.ts';
import { joinUser } from './join-user.ts';
import {
  changeUser,
  inviteUser,
  type ManageDeps,
  resendInvitation,
  settleUser,
  signOutEverywhere,
} from './manage-users.ts';
import { founder, startIdentityTables } from './test-identity.ts';
import { accessOf, type User } from './user.ts';
import { findByAccount, findByEmail, findUser, listUsers, nextUserId, saveUser } from './user-repository.ts';

let tables: Awaited<ReturnType<typeof startIdentityTables>>;
let told: string[];
let tenant = 0;
beforeAll(async () => {
  tables = await startIdentityTables();
});
afterAll(() => tables.close());
beforeEach(() => {
  told = [];
  tenant++;
});

const deps = (): ManageDeps => ({
  findUser: findUser(tables.store),
  findByEmail: findByEmail(tables.store),
  nextUserId: nextUserId(tables.store),
  saveUser: saveUser(tables.store),
  accounts: {
    invite: async (email) => void told.push(`invite ${email}`),
    disable: async (email) => void told.push(`disable ${email}`),
    enable: async (email) => void told.push(`enable ${email}`),
    remove: async (email) => void told.push(`remove ${email}`),
  },
  siteIdsOf: async () => [1, 4],
  clock: tables.clock,
});
const join = async (identity: Parameters<ReturnType<typeof joinUser>>[0]) => {
  const { findUser: find } = deps();
  const user = await joinUser({ ...deps(), findByAccount: findByAccount(tables.store) })(
    identity,
    tables.time.nowMs,
  );
  return user && find(user);
};
const joined = async (userId: number): Promise<User> => {
  const user = await join(founder(userId, `t${tenant}`));
  if (!user) throw new Error('nobody joined');
  return user;
};
const rights = { role: 'client' as const, site_ids: [1], reason: 'Joins' };
const events = async () => {
  const found: string[] = [];
  for await (const link of walkLinks(tables.store)(tenantLog(`t${tenant}`), 10_000))
    if (link) found.push(link.event.type);
  return found;
};
const owners = async () => {
  const { users } = await listUsers(tables.store)(`t${tenant}`, 100, undefined);
  return users.filter(({ role, status }) => role === 'owner' && status === 'active').length;
};

describe('an invitation', () => {
  it('is taken by the verified address alone, once', async () => {
    const owner = accessOf(await joined(1));
    const email = `Guest@t${tenant}.example`;
    const made = await inviteUser(deps())(owner, { ...rights, email, name: 'Guest' });
    expect(told).toEqual([`invite ${email.toLowerCase()}`]);
    expect(made).toMatchObject({ ok: true, value: { status: 'invited' } });
    const guest = { subject: `g${tenant}`, name: 'Guest', email, isEmailVerified: false };
    expect(await join(guest)).toBeUndefined();
    expect(await join({ ...guest, isEmailVerified: true })).toMatchObject({
      status: 'active',
      role: 'client',
    });
    expect(await join({ ...guest, subject: `other${tenant}`, isEmailVerified: true })).toBeUndefined();
    expect(await inviteUser(deps())(owner, { ...rights, email, name: 'Again' })).toMatchObject({
      failure: { code: 'conflict' },
    });
    expect(await events()).toEqual(['identity.user.joined', 'identity.user.invited', 'identity.user.joined']);
  });

  it('goes to one of two who are asked at once', async () => {
    const owner = accessOf(await joined(1));
    const body = { ...rights, email: `twice@t${tenant}.example`, name: 'Twice' };
    const made = await Promise.all([1, 2, 3].map(() => inviteUser(deps())(owner, body)));
    expect(made.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('is sent again after the provider failed, while nobody has come', async () => {
    const owner = accessOf(await joined(1));
    const email = `late@t${tenant}.example`;
    const broken = {
      ...deps(),
      accounts: { ...deps().accounts, invite: () => Promise.reject(new Error('no provider')) },
    };
    await expect(inviteUser(broken)(owner, { ...rights, email, name: 'Late' })).rejects.toThrow(
      'no provider',
    );
    const user = await findByEmail(tables.store)(email);
    expect(await resendInvitation(deps())(owner, user?.userId ?? 0)).toMatchObject({ ok: true });
    expect(told).toEqual([`invite ${email}`]);
    await join({ subject: `l${tenant}`, name: 'Late', email, isEmailVerified: true });
    expect(await resendInvitation(deps())(owner, user?.userId ?? 0)).toMatchObject({
      failure: { code: 'invalid_state' },
    });
  });
});

describe('the last owner', () => {
  it('stays, however two owners demote, disable and remove each other at once', async () => {
    const acts = ['demote', 'disable', 'remove'] as const;
    for (const first of acts)
      for (const second of acts) {
        tenant++;
        const [one, other] = [await joined(1), await joined(2)];
        const act = (what: (typeof acts)[number], who: Principal, target: number) =>
          what === 'demote'
            ? changeUser(deps())(who, target, { role: 'admin', reason: 'Coup' })
            : settleUser(deps())(who, target, what, 'Coup');
        const done = await Promise.all([act(first, accessOf(one), 2), act(second, accessOf(other), 1)]);
        expect([first, second, done.filter(({ ok }) => ok).length, await owners()]).toEqual([
          first,
          second,
          1,
          1,
        ]);
        const refused = done.find(({ ok }) => !ok);
        expect(refused).toMatchObject({ failure: { code: 'invalid_state', message: /last owner/ } });
      }
  });

  it('counts only while it can act, whatever happens to many', async () => {
    const act = fc.record({
      who: fc.integer({ min: 1, max: 4 }),
      target: fc.integer({ min: 1, max: 4 }),
      what: fc.constantFrom('owner', 'admin', 'disable', 'enable', 'remove', 'sign-out'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
        tenant++;
        for (const userId of [1, 2, 3, 4]) await joined(userId);
        for (const { who, target, what } of acts) {
          const actor = await deps().findUser({ tenantId: `t${tenant}`, userId: who });
          if (actor?.status !== 'active') continue;
          const before = await deps().findUser({ tenantId: `t${tenant}`, userId: target });
          const asked = accessOf(actor);
          const done =
            what === 'owner' || what === 'admin'
              ? await changeUser(deps())(asked, target, { role: what, reason: 'r' })
              : what === 'sign-out'
                ? await signOutEverywhere(deps())(asked, target, 'r')
                : await settleUser(deps())(asked, target, what, 'r');
          const after = await deps().findUser({ tenantId: `t${tenant}`, userId: target });
          if (!done.ok) expect(after).toEqual(before);
          // What changed ends the sessions; what is removed stays so.
          if (done.ok && after?.version !== before?.version)
            expect(after?.epoch).toBe((before?.epoch ?? 0) + 1);
          if (before?.status === 'removed') expect(after?.status).toBe('removed');
          expect(await owners()).toBeGreaterThan(0);
        }
      }),
      { numRuns: 8 },
    );
  });
});

describe('a change', () => {
  it('takes away what does not belong to the new role', async () => {
    const owner = accessOf(await joined(1));
    await joined(2);
    const change = (body: object) => changeUser(deps())(owner, 2, { reason: 'r', ...body });
    expect(await change({ role: 'mining_site_owner', duty: 'operator' })).toMatchObject({
      ok: true,
      value: { duty: 'operator' },
    });
    expect(await change({ role: 'client', customer_ids: ['acme'] })).toMatchObject({
      ok: true,
      value: { duty: undefined, customerIds: ['acme'] },
    });
    expect(await change({ duty: 'manager' })).toMatchObject({ failure: { code: 'validation_failed' } });
    expect(await change({ role: 'admin' })).toMatchObject({ ok: true, value: { customerIds: undefined } });
    expect(await change({ customer_ids: ['acme'] })).toMatchObject({
      failure: { code: 'validation_failed' },
    });
  });

  it('is repeated at the provider, not in the log, where it was made already', async () => {
    const owner = accessOf(await joined(1));
    const { email } = await joined(2);
    for (let time = 0; time < 2; time++) await settleUser(deps())(owner, 2, 'disable', 'r');
    expect(told).toEqual([`disable ${email}`, `disable ${email}`]);
    expect((await events()).filter((type) => type === 'identity.user.disabled')).toHaveLength(1);
  });

  it('is not lost when several are made at once', async () => {
    const owner = accessOf(await joined(1));
    await joined(2);
    const done = await Promise.all([
      changeUser(deps())(owner, 2, { name: 'Other', reason: 'r' }),
      changeUser(deps())(owner, 2, { role: 'admin', reason: 'r' }),
      changeUser(deps())(owner, 2, { site_ids: [4], reason: 'r' }),
    ]);
    expect(done.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(await deps().findUser({ tenantId: `t${tenant}`, userId: 2 })).toMatchObject({
      name: 'Other',
      role: 'admin',
      siteIds: [4],
    });
  });

  it('gives nobody a site that the tenant has not, and nothing else of the change then', async () => {
    const owner = accessOf(await joined(1));
    await joined(2);
    const refused = { ok: false, failure: { message: 'site_ids: there is no site 5' } };
    const change = { site_ids: [4, 5], name: 'Other', reason: 'r' };
    expect(await changeUser(deps())(owner, 2, change)).toMatchObject(refused);
    expect(await deps().findUser({ tenantId: `t${tenant}`, userId: 2 })).not.toMatchObject({ name: 'Other' });
    const email = `Guest@t${tenant}.example`;
    const invitation = { ...rights, site_ids: [5], email, name: 'Guest' };
    expect(await inviteUser(deps())(owner, invitation)).toMatchObject(refused);
    expect(told).toEqual([]);
  });

  it('lets nobody back in whom the provider still grants rights', async () => {
    const owner = accessOf(await joined(1));
    await joined(2);
    expect((await settleUser(deps())(owner, 2, 'remove', 'Gone')).ok).toBe(true);
    expect(await join(founder(2, `t${tenant}`))).toBeUndefined();
  });
});
