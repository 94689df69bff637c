import type * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { changeUserBody, inviteBody } from '../../contracts/api-users.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { Accounts } from './accounts.ts';
import { byUser, statedAccess, userEvent } from './identity-events.ts';
import type { UserRef } from './identity-keys.ts';
import { mayManage, type User, type UserStatus } from './user.ts';
import type { SavedUser } from './user-repository.ts';

export type ManageDeps = {
  readonly findUser: (ref: UserRef) => Promise<User | undefined>;
  readonly findByEmail: (email: string) => Promise<User | undefined>;
  readonly nextUserId: () => Promise<number>;
  readonly saveUser: (before: User | undefined, after: User, event: NewDomainEvent) => Promise<SavedUser>;
  /** The ids of a tenant's sites. */
  readonly siteIdsOf: (tenantId: string) => Promise<readonly number[]>;
  readonly accounts: Accounts;
  readonly clock: Clock;
};
export type Invitation = z.output<typeof inviteBody>;
export type UserChange = z.output<typeof changeUserBody>;

export const userNotFound = fail('not_found', 'User not found');
const changedMeanwhile = fail('conflict', 'The user was changed meanwhile; look again and repeat');

/** Undefined where the tenant has all of the sites; else a failure that names the first it has not. */
export const lackingSite = async (
  { siteIdsOf }: Pick<ManageDeps, 'siteIdsOf'>,
  tenantId: string,
  wanted: 'all' | readonly number[] | undefined,
) => {
  if (wanted === undefined || wanted === 'all' || wanted.length === 0) return undefined;
  const there = new Set(await siteIdsOf(tenantId));
  const lacking = wanted.find((id) => !there.has(id));
  return lacking === undefined
    ? undefined
    : fail('validation_failed', `site_ids: there is no site ${lacking}`);
};

/** Makes a user who may sign in once, and sends the invitation. What breaks off in between is mended by sending it again. */
export const inviteUser =
  (deps: ManageDeps) =>
  async (who: Principal, body: Invitation): Promise<Result<User>> => {
    const email = body.email.toLowerCase();
    const access = {
      role: body.role,
      duty: body.duty,
      siteIds: body.site_ids,
      customerIds: body.customer_ids,
    };
    const taken = fail('conflict', 'This e-mail address belongs to a user already');
    const userId = await deps.nextUserId();
    const allowed = mayManage(who, { userId, ...access });
    if (!allowed.ok) return allowed;
    const lacking = await lackingSite(deps, who.tenantId, body.site_ids);
    if (lacking) return lacking;
    if (await deps.findByEmail(email)) return taken;
    const user: User = {
      ...access,
      tenantId: who.tenantId,
      userId,
      name: body.name,
      email,
      status: 'invited',
      epoch: 1,
      version: 0,
      hasSecondFactor: false,
      createdAt: toUtc(deps.clock.nowMs()),
    };
    const event = userEvent(who.tenantId, byUser(who), 'identity.user.invited', {
      user_id: userId,
      ...statedAccess(access),
      reason: body.reason,
    });
    const saved = await deps.saveUser(undefined, user, event);
    if (!saved.ok) return taken;
    await deps.accounts.invite(email, body.name);
    return succeed(user);
  };

/** Sends the invitation again to who has not come yet. */
export const resendInvitation =
  (deps: ManageDeps) =>
  async (who: Principal, userId: number): Promise<Result<User>> => {
    const user = await deps.findUser({ tenantId: who.tenantId, userId });
    if (!user) return userNotFound;
    const allowed = mayManage(who, user);
    if (!allowed.ok) return allowed;
    if (user.status !== 'invited' || user.email === undefined)
      return fail('invalid_state', `The user is ${user.status}, not waiting for an invitation`);
    const event = userEvent(who.tenantId, byUser(who), 'identity.user.invitation_resent', {
      user_id: userId,
    });
    const saved = await deps.saveUser(user, user, event);
    if (!saved.ok) return changedMeanwhile;
    await deps.accounts.invite(user.email, user.name);
    return succeed(user);
  };

type Rewrite = { readonly after: User; readonly event: NewDomainEvent };

/** Makes a change from the user's newest state; once more where somebody else was faster. */
export const rewriteUser =
  (deps: Pick<ManageDeps, 'findUser' | 'saveUser'>) =>
  async (
    who: Principal,
    userId: number,
    change: (user: User) => Result<Rewrite | undefined>,
  ): Promise<Result<User>> => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const user = await deps.findUser({ tenantId: who.tenantId, userId });
      if (!user) return userNotFound;
      const changed = change(user);
      if (!changed.ok) return changed;
      if (!changed.value) return succeed(user);
      const saved = await deps.saveUser(user, changed.value.after, changed.value.event);
      if (saved.ok) return succeed(changed.value.after);
      if (saved.because === 'last_owner')
        return fail('invalid_state', 'This is the last owner; make somebody else an owner first');
    }
    return changedMeanwhile;
  };

