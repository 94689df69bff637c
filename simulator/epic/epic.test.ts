import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManualSite, startManualSite, web } from '../test-support.ts';

const model = 'Antminer S19 XP (ePIC)';
let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({ mix: { [model]: 1 }, miners: 1 });
});
afterEach(() => site.close());

const port = () => site.one(model).httpPort ?? 0;
const post = async (path: string, param: unknown, password = 'letmein') =>
  (await web(port(), 'POST', `/${path}`, { body: { param, password } })).body;
const get = async (path: string) => Object((await web(port(), 'GET', `/${path}`)).body);
const physical = () => site.physical('m-0001');
const done = { result: true, error: null };

describe('writes of PowerPlay', () => {
  it('want the password in their body', async () => {
    expect(await post('miner', 'Stop', 'wrong')).toEqual({ result: false, error: 'Incorrect password' });
    expect(await post('miner', 'Sleep')).toEqual({ result: false, error: 'Invalid parameters' });
    expect(physical().hashing).toBe(true);
  });

  it('stop and start the mining software’s work', async () => {
    expect(await post('miner', 'Stop')).toEqual(done);
    site.pass(5);
    expect(physical().hashing).toBe(false);
    expect((await get('summary')).Status['Operating State']).toBe('Idling');
    expect(await post('miner', 'autostart')).toEqual(done);
    site.pass(200);
    expect((await get('summary')).Status['Operating State']).toBe('Mining');
  });

  it('tune to a hashrate, fix the fans, light the machine', async () => {
    expect(await post('perpetualtune/algo', { algo: 'ChipTune', target: 113 })).toEqual(done);
    site.pass(120);
    expect(physical().hashrateThs / 113).toBeCloseTo(1, 1);
    expect(await post('fanspeed', { Manual: { speed: 90 } })).toEqual(done);
    site.pass(30);
    expect(physical().fanDutyPct).toBe(90);
    expect((await get('summary')).Fans['Fan Mode']).toEqual({ Manual: 90 });
    expect(await post('identify', true)).toEqual(done);
    expect(physical().ledOn).toBe(true);
  });

  it('give all pools of the coin anew', async () => {
    const config = { pool: 'stratum+tcp://new.example.com:3333', login: 'n.1', password: 'pw' };
    expect(await post('coin', { coin: 'BTC', stratum_configs: [config], unique_id: false })).toEqual(done);
    expect(physical().pools).toEqual([{ url: config.pool, user: 'n.1', password: 'pw' }]);
    site.pass(120);
    expect((await get('summary')).Stratum).toMatchObject({ 'Config Id': 0, IsPoolConnected: true });
  });

  it('reboot, are refused, and lost', async () => {
    expect(await post('reboot', '0')).toEqual(done);
    expect(physical().phase).toBe('rebooting');
    site.pass(200);
    site.inject('m-0001', { kind: 'refuses_writes' });
    expect(await post('miner', 'Stop')).toEqual({ result: false, error: 'Command refused' });
    site.clear('m-0001');
    site.inject('m-0001', { kind: 'lost_answers' });
    await expect(
      web(port(), 'POST', '/miner', { body: { param: 'Stop', password: 'letmein' }, patienceMs: 200 }),
    ).rejects.toThrow();
    site.pass(5);
    expect(physical().hashing).toBe(false);
  });
});

it('leaves out a lost board, and tells rates in MH/s', async () => {
  expect((await get('summary')).HBs).toHaveLength(3);
  site.inject('m-0001', { kind: 'dead_board', board: 2 });
  site.pass(10);
  const summary = await get('summary');
  expect(summary.HBs.map((board: { Index: number }) => board.Index)).toEqual([0, 2]);
  expect(summary.HBStatus[1]).toEqual({ Detected: false, Enabled: false, Index: 1 });
  // A row for each of the 110 chips of the boards that are there, in the document's form; no chip of an S19 XP has a sensor.
  const rates = (await web(port(), 'GET', '/hashrate')).body;
  expect(rates).toMatchObject([
    { Index: 0, Data: { length: 110 } },
    { Index: 2, Data: { length: 110 } },
  ]);
  const temps = (await web(port(), 'GET', '/temps/chip')).body;
  expect(temps).toMatchObject([{ Data: Array(110).fill(0) }, { Data: Array(110).fill(0) }]);
  expect(summary.HBs[0].Hashrate[0] / 1e6).toBeCloseTo(physical().boards[0]?.hashrateThs ?? 0, 1);
});
