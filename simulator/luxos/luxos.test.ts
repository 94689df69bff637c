import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, converse, type ManualSite, startManualSite } from '../test-support.ts';

const model = 'Antminer S19k Pro (LuxOS)';
let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({ mix: { [model]: 1 }, miners: 1 });
});
afterEach(() => site.close());

const tell = async (command: string, parameter?: string) =>
  JSON.parse(await ask(site.one(model).rpcPort, JSON.stringify({ command, parameter })));
const logOn = async (): Promise<string> => (await tell('logon')).SESSION[0].SessionID;
const refused = (msg: string) => ({ STATUS: [expect.objectContaining({ STATUS: 'E', Msg: msg })], id: 1 });
const physical = () => site.physical('m-0001');

describe('the single session of LuxOS', () => {
  it('is given to one, refused to the next, and ends a minute after its last use', async () => {
    const id = await logOn();
    expect(id).toMatch(/^\w{8}$/);
    expect((await tell('session')).SESSION).toEqual([{ SessionID: id }]);
    expect(await tell('logon')).toEqual(refused('Another session is active'));
    site.clock.nowMs += 59_000;
    expect((await tell('ledset', `${id},red,blink`)).STATUS[0].STATUS).toBe('S');
    site.clock.nowMs += 59_000;
    expect((await tell('session')).SESSION).toEqual([{ SessionID: id }]);
    site.clock.nowMs += 2_000;
    expect((await tell('session')).SESSION).toEqual([{ SessionID: '' }]);
    expect(await tell('curtail', `${id},sleep`)).toEqual(refused('Invalid session id'));
    expect(await logOn()).not.toBe(id);
  });

  it('frees its place at logoff', async () => {
    const id = await logOn();
    expect((await tell('logoff', id)).STATUS[0].STATUS).toBe('S');
    expect(await logOn()).not.toBe(id);
  });
});

describe('writes of LuxOS', () => {
  it('sleep and wake the boards; sleep outlives a reboot', async () => {
    expect(await tell('curtail', `${await logOn()},sleep`)).toMatchObject({
      CURTAIL: [{ Action: 'sleep mode' }],
      STATUS: [{ Code: 335 }],
    });
    site.pass(60);
    expect(physical().hashing).toBe(false);
    expect((await tell('config')).CONFIG[0]).toMatchObject({ CurtailMode: 'Sleep', IsPowerSupplyOn: false });
    const id = (await tell('session')).SESSION[0].SessionID;
    await tell('rebootdevice', id);
    site.pass(120);
    expect(physical().hashing).toBe(false);
    expect((await tell('summary')).SUMMARY[0].Elapsed).toBeLessThan(120);
    await tell('curtail', `${await logOn()},wakeup`);
    site.pass(240);
    expect(physical().hashing).toBe(true);
    expect((await tell('summary')).SUMMARY[0].Elapsed).toBeGreaterThan(240);
  });

  it('set a profile by name, by power and by step, and the physics follows', async () => {
    const id = await logOn();
    expect((await tell('profileset', `${id},540MHz`)).PROFILE[0].Profile).toBe('540MHz');
    site.pass(120);
    expect(physical().frequencyMhz).toBeCloseTo(540, 0);
    expect((await tell('profileset', `${id},+1`)).PROFILE[0].Profile).toBe('565MHz');
    const { PROFILES: profiles } = await tell('profiles');
    const wanted = profiles[3];
    expect((await tell('profileset', `${id},${wanted.Watts}W`)).PROFILE[0].Profile).toBe(
      wanted['Profile Name'],
    );
    expect(await tell('profileset', `${id},9MHz`)).toEqual(refused('Unknown profile'));
  });

  it('set fans in both forms and give them back to the firmware', async () => {
    const id = await logOn();
    await tell('fanset', `${id},speed=90,min_fans=2`);
    site.pass(30);
    expect(physical().fanDutyPct).toBe(90);
    expect((await tell('fans')).FANCTRL[0].MinFans).toBe(2);
    await tell('fanset', `${id},80,1`);
    site.pass(30);
    expect(physical().fanDutyPct).toBe(80);
    await tell('fanset', `${id},speed=-1`);
    expect((await tell('tempctrl')).TEMPCTRL[0].Mode).toBe('Automatic');
    expect(await tell('fanset', `${id},speed=101`)).toEqual(refused('Invalid fan speed'));
  });

  it('change pools without a session: added, switched to, removed, with numbers that move up', async () => {
    const active = async () =>
      (await tell('pools')).POOLS.map((pool: Record<string, unknown>) => [
        pool.POOL,
        pool.URL,
        pool['Stratum Active'],
      ]);
    expect((await tell('addpool', 'stratum+tcp://new.example.com:3333,n.1,pw')).STATUS[0].Code).toBe(55);
    expect((await tell('switchpool', '3')).STATUS[0].Code).toBe(27);
    site.pass(5);
    expect((await active()).at(3)).toEqual([3, 'stratum+tcp://new.example.com:3333', true]);
    expect(await tell('removepool', '3')).toEqual(refused('Cannot remove active pool 3'));
    for (let left = 3; left > 0; left--)
      expect((await tell('removepool', '0')).STATUS[0].STATUS, `with ${left} before it`).toBe('S');
    expect(await active()).toEqual([[0, 'stratum+tcp://new.example.com:3333', true]]);
    expect(await tell('removepool', '0')).toEqual(refused('Cannot remove last pool 0'));
    expect(physical().pools).toEqual([
      { url: 'stratum+tcp://new.example.com:3333', user: 'n.1', password: 'pw' },
    ]);
  });

  it('are refused, and lost after they have taken effect', async () => {
    site.inject('m-0001', { kind: 'refuses_writes' });
    expect(await tell('curtail', `${await logOn()},sleep`)).toEqual(refused('Access denied'));
    site.clear('m-0001');
    site.inject('m-0001', { kind: 'lost_answers' });
    const id = (await tell('session')).SESSION[0].SessionID;
    const { bytes } = await converse(
      site.one(model).rpcPort,
      [JSON.stringify({ command: 'curtail', parameter: `${id},sleep` })],
      { patienceMs: 100 },
    );
    expect(bytes.length).toBe(0);
    site.pass(5);
    expect(physical().hashing).toBe(false);
  });
});

it('joins reports, and says what it does not know', async () => {
  const joined = await tell('summary+pools+nonsense');
  expect(joined.summary[0].SUMMARY[0].Elapsed).toBeGreaterThan(0);
  expect(joined.pools[0].POOLS).toHaveLength(3);
  expect(joined.nonsense[0]).toEqual(refused('Invalid command'));
  expect(await tell('healthchipget', '7')).toEqual(refused('Invalid parameter'));
});
