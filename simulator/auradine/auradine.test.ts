import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, at, type ManualSite, startManualSite } from '../test-support.ts';

let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({ mix: { 'Auradine AT1500': 1 }, miners: 1 });
});
afterEach(() => site.close());

const miner = () => site.one('Auradine AT1500');
const url = (name: string) => `http://127.0.0.1:${miner().httpPort}/${name}`;
const logIn = async (password = 'admin') => {
  const answer = await fetch(url('token'), {
    method: 'POST',
    body: JSON.stringify({ command: 'token', user: 'admin', password }),
  });
  return { status: answer.status, token: String(at(await answer.json(), 'Token', 0, 'Token') ?? '') };
};
const get = async (name: string, token: string) => {
  const answer = await fetch(url(name), { headers: { Token: token } });
  return { status: answer.status, body: await answer.json() };
};
const post = async (name: string, token: string, body: object = {}) => {
  const answer = await fetch(url(name), {
    method: 'POST',
    headers: { Token: token },
    body: JSON.stringify({ command: name, ...body }),
  });
  return at(await answer.json(), 'STATUS', 0);
};

describe('reads', () => {
  it('over TCP tell what is physically so', async () => {
    const physical = site.physical(miner().minerId);
    const read = async (command: string) =>
      JSON.parse(await ask(miner().rpcPort, JSON.stringify({ command })));
    const { STATUS, SUMMARY } = await read('summary');
    expect(STATUS[0]).toMatchObject({
      STATUS: 'S',
      Code: 11,
      Description: expect.stringMatching(/^FluxOS-/),
    });
    expect(SUMMARY[0]['MHS 5s'] / 1e6).toBeCloseTo(physical.hashrateThs, 3);
    expect((await read('devs')).DEVS).toHaveLength(3);
    expect((await read('asccount')).ASCCount).toEqual([{ BoardCount: 3, AsicCount: 396 }]);
    expect((await read('pools')).POOLS[0]).toMatchObject({ Status: 'Alive', 'Stratum Active': true });
    expect(await read('nonsense')).toMatchObject({ STATUS: [{ STATUS: 'E', Code: 14 }] });
  });

  it('over HTTP need a token, which holds for half an hour', async () => {
    expect((await get('fan', 'none')).status).toBe(401);
    expect((await logIn('wrong')).status).toBe(401);
    const { token } = await logIn();
    expect(at(await get('fan', token), 'body', 'Fan')).toHaveLength(4);
    expect(at(await get('psu', token), 'body', 'PSU', 0, 'PowerIn')).toMatch(/^\d+\.\d\dW$/);
    expect(at(await get('ipreport', token), 'body', 'IPReport', 0)).toMatchObject({
      model: 'AT1500',
      HBSerialNo: { length: 3 },
    });
    expect(at(await get('temperature', token), 'body', 'Temperature', 0, 'ChipTemp')).toBeNull();
    // 132 chips a board, of the maker's reference; 2 is the light of a machine that is well.
    for (const [name, section, list] of [
      ['temperature', 'Temperature', 'ChipTemp'],
      ['frequency', 'Frequency', 'ChipFrequency'],
      ['voltage', 'Voltage', 'ChipVoltage'],
    ] as const)
      expect(at(await get(name, token), 'body', section, name === 'temperature' ? 1 : 0, list)).toHaveLength(
        132,
      );
    expect(at(await get('led', token), 'body', 'LED', 0)).toMatchObject({ Code: 2, Msg: 'Normal' });
    site.clock.nowMs += 31 * 60_000;
    expect((await get('fan', token)).status).toBe(401);
  });
});

it('says by its light what is wrong, and lists no chips of a board that is off', async () => {
  const { minerId } = miner();
  const { token } = await logIn();
  const code = async () => at(await get('led', token), 'body', 'LED', 0, 'Code');
  site.inject(minerId, { kind: 'dead_fan', fan: 2 });
  site.pass(30);
  expect(await code()).toBe(9);
  site.clear(minerId);
  site.pass(60);
  site.inject(minerId, { kind: 'dead_board', board: 2 });
  site.pass(30);
  expect(await code()).toBe(10);
  expect(at(await get('frequency', token), 'body', 'Frequency', 1, 'ChipFrequency')).toBeNull();
  expect(at(await get('frequency', token), 'body', 'Frequency', 2, 'ChipFrequency')).toHaveLength(132);
  await post('led', token, { code: 3 });
  expect(await code()).toBe(3);
  await post('led', token, { code: 2 });
  await post('mode', token, { sleep: 'on' });
  expect(await code()).toBe(13);
});

describe('writes', () => {
  it('sleep, wake, limit, turn fans, light, and set pools', async () => {
    const { minerId } = miner();
    const { token } = await logIn();
    expect(await post('mode', token, { sleep: 'on' })).toMatchObject({ STATUS: 'S' });
    site.pass(60);
    expect(site.physical(minerId).phase).toBe('off');
    expect(at(await get('mode', token), 'body', 'Mode', 0)).toEqual({ Mode: 'normal', Sleep: 'on' });
    await post('mode', token, { sleep: 'off' });
    await post('mode', token, { mode: 'custom', tune: 'power', power: 2200 });
    site.pass(900);
    expect(Math.abs(site.physical(minerId).powerW - 2200)).toBeLessThan(100);
    expect(at(await get('mode', token), 'body', 'Mode', 0)).toMatchObject({ Mode: 'custom', Power: 2200 });
    await post('mode', token, { mode: 'eco' });
    await post('fan', token, { index: 0, percentage: 100 });
    await post('led', token, { code: 3 });
    await post('updatepools', token, { pools: [{ url: 'stratum+tcp://a:1', user: 'w', pass: 'p' }] });
    site.pass(900);
    expect(site.physical(minerId)).toMatchObject({
      fanDutyPct: 100,
      ledOn: true,
      pools: [{ url: 'stratum+tcp://a:1', user: 'w', password: 'p' }],
    });
    expect(at(await get('mode', token), 'body', 'Mode', 0)).toEqual({ Mode: 'eco', Sleep: 'off' });
    await post('restart', token);
    site.pass(1);
    expect(site.physical(minerId).phase).toBe('rebooting');
  });

  it('can be wrong, refused and lost', async () => {
    const { minerId } = miner();
    const { token } = await logIn();
    expect(await post('mode', token, { sleep: 'perhaps' })).toMatchObject({ STATUS: 'E', Code: 23 });
    expect(await post('updatepools', token, { pools: [] })).toMatchObject({ STATUS: 'E' });
    site.inject(minerId, { kind: 'refuses_writes' });
    expect(await post('mode', token, { sleep: 'on' })).toMatchObject({ STATUS: 'E', Code: 45 });
    site.clear(minerId);
    site.inject(minerId, { kind: 'lost_answers' });
    await expect(
      fetch(url('mode'), {
        method: 'POST',
        headers: { Token: token },
        body: '{"sleep":"on"}',
        signal: AbortSignal.timeout(400),
      }),
    ).rejects.toThrow();
    site.pass(10);
    expect(site.physical(minerId).phase).toBe('off');
  });

  it('change the password, which ends all tokens', async () => {
    const { token } = await logIn();
    expect(await post('password', token, { user: 'admin', old: 'admin', new: 'better' })).toMatchObject({
      STATUS: 'S',
    });
    expect((await get('fan', token)).status).toBe(401);
    expect((await logIn()).status).toBe(401);
    expect((await get('fan', (await logIn('better')).token)).status).toBe(200);
  });
});
