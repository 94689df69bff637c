import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManualSite, startManualSite, web } from '../../test-support.ts';
import { GraphqlError, parseQuery } from './parse-query.ts';
import { runQuery } from './run-query.ts';

const model = 'Antminer S9 (Braiins OS 22.08)';
let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({ mix: { [model]: 1 }, miners: 1 });
});
afterEach(() => site.close());

const port = () => site.one(model).httpPort ?? 0;
const physical = () => site.physical('m-0001');
const gql = async (query: string, variables?: object, cookie = '') => {
  const response = await fetch(`http://127.0.0.1:${port()}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ query, ...(variables && { variables }) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text,
    cookie: /session_id=[^;]+/.exec(response.headers.get('set-cookie') ?? '')?.[0] ?? '',
  };
};
const logIn = async (password = 'root') =>
  gql(
    'mutation ($username: String!, $password: String!) { auth { login(username: $username, password: $password) { ... on VoidResult { void } ... on Error { message } } } }',
    { username: 'root', password },
  );
const mutate = async (query: string, variables?: object) =>
  (await gql(query, variables, (await logIn()).cookie)).body;

describe('GraphQL of Braiins OS+', () => {
  it('is read by anybody, and written with a session', async () => {
    expect((await gql('{bosminer{info{modelName}}}')).body).toEqual({
      data: { bosminer: { info: { modelName: 'Antminer S9' } } },
    });
    const stop = 'mutation{bosminer{stop{...on VoidResult{void}...on BosminerError{message}}}}';
    expect((await gql(stop)).status).toBe(401);
    expect((await logIn('wrong')).body).toEqual({
      data: { auth: { login: { message: 'Invalid username or password' } } },
    });
    expect(await mutate(stop)).toEqual({ data: { bosminer: { stop: { void: null } } } });
    site.pass(5);
    expect(physical().hashing).toBe(false);
    expect((await gql('{bosminer{info{modelName workSolver{nominalMhs}}}}')).body).toEqual({
      data: { bosminer: { info: { modelName: 'Antminer S9', workSolver: null } } },
    });
  });

  it('takes a power target within the machine’s range', async () => {
    const set = (watts: number) =>
      mutate(
        'mutation ($limit: Int!) { bosminer { config { updateAutotuning(input: { powerTarget: $limit }, apply: true) { ... on AutotuningOut { autotuning { powerTarget } } ... on AutotuningError { message } } } } }',
        { limit: watts },
      );
    expect(await set(900)).toEqual({
      data: { bosminer: { config: { updateAutotuning: { autotuning: { powerTarget: 900 } } } } },
    });
    expect(await set(9_000)).toEqual({
      data: { bosminer: { config: { updateAutotuning: { message: 'Invalid value' } } } },
    });
    site.pass(600);
    expect(physical().powerW).toBeLessThan(930);
  });

  it('turns its fans by hand and by itself', async () => {
    const set = (input: object) =>
      mutate(
        'mutation ($input: TempAndFansIn!) { bosminer { config { updateTempAndFans(input: $input, apply: true) { __typename ... on TempAndFansOut { tempControl { mode } fanControl { speed } } ... on AttributeError { message } } } } }',
        { input },
      );
    expect(await set({ mode: 'MANUAL', speed: 93 })).toEqual({
      data: {
        bosminer: {
          config: {
            updateTempAndFans: {
              __typename: 'TempAndFansOut',
              tempControl: { mode: 'MANUAL' },
              fanControl: { speed: 93 },
            },
          },
        },
      },
    });
    site.pass(30);
    expect(physical().fanDutyPct).toBe(93);
    expect(await set({ mode: 'MANUAL' })).toMatchObject({
      data: { bosminer: { config: { updateTempAndFans: { __typename: 'AttributeError' } } } },
    });
    await set({ mode: 'AUTO', targetTemp: 70 });
    site.pass(60);
    expect(physical().fanDutyPct).not.toBe(93);
  });

  it('stores pools, which bosminer mines with from its next start', async () => {
    const had = physical().pools[0]?.url;
    const url = 'stratum+tcp://new.example:3333';
    await mutate(
      'mutation ($groups: [Group!]!) { bosminer { config { updateGroups(groups: $groups) { ... on GroupList { groups { id } } ... on GroupListError { message } } } } }',
      { groups: [{ name: 'g', quota: 2, pools: [{ url, user: 'w.1', password: 'p' }] }] },
    );
    expect(physical().pools[0]?.url).toBe(had);
    expect(
      (await gql('{bosminer{config{...on BosminerConfig{groups{name pools{url user password}}}}}}')).body,
    ).toEqual({
      data: {
        bosminer: { config: { groups: [{ name: 'g', pools: [{ url, user: 'w.1', password: 'p' }] }] } },
      },
    });
    await mutate('mutation{bosminer{restart{...on BosminerError{message}}}}');
    site.pass(5);
    expect(physical().pools).toEqual([{ url, user: 'w.1', password: 'p' }]);
  });

  it('lights, reboots, and refuses as its types say', async () => {
    const light = 'mutation ($enable: Boolean!) { bos { setFaultLight(enable: $enable) { enabled } } }';
    expect(await mutate(light, { enable: true })).toEqual({
      data: { bos: { setFaultLight: { enabled: true } } },
    });
    expect(physical().ledOn).toBe(true);
    site.pass(50);
    await mutate('mutation { bos { reboot { ... on VoidResult { void } } } }');
    site.pass(60);
    expect(physical().uptimeS).toBeLessThan(60);
    site.pass(200);
    site.inject('m-0001', { kind: 'refuses_writes' });
    expect(await mutate('mutation{bosminer{stop{...on BosminerError{message}}}}')).toEqual({
      data: { bosminer: { stop: { message: 'Internal error' } } },
    });
  });

  it('tells the MAC address to who is logged in', async () => {
    const path = '/cgi-bin/luci/admin/network/iface_status/lan';
    expect((await web(port(), 'GET', path)).status).toBe(403);
    const { cookie } = await logIn();
    expect((await web(port(), 'GET', path, { headers: { cookie } })).body).toEqual([
      { macaddr: site.one(model).macAddress },
    ]);
  });

  it('says what it does not understand', async () => {
    for (const query of [
      '{',
      '{ nothing }',
      '{ bos }',
      '{ bos { hostname { x } } }',
      'subscription { a }',
      '%',
    ])
      expect((await gql(query)).body, query).toMatchObject({
        data: null,
        errors: [{ message: expect.any(String) }],
      });
    expect((await gql(`{${'a{'.repeat(200)}`)).body).toMatchObject({ data: null });
  });
});

describe('its queries', () => {
  const run = (text: string, root: object, variables = {}) =>
    runQuery(parseQuery(text), variables, { ...root });

  it('have aliases, variables, lists, objects and fragments by type', () => {
    const root = {
      __typename: 'Query',
      echo: (args: object) => JSON.stringify(args),
      u: [{ __typename: 'AErr', a: 1 }],
    };
    expect(
      run(
        'query Named($x: [Int!]! = [1], $y: T) { # why\n a: echo(x: $x, y: $y, z: {k: [1, -2.5], e: POWER, s: "q\\"", b: false, n: null}) }',
        root,
        { x: [3] },
      ),
    ).toEqual({ a: '{"x":[3],"y":null,"z":{"k":[1,-2.5],"e":"POWER","s":"q\\"","b":false,"n":null}}' });
    expect(run('{ u { ... on AErr { a } ... on Other { b } __typename } }', root)).toEqual({
      u: [{ a: 1, __typename: 'AErr' }],
    });
    expect(() => run('query ($x: Int!) { echo(x: $x) }', root)).toThrow(GraphqlError);
    expect(() => run('{ echo(x: $x) }', root)).toThrow(GraphqlError);
  });
});
