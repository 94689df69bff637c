import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { type Principal, stepUpLifeMs } from '../../contracts/access.ts';
import { commitWithAudit } from '../audit/commit-with-audit.ts';
import { readSiteIds } from '../fleet/fleet-directory.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock as clock, toUtc } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { cognitoAccounts } from './accounts.ts';
import { insertApiKey, listApiKeys, revokeApiKey } from './api-key-repository.ts';
import { attemptsOf, deviceItem } from './attempt-repository.ts';
import { byUser, userEvent } from './identity-events.ts';
import { createApiKey, revokeKey } from './manage-api-keys.ts';
import * as manage from './manage-users.ts';
import { presentAccess, presentApiKey, presentSession, presentUser, steppedUpUntil } from './present-user.ts';
import {
  confirmFactor,
  enrolFactor,
  type FactorDeps,
  type Renewed,
  removeFactor,
  stepUp,
} from './second-factor.ts';
import { factorChanges, factorSeal, findSecondFactor, putPendingFactor } from './second-factor-repository.ts';
import {
  cookie,
  deviceCookie,
  deviceLifeMs,
  hashToken,
  readCookie,
  sessionCookie,
  sessionIdOf,
} from './session.ts';
import { endSession, findSession, type HeldSession, listSessions, rotation } from './session-repository.ts';
import type { User } from './user.ts';
import { findByEmail, findUser, listUsers, nextUserId, saveUser } from './user-repository.ts';
import { usersRoutes } from './users-api.ts';

const env = config({
  IDENTITY_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  USER_POOL_ID: z.string(),
  DATA_KEY_ID: z.string(),
  FLEET_TABLE: z.string(),
});
const db = documentClient();
const store = { db, identityTable: env.IDENTITY_TABLE, auditTable: env.AUDIT_TABLE };
const siteIdsOf = readSiteIds({ db, fleetTable: env.FLEET_TABLE });
const people: manage.ManageDeps = {
  siteIdsOf,
  findUser: findUser(store),
  findByEmail: findByEmail(store),
  nextUserId: nextUserId(store),
  saveUser: saveUser(store),
  accounts: cognitoAccounts(new CognitoIdentityProviderClient({}), env.USER_POOL_ID),
  clock,
};
const factors: FactorDeps = {
  ...factorSeal(new KMSClient({}), env.DATA_KEY_ID),
  findUser: people.findUser,
  saveUser: saveUser(store),
  findFactor: findSecondFactor(store),
  putPending: putPendingFactor(store),
  changes: (ref) => factorChanges(store, ref),
  attempts: (ref, nowMs) => attemptsOf(store, ref, nowMs),
  rememberDevice: (ref, deviceHash, nowMs) => deviceItem(store, ref, deviceHash, nowMs),
  rotate: rotation(store),
  commit: async (items, event) => (await commitWithAudit(store)(items, [event])).ok,
  clock,
};
const keys = {
  findUser: people.findUser,
  listApiKeys: listApiKeys(store),
  insertApiKey: insertApiKey(store),
  revokeApiKey: revokeApiKey(store),
  siteIdsOf,
  clock,
};

const asUser = (result: Result<User>) =>
  result.ok ? succeed({ body: { user: presentUser(result.value) } }) : result;
const success = { success: true } as const;
const asDone = (result: Result<unknown>) => (result.ok ? succeed({ body: success }) : result);
const ended = cookie(sessionCookie, '', 0);
const noSession = fail('not_authenticated', 'Authentication required');

/** The session that the request came in; the authorizer found it a moment ago. */
const heldSession = async (cookies: readonly string[]): Promise<HeldSession | undefined> => {
  const tokenHash = hashToken(readCookie(cookies, sessionCookie) ?? '');
  const session = await findSession(store)(tokenHash, clock.nowMs());
  return session && { tokenHash, session };
};
const sessionsOf = async ({ tenantId, userId }: Principal) => {
  const user = await people.findUser({ tenantId, userId });
  return user ? listSessions(store)(user, user.epoch, clock.nowMs()) : [];
};
const renewed = ({ sessionToken, session }: Renewed) =>
  cookie(sessionCookie, sessionToken, session.expiresAtMs - clock.nowMs());
const keysOf = async (tenantId: string, userId: number) => {
  const found = (await keys.listApiKeys({ tenantId, userId })).map(presentApiKey(clock.nowMs()));
  return succeed({ body: { api_keys: found, count: found.length } });
};

