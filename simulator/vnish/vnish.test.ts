import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManualSite, startManualSite, web } from '../test-support.ts';

const model = 'Antminer S19 (VNish)';
let site: ManualSite;
let token = '';
beforeEach(async () => {
  site = await startManualSite({ mix: { [model]: 1 }, miners: 1 });
  token = String(Object((await post('unlock', { pw: 'admin' })).body).token);
});
afterEach(() => site.close());

const port = () => site.one(model).httpPort ?? 0;
const headers = () => ({ authorization: `Bearer ${token}` });
const post = (path: string, body?: unknown) =>
  web(port(), 'POST', `/api/v1/${path}`, { headers: headers(), body });
const get = async (path: string) =>
  Object((await web(port(), 'GET', `/api/v1/${path}`, { headers: headers() })).body);
const physical = () => site.physical('m-0001');

describe('VNish’s lock', () => {
  it('opens to the password alone, and guards summary, settings and writes', async () => {
    expect((await post('unlock', { pw: 'wrong' })).status).toBe(403);
    expect((await web(port(), 'GET', '/api/v1/info')).status).toBe(200);
    for (const path of ['summary', 'settings', 'autotune/presets'])
      expect((await web(port(), 'GET', `/api/v1/${path}`)).status, path).toBe(401);
    expect((await web(port(), 'POST', '/api/v1/mining/stop')).status).toBe(401);
    expect((await get('status')).unlocked).toBe(true);
    await post('lock');
    expect((await get('status')).unlocked).toBe(false);
  });
});

describe('writes of VNish', () => {
  it('stop and start mining', async () => {
    expect(await post('mining/stop')).toEqual({ status: 200, body: '' });
    site.pass(5);
    expect(physical().hashing).toBe(false);
    expect((await get('status')).miner_state).toBe('stopped');
    await post('mining/start');
    site.pass(10);
    expect((await get('status')).miner_state).toBe('initializing');
    site.pass(200);
    expect((await get('status')).miner_state).toBe('mining');
  });

  it('save a preset that waits for the restart of mining; an unknown one is dropped without a word', async () => {
    const { miner } = await get('settings');
    const wanted = { ...miner.overclock, preset: '2440' };
    expect((await post('settings', { miner: { overclock: wanted } })).body).toEqual({
      restart_required: true,
      reboot_required: false,
    });
    site.pass(300);
    expect(physical().powerW).toBeGreaterThan(3000);
    expect((await get('status')).restart_required).toBe(true);
    await post('mining/restart');
    site.pass(5);
    expect((await get('summary')).miner).toMatchObject({ miner_status: { miner_state: 'initializing' } });
    site.pass(500);
    expect(Math.abs(physical().powerW - 2440)).toBeLessThan(130);
    expect((await post('settings', { miner: { overclock: { preset: '2441' } } })).status).toBe(200);
    expect((await get('settings')).miner.overclock.preset).toBe('2440');
  });

  it('fix the fans and set pools at once', async () => {
    await post('settings', { miner: { cooling: { mode: { name: 'manual', param: 85 } } } });
    site.pass(30);
    expect(physical().fanDutyPct).toBe(85);
    await post('settings', { miner: { pools: [{ url: 'new.example.com:3333', user: 'n.1', pass: 'pw' }] } });
    expect(physical().pools).toEqual([
      { url: 'stratum+tcp://new.example.com:3333', user: 'n.1', password: 'pw' },
    ]);
    expect((await get('summary')).miner.pools.map((pool: { pool_type: string }) => pool.pool_type)).toEqual([
      'UserPool',
      'DevFee',
    ]);
  });

  it('find the miner, reboot it, are refused, and lost', async () => {
    expect((await post('find-miner', { on: true })).body).toEqual({ on: true });
    expect(physical().ledOn).toBe(true);
    site.inject('m-0001', { kind: 'refuses_writes' });
    expect((await post('mining/stop')).status).toBe(500);
    site.clear('m-0001');
    site.inject('m-0001', { kind: 'lost_answers' });
    await expect(
      web(port(), 'POST', '/api/v1/mining/stop', { headers: headers(), patienceMs: 200 }),
    ).rejects.toThrow();
    site.clear('m-0001');
    site.pass(5);
    expect(physical().hashing).toBe(false);
    expect((await post('system/reboot')).body).toEqual({ after: 3 });
    expect(physical().phase).toBe('rebooting');
  });
});

it('paints chips red that do not hash, and says which board failed and which fan is lost', async () => {
  const board = async (at: number) => (await get('summary')).miner.chains[at];
  // An S19 has 76 chips a board.
  expect((await board(0)).chip_statuses).toEqual({ red: 0, orange: 0, grey: 76 });
  await post('mining/stop');
  site.pass(30);
  expect((await board(0)).chip_statuses).toEqual({ red: 76, orange: 0, grey: 0 });
  await post('mining/start');
  site.pass(300);
  site.inject('m-0001', { kind: 'dead_board', board: 2 });
  site.inject('m-0001', { kind: 'dead_fan', fan: 3 });
  site.pass(30);
  expect(await board(1)).toMatchObject({
    status: { state: 'failure' },
    chip_statuses: { red: 0, orange: 0, grey: 0 },
  });
  const { fans } = (await get('summary')).miner.cooling;
  expect(fans.map(({ status }: { status: string }) => status)).toEqual(['ok', 'ok', 'lost', 'ok']);
});

it('gives temperatures, voltages and rates in VNish’s units', async () => {
  const { miner } = await get('summary');
  const now = physical();
  expect(miner.hr_realtime / 1000).toBeCloseTo(now.hashrateThs, 1);
  expect(miner.chains[0].voltage).toBeGreaterThan(13_000);
  expect(miner.power_usage).toBeLessThan(100);
  expect(miner.power_consumption).toBeCloseTo(now.powerW, 0);
  expect((await get('info')).system.uptime).toMatch(/^(\d+ days, )?\d+:\d\d$/);
});
