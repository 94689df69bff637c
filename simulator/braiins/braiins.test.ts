import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, type ManualSite, startManualSite, web } from '../test-support.ts';

const model = 'Antminer S19j Pro (Braiins OS)';
let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({ mix: { [model]: 1 }, miners: 1 });
});
afterEach(() => site.close());

const port = () => site.one(model).httpPort ?? 0;
const logIn = async (password = 'root') => {
  const { status, body } = await web(port(), 'POST', '/api/v1/auth/login', {
    body: { username: 'root', password },
  });
  return { status, token: String(Object(body).token) };
};
const as = (token: string) => ({ headers: { authorization: token } });
const physical = () => site.physical('m-0001');

describe('the login of Braiins OS', () => {
  it('is wanted by all pages but the version', async () => {
    expect(await web(port(), 'GET', '/api/v1/version/')).toEqual({
      status: 200,
      body: { major: 1, minor: 8, patch: 0 },
    });
    expect((await web(port(), 'GET', '/api/v1/miner/details')).status).toBe(401);
    expect((await logIn('wrong')).status).toBe(401);
    const { token } = await logIn();
    expect((await web(port(), 'GET', '/api/v1/miner/details', as(token))).body).toMatchObject({
      miner_identity: { miner_model: 'Antminer S19j Pro' },
      status: 2,
      sticker_hashrate: { gigahash_per_second: 104_000 },
    });
  });

  it('lives an hour after its last use', async () => {
    const { token } = await logIn();
    site.clock.nowMs += 3_599_000;
    expect((await web(port(), 'GET', '/api/v1/pools/', as(token))).status).toBe(200);
    site.clock.nowMs += 3_599_000;
    expect((await web(port(), 'GET', '/api/v1/pools', as(token))).status).toBe(200);
    site.clock.nowMs += 3_601_000;
    expect((await web(port(), 'GET', '/api/v1/pools', as(token))).status).toBe(401);
  });
});

describe('writes of Braiins OS', () => {
  const put = async (path: string, body?: unknown) => {
    const { token } = await logIn();
    return web(port(), 'PUT', `/api/v1/${path}`, { ...as(token), body });
  };

  it('pause and resume, and tell whether that was so already', async () => {
    expect(await put('actions/pause')).toEqual({ status: 200, body: false });
    site.pass(5);
    expect(physical().hashing).toBe(false);
    expect(await put('actions/pause')).toEqual({ status: 200, body: true });
    expect(await put('actions/resume')).toEqual({ status: 200, body: false });
    site.pass(200);
    expect(physical().hashing).toBe(true);
  });

  it('hold a power target within the machine’s range', async () => {
    expect(await put('performance/power-target', { watt: 2400 })).toEqual({
      status: 200,
      body: { watt: 2400 },
    });
    site.pass(400);
    expect(Math.abs(physical().powerW - 2400)).toBeLessThan(120);
    expect((await put('performance/power-target', { watt: 500 })).status).toBe(422);
    expect((await put('performance/power-target', { watt: '2400' })).status).toBe(422);
  });

  it('fix the fans by a ratio, and light the machine', async () => {
    expect((await put('cooling/mode', { manual: { fan_speed_ratio: 0.8 } })).status).toBe(200);
    site.pass(30);
    expect(physical().fanDutyPct).toBe(80);
    expect((await put('cooling/mode', { manual: { fan_speed_ratio: 80 } })).status).toBe(422);
    expect(await put('actions/locate', true)).toEqual({ status: 200, body: true });
    expect(physical().ledOn).toBe(true);
  });

  it('replace all pools and restart the mining process', async () => {
    const pools = [{ url: 'stratum+tcp://new.example.com:3333', user: 'n.1', password: 'pw' }];
    const group = { name: 'main', pools, load_balance_strategy: { quota: { value: 1 } } };
    expect((await put('pools/batch', [group])).status).toBe(200);
    expect(physical().pools).toEqual(pools);
    expect(physical().phase).toBe('starting');
    expect((await put('pools/batch', [{ ...group, pools: [{ ...pools[0], url: 'nonsense' }] }])).status).toBe(
      422,
    );
  });

  it('reboot, are refused, and lost', async () => {
    expect((await put('actions/reboot')).status).toBe(204);
    expect(physical().phase).toBe('rebooting');
    site.pass(60);
    site.inject('m-0001', { kind: 'refuses_writes' });
    expect((await put('actions/pause')).status).toBe(500);
    site.clear('m-0001');
    site.inject('m-0001', { kind: 'lost_answers' });
    const { token } = await logIn();
    await expect(
      web(port(), 'PUT', '/api/v1/actions/pause', { ...as(token), patienceMs: 200 }),
    ).rejects.toThrow();
    site.pass(5);
    expect(physical().hashing).toBe(false);
  });
});

it('names itself on cgminer’s port', async () => {
  const answer = JSON.parse(await ask(site.one(model).rpcPort, '{"command":"version"}'));
  expect(answer.VERSION[0].BOSer).toMatch(/^boser-buildroot/);
});
