import { expect, it } from 'vitest';
import { accountOf } from '../../local/cognito/accounts.ts';
import { signIn } from '../../local/sign-in.ts';
import type { Stage } from '../support/bad-input-stage.ts';
import { refusalOf } from './api-access.ts';

const unauthenticated = { status: 401, error: 'Authentication required', code: 'not_authenticated' };

export const sessionTests = (stageOf: () => Stage) => {
  it('knows no session after sign-out, nor an altered one', async () => {
    const { cloud } = stageOf();
    const session = await signIn(
      cloud.runtime.url,
      'admin@demo.local',
      accountOf('admin@demo.local')?.password ?? '',
    );
    const headers = { cookie: session.cookie ?? '' };
    const read = (cookie: string) => cloud.call(undefined, 'GET', '/api/v1/sites', { headers: { cookie } });
    expect((await read(headers.cookie)).status).toBe(200);
    const last = headers.cookie.endsWith('A') ? 'B' : 'A';
    for (const altered of [
      `${headers.cookie.slice(0, -1)}${last}`,
      `${headers.cookie}x`,
      'session=',
      'session=%00',
      'session==;session=a',
    ])
      expect(refusalOf(await read(altered))).toEqual(unauthenticated);
    expect((await cloud.call(undefined, 'POST', '/auth/logout', { headers })).status).toBe(200);
    expect(refusalOf(await read(headers.cookie))).toEqual(unauthenticated);
    expect(refusalOf(await cloud.call(undefined, 'GET', '/api/v1/session', { headers }))).toEqual(
      unauthenticated,
    );
    expect(refusalOf(await cloud.call(undefined, 'POST', '/auth/logout', { headers }))).toEqual(
      unauthenticated,
    );
  });

  it('takes no return address of another site, and no answer that it did not ask for', async () => {
    const { call } = stageOf().cloud;
    for (const address of ['https://evil.example', '//evil.example', '/\\evil.example', 'evil', '/a b'])
      expect(
        refusalOf(await call(undefined, 'GET', `/auth/login?return_to=${encodeURIComponent(address)}`)),
      ).toMatchObject({ status: 400, error: 'return_to: must be a path on this site' });
    expect(refusalOf(await call(undefined, 'GET', '/auth/callback'))).toMatchObject({
      status: 400,
      error: 'state is required',
    });
    for (const query of ['state=made-up&code=made-up', 'state=made-up&error=access_denied'])
      for (const headers of [{}, { cookie: 'login=made-up' }]) {
        const answer = await call(undefined, 'GET', `/auth/callback?${query}`, { headers });
        expect(answer.headers.getSetCookie().join()).not.toContain('session=');
        expect([400, 401, 403]).toContain(refusalOf(answer).status);
      }
  });

  it('has no other routes or methods', async () => {
    const { call } = stageOf().cloud;
    for (const [method, path] of [
      ['GET', '/api/v1/nothing'],
      ['DELETE', '/api/v1/sites'],
      ['PUT', `/api/v1/sites/${stageOf().ids.siteId}`],
      ['GET', '/api/v1/sites/1/miners/m-0001/../../..'],
      ['GET', '/api/v2/sites'],
    ] as const)
      expect([path, (await call('owner', method, path)).status]).toEqual([path, 404]);
  });
};