export const handler = apiHandler(usersRoutes, {
  listUsers: async ({ who, query }) => {
    const { users, nextCursor } = await listUsers(store)(who.tenantId, query.limit, query.cursor);
    return succeed({
      body: {
        users: users.map(presentUser),
        count: users.length,
        ...(nextCursor && { next_cursor: nextCursor }),
      },
    });
  },
  inviteUser: async ({ who, body }) => asUser(await manage.inviteUser(people)(who, body)),
  getUser: async ({ who, params }) => {
    const user = await people.findUser({ tenantId: who.tenantId, userId: params.user_id });
    return user ? asUser(succeed(user)) : manage.userNotFound;
  },
  changeUser: async ({ who, params, body }) =>
    asUser(await manage.changeUser(people)(who, params.user_id, body)),
  removeUser: async ({ who, params, body }) =>
    asUser(await manage.settleUser(people)(who, params.user_id, 'remove', body.reason)),
  disableUser: async ({ who, params, body }) =>
    asUser(await manage.settleUser(people)(who, params.user_id, 'disable', body.reason)),
  enableUser: async ({ who, params, body }) =>
    asUser(await manage.settleUser(people)(who, params.user_id, 'enable', body.reason)),
  resendInvitation: async ({ who, params }) =>
    asUser(await manage.resendInvitation(people)(who, params.user_id)),
  signOutUser: async ({ who, params, body }) =>
    asUser(await manage.signOutEverywhere(people)(who, params.user_id, body.reason)),
  resetSecondFactor: async ({ who, params, body }) =>
    asUser(await removeFactor(factors)(who, params.user_id, body.reason)),
  listUserApiKeys: async ({ who, params }) => {
    const user = await people.findUser({ tenantId: who.tenantId, userId: params.user_id });
    return user ? keysOf(who.tenantId, params.user_id) : manage.userNotFound;
  },
  revokeUserApiKey: async ({ who, params, body }) =>
    asDone(await revokeKey(keys)(who, params.user_id, params.key_id, body.reason)),
  getMe: async ({ who }) => {
    const user = await people.findUser(who);
    if (!user) return noSession;
    return succeed({
      body: {
        user: presentUser(user),
        access: presentAccess(who),
        ...steppedUpUntil(who, clock.nowMs()),
      },
    });
  },
  listMySessions: async ({ who, cookies }) => {
    const current = hashToken(readCookie(cookies, sessionCookie) ?? '');
    const sessions = (await sessionsOf(who)).map(presentSession(current));
    return succeed({ body: { sessions, count: sessions.length } });
  },
  endMySession: async ({ who, params }) => {
    const held = (await sessionsOf(who)).find(
      ({ tokenHash }) => sessionIdOf(tokenHash) === params.session_id,
    );
    if (!held) return fail('not_found', 'Session not found');
    const event = userEvent(who.tenantId, byUser(who), 'identity.session.ended', {
      user_id: who.userId,
      session_id: params.session_id,
    });
    await endSession(store)(held, event);
    return succeed({ body: success });
  },
  signOutEverywhere: async ({ who }) => {
    const done = await manage.signOutEverywhere(people)(who, who.userId);
    return done.ok ? succeed({ body: success, cookies: [ended] }) : done;
  },
  stepUp: async ({ who, body, cookies }) => {
    const held = await heldSession(cookies);
    if (!held) return noSession;
    const done = await stepUp(factors)(who, held, readCookie(cookies, deviceCookie), body);
    if (!done.ok) return done;
    return succeed({
      body: { stepped_up_until: toUtc(clock.nowMs() + stepUpLifeMs) },
      cookies: [renewed(done.value), cookie(deviceCookie, done.value.deviceToken, deviceLifeMs)],
    });
  },
  enrolSecondFactor: async ({ who }) => {
    const begun = await enrolFactor(factors)(who);
    return begun.ok ? succeed({ body: begun.value }) : begun;
  },
  confirmSecondFactor: async ({ who, body, cookies }) => {
    const held = await heldSession(cookies);
    if (!held) return noSession;
    const done = await confirmFactor(factors)(who, held, body.code);
    if (!done.ok) return done;
    return succeed({
      body: { recovery_codes: [...done.value.recoveryCodes] },
      cookies: [renewed(done.value)],
    });
  },
  removeSecondFactor: async ({ who }) => asDone(await removeFactor(factors)(who, who.userId)),
  listMyApiKeys: ({ who }) => keysOf(who.tenantId, who.userId),
  createApiKey: async ({ who, body }) => {
    const made = await createApiKey(keys)(who, body);
    if (!made.ok) return made;
    const { shown, key } = made.value;
    return succeed({ body: { api_key: shown, key: presentApiKey(clock.nowMs())(key) } });
  },
  revokeApiKey: async ({ who, params }) => asDone(await revokeKey(keys)(who, who.userId, params.key_id)),
});
