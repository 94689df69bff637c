import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { auditEventList, auditVerification } from '../contracts/api-audit.ts';
import { siteAnswer } from '../contracts/api-fleet.ts';
import {
  apiKeyList,
  enrolment,
  meAnswer,
  newApiKeyAnswer,
  recoveryCodes,
  sessionList,
  userAnswer,
  userList,
} from '../contracts/api-users.ts';
import { totp } from '../lambdas/identity/totp.ts';
import { buildStacks, cdkOut } from '../local/build.ts';
import { accountOf } from '../local/cognito/accounts.ts';
import { type Runtime, startRuntime } from '../local/runtime.ts';
import { signIn } from '../local/sign-in.ts';

/** The users' routes in the composed system: real cookies, the real identity provider, the real authorizer. */
let runtime: Runtime;
let stateDir: string;
beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'people-'));
  await buildStacks();
  runtime = await startRuntime({ cdkOut, stateDir, port: 0 });
}, 120_000);
afterAll(async () => {
  await runtime?.close();
  rmSync(stateDir, { recursive: true, force: true });
});

type Headers = Record<string, string>;
const emailOf = (who: string) => (who === 'rival' ? 'rival@other.local' : `${who}@demo.local`);
const as = (who: string) => signIn(runtime.url, emailOf(who), accountOf(emailOf(who))?.password ?? '');