/** Changes name or rights. The user's sessions end, so that nothing goes on under old rights. */
export const changeUser =
  (deps: ManageDeps) =>
  async (who: Principal, userId: number, body: UserChange): Promise<Result<User>> => {
    const lacking = await lackingSite(deps, who.tenantId, body.site_ids);
    return rewriteUser(deps)(who, userId, (user) => {
      const after = changedUser(user, body);
      const allowed = mayManage(who, user, after);
      if (!allowed.ok) return allowed;
      if (user.status === 'removed') return fail('invalid_state', 'The user is removed');
      if (after.duty !== undefined && after.role !== 'mining_site_owner')
        return fail('validation_failed', 'duty: belongs to the role mining_site_owner');
      if (after.customerIds !== undefined && after.role !== 'client' && after.role !== 'customer')
        return fail('validation_failed', 'customer_ids: belongs to a client or customer');
      if (lacking) return lacking;
      const event = userEvent(who.tenantId, byUser(who), 'identity.user.changed', {
        user_id: userId,
        ...statedAccess(after),
        is_renamed: after.name !== user.name,
        reason: body.reason,
      });
      return succeed({ after, event });
    });
  };

const changedUser = (user: User, body: UserChange): User => {
  const isOtherRole = body.role !== undefined && body.role !== user.role;
  return {
    ...user,
    name: body.name ?? user.name,
    role: body.role ?? user.role,
    duty: body.duty ?? (isOtherRole ? undefined : user.duty),
    siteIds: body.site_ids ?? user.siteIds,
    customerIds: body.customer_ids ?? (isOtherRole ? undefined : user.customerIds),
    epoch: user.epoch + 1,
  };
};

const outcomes = {
  disable: {
    type: 'identity.user.disabled',
    status: (): UserStatus => 'disabled',
    from: ['active', 'invited'],
  },
  /** Who never came is invited again, not active. */
  enable: {
    type: 'identity.user.enabled',
    status: ({ subject }: User): UserStatus => (subject === undefined ? 'invited' : 'active'),
    from: ['disabled'],
  },
  /** For good: the number stays, for the audit log; address and account are free for somebody new. */
  remove: {
    type: 'identity.user.removed',
    status: (): UserStatus => 'removed',
    from: ['active', 'invited', 'disabled'],
  },
} as const;

/**
 * Disables, enables or removes a user: in the directory, which counts at the very next request, then at the identity
 * provider. What is so already is not recorded again, and the provider is told again.
 */
export const settleUser =
  (deps: ManageDeps) =>
  async (
    who: Principal,
    userId: number,
    what: keyof typeof outcomes,
    reason: string,
  ): Promise<Result<User>> => {
    const { type, status, from } = outcomes[what];
    let email: string | undefined;
    const settled = await rewriteUser(deps)(who, userId, (user) => {
      email = user.email;
      const allowed = mayManage(who, user);
      if (!allowed.ok) return allowed;
      const next = status(user);
      if (user.status === next) return succeed(undefined);
      if (!(from as readonly string[]).includes(user.status))
        return fail('invalid_state', `The user is ${user.status}`);
      const after: User = {
        ...user,
        status: next,
        epoch: user.epoch + 1,
        ...(next === 'removed' && { email: undefined, subject: undefined }),
      };
      return succeed({
        after,
        event: userEvent(who.tenantId, byUser(who), type, { user_id: userId, reason }),
      });
    });
    if (settled.ok && email !== undefined) await deps.accounts[what](email);
    return settled;
  };

/** Ends all sessions of a user at once. API keys go on; they are revoked one by one. */
export const signOutEverywhere =
  (deps: Pick<ManageDeps, 'findUser' | 'saveUser'>) =>
  (who: Principal, userId: number, reason?: string): Promise<Result<User>> =>
    rewriteUser(deps)(who, userId, (user) => {
      const allowed = who.userId === userId ? succeed(undefined) : mayManage(who, user);
      if (!allowed.ok) return allowed;
      const event = userEvent(who.tenantId, byUser(who), 'identity.user.sessions_ended', {
        user_id: userId,
        ...(reason !== undefined && { reason }),
      });
      return succeed({ after: { ...user, epoch: user.epoch + 1 }, event });
    });