const call = async (headers: Headers, method: string, path: string, body?: unknown, more: Headers = {}) => {
  const response = await fetch(new URL(path, runtime.url), {
    method,
    headers: { ...headers, ...more, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = z.looseObject({ code: z.string().optional() }).parse(await response.json());
  return { status: response.status, code: answer.code, body: answer as unknown, headers: response.headers };
};
const me = '/api/v1/users/me';
const isIn = async (headers: Headers) => (await call(headers, 'GET', me)).status === 200;

/** The last letter to an address, as the local provider wrote it instead of sending an e-mail. */
const temporaryPasswordOf = (email: string) => {
  const outbox = join(stateDir, 'cognito', 'outbox');
  const letters = readdirSync(outbox)
    .toSorted()
    .map((name) => readFileSync(join(outbox, name), 'utf8'))
    .filter((text) => text.startsWith(`To: ${email}\n`));
  return /temporary password (\S+)/.exec(letters.at(-1) ?? '')?.[1] ?? '';
};

const password = 'a password of my own';
/** Invites somebody as the owner and signs them in for the first time. */
const invited = async (name: string, rights: object) => {
  const email = `${name}@mine.example`;
  const answer = await call(await as('owner'), 'POST', '/api/v1/users', {
    email,
    name,
    site_ids: 'all',
    reason: 'Joins the site',
    ...rights,
  });
  expect(answer).toMatchObject({ status: 201, body: { user: { status: 'invited', email } } });
  const { user_id } = userAnswer.parse(answer.body).user;
  const headers = await signIn(runtime.url, email, temporaryPasswordOf(email), password);
  return { email, userId: user_id, headers, path: `/api/v1/users/${user_id}` };
};
const newSite = async (headers: Headers, name: string) => {
  const answer = await call(headers, 'POST', '/api/v1/sites', { name, capacity_kw: 10 });
  expect(answer.status).toBe(201);
  return siteAnswer.parse(answer.body).site.site_id;
};
const cookieIn = (headers: globalThis.Headers, name: string) => {
  const line = headers.getSetCookie().find((one) => one.startsWith(`${name}=`)) ?? '';
  return { line, header: { cookie: line.split(';')[0] ?? '' } };
};

describe('a session', () => {
  it('is a cookie of eight hours that no script reads and no other site sends', async () => {
    const seen: string[] = [];
    const fetched = globalThis.fetch;
    globalThis.fetch = async (...args) => {
      const response = await fetched(...args);
      seen.push(...response.headers.getSetCookie().filter((line) => line.startsWith('session=')));
      return response;
    };
    try {
      await as('owner');
    } finally {
      globalThis.fetch = fetched;
    }
    expect(seen).toHaveLength(1);
    expect(seen[0]?.replace(/^session=[\w-]{43};/, '')).toBe(
      ' Path=/; Max-Age=28800; HttpOnly; Secure; SameSite=Lax',
    );
  });

  it('is listed, ended one by one, and ended everywhere', async () => {
    const [one, two, three] = [await as('client'), await as('client'), await as('client')];
    const { sessions } = sessionList.parse((await call(one, 'GET', `${me}/sessions`)).body);
    expect(sessions).toHaveLength(3);
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    const mine = sessionList
      .parse((await call(two, 'GET', `${me}/sessions`)).body)
      .sessions.find(({ current }) => current);
    expect((await call(one, 'DELETE', `${me}/sessions/${mine?.session_id}`)).status).toBe(200);
    expect([await isIn(one), await isIn(two), await isIn(three)]).toEqual([true, false, true]);
    const everywhere = await call(one, 'POST', `${me}/sign-out-everywhere`);
    expect([everywhere.status, cookieIn(everywhere.headers, 'session').line]).toEqual([
      200,
      'session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax',
    ]);
    expect([await isIn(one), await isIn(three)]).toEqual([false, false]);
    expect(await isIn(await as('client'))).toBe(true);
  });
});

describe('a user', () => {
  it('is invited, comes, changes, is disabled, enabled and removed; each change ends the sessions', async () => {
    const owner = await as('owner');
    const { headers, path, email, userId } = await invited('omar', {
      role: 'mining_site_owner',
      duty: 'operator',
    });
    const seen = meAnswer.parse((await call(headers, 'GET', me)).body);
    expect(seen.user).toMatchObject({ user_id: userId, rank: 'operator', status: 'active' });
    expect(seen.access).toContainEqual({ module: 'curtailment', level: 'full' });
    expect(seen.access.map(({ module }) => module)).not.toContain('user');

    const promoted = await call(owner, 'PATCH', path, { duty: 'manager', reason: 'Runs the site now' });
    expect(promoted).toMatchObject({ status: 200, body: { user: { rank: 'manager' } } });
    expect(await isIn(headers)).toBe(false);
    const again = await signIn(runtime.url, email, password);
    const demotion = (siteId: number) =>
      call(owner, 'PATCH', path, { role: 'client', site_ids: [siteId], reason: 'Left the company' });
    const siteId = await newSite(owner, 'For a client');
    expect(await demotion(siteId + 1_000)).toMatchObject({
      status: 400,
      body: { error: `site_ids: there is no site ${siteId + 1_000}` },
    });
    expect(await isIn(again)).toBe(true);
    const demoted = await demotion(siteId);
    expect(demoted).toMatchObject({
      status: 200,
      body: { user: { role: 'client', rank: 'user', site_ids: [siteId] } },
    });
    expect(demoted.body).not.toMatchObject({ user: { duty: expect.anything() } });
    expect(await isIn(again)).toBe(false);

    const third = await signIn(runtime.url, email, password);
    expect((await call(owner, 'POST', `${path}/disable`, { reason: 'Suspected' })).status).toBe(200);
    expect(await isIn(third)).toBe(false);
    await expect(signIn(runtime.url, email, password)).rejects.toThrow('401');
    expect((await call(owner, 'POST', `${path}/enable`, { reason: 'Cleared' })).status).toBe(200);
    const fourth = await signIn(runtime.url, email, password);
    expect((await call(owner, 'DELETE', path, { reason: 'Gone' })).status).toBe(200);
    expect(await isIn(fourth)).toBe(false);
    await expect(signIn(runtime.url, email, password)).rejects.toThrow('401');
    const { user } = userAnswer.parse((await call(owner, 'GET', path)).body);
    expect([user.status, user.email]).toEqual(['removed', undefined]);
    expect(await call(owner, 'PATCH', path, { name: 'X', reason: 'y' })).toMatchObject({
      code: 'invalid_state',
    });
    // The address is free again, for another user.
    expect((await invited('omar', { role: 'client' })).userId).not.toBe(userId);
  });

  it('is of one tenant alone', async () => {
    const [owner, rival] = [await as('owner'), await as('rival')];
    const { path, userId } = await invited('tenanted', { role: 'client' });
    for (const [method, below, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { role: 'customer', reason: 'r' }],
      ['DELETE', '', { reason: 'r' }],
      ['POST', '/disable', { reason: 'r' }],
      ['POST', '/enable', { reason: 'r' }],
      ['POST', '/invitation', undefined],
      ['POST', '/sign-out', { reason: 'r' }],
      ['DELETE', '/second-factor', { reason: 'r' }],
      ['GET', '/api-keys', undefined],
      ['DELETE', `/api-keys/${'0'.repeat(16)}`, { reason: 'r' }],
    ] as const)
      expect(await call(rival, method, `${path}${below}`, body)).toMatchObject({
        status: 404,
        body: { error: 'User not found' },
      });
    const theirs = userList.parse((await call(rival, 'GET', '/api/v1/users')).body);
    expect(theirs.users.map(({ user_id }) => user_id)).toEqual([90]);
    const ours = userList.parse((await call(owner, 'GET', '/api/v1/users')).body);
    expect(ours.users.map(({ user_id }) => user_id)).toContain(userId);
  });

  it('cannot change itself, nor make or change owners without being one', async () => {
    const [owner, admin] = [await as('owner'), await as('admin')];
    await as('manager');
    const { path } = await invited('second-owner', { role: 'owner' });
    const reason = 'because';
    expect(await call(owner, 'PATCH', '/api/v1/users/1', { role: 'admin', reason })).toMatchObject({
      code: 'invalid_state',
    });
    for (const [method, target, body] of [
      ['PATCH', path, { role: 'client', reason }],
      ['POST', `${path}/disable`, { reason }],
      ['DELETE', path, { reason }],
      ['PATCH', '/api/v1/users/5', { role: 'owner', reason }],
      ['POST', '/api/v1/users', { email: 'x@y.example', name: 'X', role: 'owner', site_ids: 'all', reason }],
    ] as const)
      expect([target, await call(admin, method, target, body)]).toMatchObject([
        target,
        { code: 'forbidden' },
      ]);
    expect((await call(owner, 'DELETE', path, { reason })).status).toBe(200);
  });

  it('is a matter of the tenant’s own audit log, with actor and reason, and without names or addresses', async () => {
    const { userId, path, email } = await invited('logged', { role: 'customer' });
    const owner = await as('owner');
    await call(owner, 'POST', `${path}/disable`, { reason: 'On leave' });
    const { events } = auditEventList.parse(
      (await call(owner, 'GET', '/api/v1/audit/events?site_id=tenant&limit=200')).body,
    );
    const told = events.filter(({ ref_id }) => ref_id === String(userId)).toReversed();
    expect(told.map(({ type, actor_id, payload }) => [type, actor_id, payload.reason])).toEqual([
      ['identity.user.invited', '1', 'Joins the site'],
      ['identity.user.joined', String(userId), undefined],
      ['identity.user.signed_in', String(userId), undefined],
      ['identity.user.disabled', '1', 'On leave'],
    ]);
    expect(JSON.stringify(events)).not.toContain(email);
    const verification = auditVerification.parse(
      (await call(owner, 'GET', '/api/v1/audit/verification?site_id=tenant')).body,
    );
    expect(verification).toMatchObject({ intact: true, length: events[0]?.seq });
    for (const who of ['manager', 'client'])
      expect((await call(await as(who), 'GET', '/api/v1/audit/events?site_id=tenant')).status).not.toBe(200);
    const rival = await call(await as('rival'), 'GET', '/api/v1/audit/events?site_id=tenant');
    expect(JSON.stringify(rival.body)).not.toContain('"tenant_id":"demo"');
  });
});

describe('an API key', () => {
  const made = async (headers: Headers, body: object) => {
    const answer = await call(headers, 'POST', `${me}/api-keys`, {
      name: 'Script',
      expires_in_days: 30,
      ...body,
    });
    expect(answer.status).toBe(201);
    const { api_key, key } = newApiKeyAnswer.parse(answer.body);
    return { id: key.key_id, shown: api_key, headers: { authorization: `Bearer ${api_key}` } };
  };

  it('may do what its scopes and its owner’s role both allow, and nothing that is for people', async () => {
    const manager = await as('manager');
    const key = await made(manager, { scopes: ['hosting:read', 'basic:read', 'ai:full'] });
    expect(key.shown).toMatch(/^hi_[0-9a-f]{16}_[\w-]{43}$/);
    expect((await call(key.headers, 'GET', '/api/v1/sites')).status).toBe(200);
    expect(meAnswer.parse((await call(key.headers, 'GET', me)).body).access).toEqual([
      { module: 'basic', level: 'read' },
      { module: 'hosting', level: 'read' },
      { module: 'ai', level: 'full' },
    ]);
    for (const [method, path, sentence] of [
      ['GET', '/api/v1/audit/events?site_id=1', 'The API key lacks the scope system:read'],
      ['POST', '/api/v1/ai/recommendations/x/approve', 'An API key cannot do this; sign in'],
      ['POST', `${me}/api-keys`, 'An API key cannot do this; sign in'],
      ['POST', `${me}/sign-out-everywhere`, 'An API key cannot do this; sign in'],
      ['GET', '/api/v1/users', 'Admin access required'],
    ] as const)
      expect([path, await call(key.headers, method, path)]).toMatchObject([
        path,
        { status: 403, body: { error: sentence } },
      ]);
    expect(
      await call(manager, 'POST', `${me}/api-keys`, {
        name: 'Too much',
        scopes: ['user:read'],
        expires_in_days: 1,
      }),
    ).toMatchObject({ status: 400, body: { error: 'scopes: your account has no user:read' } });
  });

  it('is told apart from its owner in the audit log', async () => {
    const owner = await as('owner');
    const key = await made(owner, { scopes: ['hosting:full'] });
    const byKey = await newSite(key.headers, 'Made by a key');
    const listed = await call(owner, 'GET', `/api/v1/audit/events?site_id=${byKey}`);
    expect(auditEventList.parse(listed.body).events.at(-1)).toMatchObject({
      type: 'fleet.site.created',
      actor_id: '1',
      payload: { api_key_id: key.id },
    });
    const ownSite = await newSite(owner, 'Made by hand');
    const byHand = auditEventList.parse(
      (await call(owner, 'GET', `/api/v1/audit/events?site_id=${ownSite}`)).body,
    );
    expect(byHand.events.at(-1)?.payload).not.toHaveProperty('api_key_id');
  });

  it('is never shown again, tells when it was used, and is dead once revoked', async () => {
    const manager = await as('manager');
    const key = await made(manager, { scopes: ['hosting:read'] });
    const listed = async () => {
      const answer = await call(manager, 'GET', `${me}/api-keys`);
      expect(JSON.stringify(answer.body)).not.toContain(key.shown.slice(20));
      return apiKeyList.parse(answer.body).api_keys.find(({ key_id }) => key_id === key.id);
    };
    expect((await listed())?.last_used_at).toBeUndefined();
    expect((await call(key.headers, 'GET', '/api/v1/sites')).status).toBe(200);
    expect((await listed())?.last_used_at).toEqual(expect.any(String));
    const last = key.shown.at(-1) === 'A' ? 'B' : 'A';
    for (const wrong of [
      `${key.shown.slice(0, -1)}${last}`,
      key.shown.slice(0, -1),
      `hi_${'0'.repeat(16)}_${'A'.repeat(43)}`,
      'hi__',
    ])
      expect((await call({ authorization: `Bearer ${wrong}` }, 'GET', '/api/v1/sites')).status).toBe(401);
    // A wrong key is not saved by a session that comes along.
    expect((await call({ ...manager, authorization: 'Bearer hi_x' }, 'GET', '/api/v1/sites')).status).toBe(
      401,
    );
    expect((await call(manager, 'DELETE', `${me}/api-keys/${key.id}`)).status).toBe(200);
    expect((await call(key.headers, 'GET', '/api/v1/sites')).status).toBe(401);
    expect((await listed())?.status).toBe('revoked');
  });

  it('loses at once what its owner loses, and survives a sign-out everywhere', async () => {
    const owner = await as('owner');
    const { headers, path } = await invited('keyed', { role: 'mining_site_owner', duty: 'manager' });
    const key = await made(headers, { scopes: ['hosting:full', 'system:read'] });
    expect((await call(headers, 'POST', `${me}/sign-out-everywhere`)).status).toBe(200);
    expect((await call(key.headers, 'GET', '/api/v1/sites')).status).toBe(200);
    await call(owner, 'PATCH', path, { role: 'customer', reason: 'Other work' });
    expect(await call(key.headers, 'GET', '/api/v1/sites')).toMatchObject({ status: 403 });
    await call(owner, 'PATCH', path, { role: 'mining_site_owner', reason: 'Back' });
    expect((await call(key.headers, 'GET', '/api/v1/sites')).status).toBe(200);
    await call(owner, 'POST', `${path}/disable`, { reason: 'On leave' });
    expect((await call(key.headers, 'GET', '/api/v1/sites')).status).toBe(401);
    const answer = await call(owner, 'DELETE', `${path}/api-keys/${key.id}`, { reason: 'Clearing up' });
    expect(answer.status).toBe(200);
  });

  it('needs no cookie, so another site’s page cannot ride on it; a session can only be used from here', async () => {
    const manager = await as('manager');
    const key = await made(manager, { scopes: ['ai:full'] });
    const rule = { site_id: 1, name: 'x', conditions: {} };
    for (const foreign of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      expect(
        await call(manager, 'POST', `${me}/sign-out-everywhere`, undefined, foreign as Headers),
      ).toMatchObject({ status: 403, body: { error: 'Cross-site request refused' } });
      expect(
        await call(key.headers, 'POST', '/api/v1/ai/auto/rules', rule, foreign as Headers),
      ).not.toMatchObject({ body: { error: 'Cross-site request refused' } });
    }
    expect(await isIn(manager)).toBe(true);
  });
});

describe('a second factor', () => {
  const bytesOf = (base32: string) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...base32].map((char) => alphabet.indexOf(char).toString(2).padStart(5, '0')).join('');
    return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  };

  it('is enrolled, asked for at every sign-in, taken once, and replaced by a recovery code', async () => {
    const { headers, email, path } = await invited('factor', { role: 'admin' });
    const { secret } = enrolment.parse((await call(headers, 'POST', `${me}/second-factor`)).body);
    const codeAt = (steps: number) => totp(bytesOf(secret), Date.now() + steps * 30_000);
    expect(await call(headers, 'POST', `${me}/second-factor/confirm`, { code: '000000' })).toMatchObject({
      status: 403,
    });
    // One step early, so that the codes after it are still unused.
    const confirmed = await call(headers, 'POST', `${me}/second-factor/confirm`, { code: codeAt(-1) });
    expect(confirmed.status).toBe(200);
    const { recovery_codes: spare } = recoveryCodes.parse(confirmed.body);
    expect([spare.length, new Set(spare).size]).toEqual([10, 10]);
    expect(await isIn(headers)).toBe(false);
    expect(await isIn(cookieIn(confirmed.headers, 'session').header)).toBe(true);

    const next = await signIn(runtime.url, email, password);
    expect(await call(next, 'GET', '/api/v1/session')).toMatchObject({
      status: 200,
      body: { awaits_code: true },
    });
    for (const route of ['/api/v1/sites', me, '/api/v1/users'])
      expect(await call(next, 'GET', route)).toMatchObject({ status: 403, code: 'second_factor_required' });
    const code = codeAt(0);
    const stepped = await call(next, 'POST', `${me}/step-up`, { code });
    expect(stepped.status).toBe(200);
    const session = cookieIn(stepped.headers, 'session').header;
    expect([await isIn(next), await isIn(session)]).toEqual([false, true]);

    const replay = await signIn(runtime.url, email, password);
    expect(await call(replay, 'POST', `${me}/step-up`, { code })).toMatchObject({
      status: 403,
      code: 'forbidden',
    });
    const [spareCode = ''] = spare;
    const recovered = await call(replay, 'POST', `${me}/step-up`, { recovery_code: spareCode.toLowerCase() });
    expect(recovered.status).toBe(200);
    const twice = await signIn(runtime.url, email, password);
    expect(await call(twice, 'POST', `${me}/step-up`, { recovery_code: spareCode })).toMatchObject({
      status: 403,
    });

    // Who lost everything asks another administrator.
    expect(
      (await call(await as('owner'), 'DELETE', `${path}/second-factor`, { reason: 'Lost phone' })).status,
    ).toBe(200);
    expect(await isIn(session)).toBe(false);
    expect(await isIn(await signIn(runtime.url, email, password))).toBe(true);
  });

  it('lets nobody guess, and nobody be shut out by a guesser', async () => {
    const { headers, email } = await invited('guessed', { role: 'admin' });
    const { secret } = enrolment.parse((await call(headers, 'POST', `${me}/second-factor`)).body);
    const codeAt = (steps: number) => totp(bytesOf(secret), Date.now() + steps * 30_000);
    const confirmed = await call(headers, 'POST', `${me}/second-factor/confirm`, { code: codeAt(-1) });
    const { recovery_codes: spare } = recoveryCodes.parse(confirmed.body);
    const own = await signIn(runtime.url, email, password);
    const stepped = await call(own, 'POST', `${me}/step-up`, { code: codeAt(0) });
    const device = cookieIn(stepped.headers, 'device');
    expect(device.line).toMatch(/HttpOnly; Secure; SameSite=Lax$/);
    // Somebody who knows the password guesses, in as many sessions as they like and many at once.
    const thieves = await Promise.all(Array.from({ length: 4 }, () => signIn(runtime.url, email, password)));
    const guesses = await Promise.all(
      thieves.flatMap((thief) =>
        Array.from({ length: 5 }, (_, guess) =>
          call(thief, 'POST', `${me}/step-up`, { recovery_code: `AAAA-AAAA-AAAA-AAA${guess + 2}` }),
        ),
      ),
    );
    expect(guesses.filter(({ status }) => status === 403)).toHaveLength(5);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(15);
    const mine = await signIn(runtime.url, email, password);
    const good = { recovery_code: spare[0] ?? '' };
    const locked = await call(mine, 'POST', `${me}/step-up`, good);
    expect([locked.status, locked.headers.get('retry-after')]).toEqual([429, '900']);
    const known = { cookie: `${mine.cookie}; ${device.header.cookie}` };
    expect((await call(known, 'POST', `${me}/step-up`, good)).status).toBe(200);
  });
});
