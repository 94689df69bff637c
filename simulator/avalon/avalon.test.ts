import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, converse, type ManualSite, startManualSite } from '../test-support.ts';

let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({
    mix: { 'Avalon A1346': 1, 'Avalon A1566': 1, 'Avalon Q': 1 },
    miners: 3,
  });
});
afterEach(() => site.close());

const nowS = 1_760_000_001;
const figure = (answer: string, key: string) => new RegExp(`\\b${key}\\[([^\\]]*)\\]`).exec(answer)?.[1];

describe('reads', () => {
  it('answer text with text', async () => {
    const { rpcPort } = site.one('Avalon A1346');
    expect(await ask(rpcPort, 'version')).toBe(
      `STATUS=S,When=${nowS},Code=22,Msg=CGMiner versions,Description=cgminer 4.11.1|VERSION,CGMiner=4.11.1,API=3.7,STM8=20.08.01,PROD=AvalonMiner 1346-110,MODEL=1346-110,HWTYPE=MM4v1_X3,SWTYPE=MM317,VERSION=24041001_08b0955_0196aba,DNA=0201000017cdf409,MAC=024849000000,UPAPI=2|`,
    );
    const estats = await ask(rpcPort, 'estats');
    expect(estats).toContain(',Description=cgminer 4.11.1|STATS=0,ID=AVA100,Elapsed=');
    expect(estats).toContain('MM ID0=Ver[1346-110-24041001_08b0955_0196aba] DNA[');
    expect(figure(estats, 'SYSTEMSTATU')).toBe('Work: In Work, Hash Board: 3 ');
    expect(figure(estats, 'MTmax')?.split(' ')).toHaveLength(3);
    expect(figure(estats, 'PVT_T2')?.split(' ')).toHaveLength(120);
    expect(figure(estats, 'SoftOFF')).toBe('0');
  });

  it('answer JSON with JSON, and tell what is physically so', async () => {
    const { rpcPort, minerId } = site.one('Avalon A1566');
    const physical = site.physical(minerId);
    const { STATS } = JSON.parse(await ask(rpcPort, '{"command":"stats"}'));
    const figures: string = STATS[0]['MM ID0'];
    expect(Number(figure(figures, 'GHSspd')) / 1000).toBeCloseTo(physical.hashrateThs, 1);
    expect(Number(figure(figures, 'WALLPOWER'))).toBe(Math.round(physical.powerW));
    expect(Number(figure(figures, 'TMax'))).toBe(Math.round(physical.chipTempC));
    expect(figure(figures, 'WORKMODE')).toBe('0');
    const { DEVS } = JSON.parse(await ask(rpcPort, '{"command":"devs"}'));
    expect(DEVS[0]['MHS 1m'] / 1e6).toBeCloseTo(physical.hashrateThs, 3);
  });

  it('nest the figures of an Avalon Q, its chips in estats alone', async () => {
    const { rpcPort } = site.one('Avalon Q');
    const stats = JSON.parse(await ask(rpcPort, '{"command":"stats"}')).STATS[0];
    expect(stats['MM ID0:Summary']).toMatch(
      /^'STATS':\{Ver\[Q-25052801_14a19a2\] .*WORKMODE\[1\] WORKLEVEL\[0\]\}$/,
    );
    expect(stats.HBinfo).toBeUndefined();
    const estats = JSON.parse(await ask(rpcPort, '{"command":"estats"}')).STATS[0];
    expect(estats.HBinfo).toMatch(/^'HB0':\{PVT_T0\[/);
    // The model has one board of 160 chips.
    for (const key of ['PVT_T0', 'PVT_V0', 'MW0'])
      expect(figure(estats.HBinfo, key)?.split(' '), key).toHaveLength(160);
    expect(figure(stats['MM ID0:Summary'], 'TA')).toBe('160');
  });

  it('say what is wrong with a request', async () => {
    const { rpcPort } = site.one('Avalon A1346');
    expect(await ask(rpcPort, 'nonsense')).toBe(
      `STATUS=E,When=${nowS},Code=14,Msg=Invalid command,Description=cgminer 4.11.1|`,
    );
    expect(JSON.parse(await ask(rpcPort, '{"command":')).STATUS[0]).toMatchObject({ STATUS: 'E', Code: 23 });
    expect(await ask(rpcPort, 'ascset|3,led,1-1')).toContain('Code=107');
    expect(await ask(rpcPort, 'ascset|0,dance,1')).toContain('Code=120,Msg=ASC 0 set failed: Unknown option');
  });

  it('let a second connection wait until the first is answered or gone', async () => {
    const { rpcPort } = site.one('Avalon A1346');
    const first = converse(rpcPort, [''], { patienceMs: 400 });
    const second = await converse(rpcPort, ['version'], { patienceMs: 200 });
    expect(second).toMatchObject({ ended: 'timeout', bytes: Buffer.alloc(0) });
    expect((await first).ended).toBe('timeout');
    const all = await Promise.all(['version', 'summary', 'pools'].map((command) => ask(rpcPort, command)));
    expect(all.map((text) => /Code=(\d+)/.exec(text)?.[1])).toEqual(['22', '11', '7']);
  });
});

describe('writes', () => {
  it('light the lamp, turn the fans, and give them back', async () => {
    const { rpcPort, minerId } = site.one('Avalon A1346');
    expect(await ask(rpcPort, 'ascset|0,led,1-1')).toContain(
      'STATUS=S,When=1760000001,Code=119,Msg=ASC 0 set OK',
    );
    expect(await ask(rpcPort, 'ascset|0,led,1-255')).toContain(
      'STATUS=I,When=1760000001,Code=118,Msg=ASC 0 set info: LED[1]',
    );
    expect(site.physical(minerId).ledOn).toBe(true);
    expect(await ask(rpcPort, 'ascset|0,fan-spd,100')).toContain('Code=119');
    site.pass(60);
    expect(site.physical(minerId).fanDutyPct).toBe(100);
    expect(await ask(rpcPort, 'ascset|0,fan-spd,5')).toContain('Code=120');
    await ask(rpcPort, 'ascset|0,fan-spd,-1');
    site.pass(600);
    expect(site.physical(minerId).fanDutyPct).toBeLessThan(95);
  });

  it('of mode and pools wait for the next boot on an A13', async () => {
    const { rpcPort, minerId } = site.one('Avalon A1346');
    expect(await ask(rpcPort, 'ascset|0,workmode,1')).toContain('Code=118,Msg=ASC 0 set info: WORKMODE[1]');
    expect(await ask(rpcPort, 'ascset|0,setpool,root,wrong,0,stratum+tcp://a:1,w,p')).toContain(
      'Msg=ASC 0 set failed: Auth Failed! password invalid!',
    );
    expect(await ask(rpcPort, 'ascset|0,setpool,root,root,0,stratum+tcp://a:1,w,p')).toContain(
      'pool success set to stratum+tcp://a:1',
    );
    const before = site.physical(minerId);
    expect(before.pools[0]?.url).not.toBe('stratum+tcp://a:1');
    await ask(rpcPort, 'ascset|0,reboot,0');
    expect((await converse(rpcPort, ['version'])).ended).toBe('reset');
    site.pass(600);
    const after = site.physical(minerId);
    expect(after.pools[0]).toEqual({ url: 'stratum+tcp://a:1', user: 'w', password: 'p' });
    expect(after.hashrateThs / before.hashrateThs).toBeGreaterThan(1.05);
  });

  it('put an A13 to sleep until it is booted', async () => {
    const { rpcPort, minerId } = site.one('Avalon A1346');
    expect(await ask(rpcPort, 'ascset|0,softoff')).toContain('Code=119');
    site.pass(120);
    expect(site.physical(minerId)).toMatchObject({ phase: 'off', hashrateThs: 0 });
    const estats = await ask(rpcPort, 'estats');
    expect(figure(estats, 'SYSTEMSTATU')).toMatch(/^Work: In Idle,/);
    expect(figure(estats, 'SoftOFF')).toBe('5');
    expect(figure(estats, 'GHSspd')).toBe('0.00');
    expect(await ask(rpcPort, 'ascset|0,softon,1:1')).toContain('Code=120');
    await ask(rpcPort, 'ascset|0,reboot,0');
    site.pass(300);
    expect(site.physical(minerId).hashing).toBe(true);
  });

  it('put a Q to sleep and wake it at a time, the waking without an answer', async () => {
    const { rpcPort, minerId } = site.one('Avalon Q');
    const set = (parameter: string) => JSON.stringify({ command: 'ascset', parameter });
    expect(JSON.parse(await ask(rpcPort, set(`0,softoff,1:${nowS}`))).STATUS[0].Msg).toBe('ASC 0 set OK');
    site.pass(60);
    expect(site.physical(minerId).phase).toBe('off');
    expect(await converse(rpcPort, [set(`0,softon,1:${nowS}`)])).toEqual({
      bytes: Buffer.alloc(0),
      ended: 'end',
    });
    site.pass(300);
    expect(site.physical(minerId).hashing).toBe(true);
    await ask(rpcPort, set('0,workmode,set,0'));
    site.pass(600);
    expect(site.physical(minerId).hashrateThs).toBeLessThan(75);
    expect(await ask(rpcPort, set('0,workmode,get'))).toContain('ASC 0 set info: workmode 0');
  });

  it('can be refused, lost and without effect', async () => {
    const { rpcPort, minerId } = site.one('Avalon A1566');
    site.inject(minerId, { kind: 'refuses_writes' });
    expect(await ask(rpcPort, `ascset|0,softoff,1:${nowS}`)).toContain('Code=45');
    site.clear(minerId);
    site.inject(minerId, { kind: 'lost_answers' });
    const lost = await converse(rpcPort, [`ascset|0,softoff,1:${nowS}`], { patienceMs: 300 });
    expect(lost).toEqual({ bytes: Buffer.alloc(0), ended: 'timeout' });
    site.pass(30);
    expect(site.physical(minerId).phase).toBe('off');
    site.clear(minerId);
    site.inject(minerId, { kind: 'no_effect' });
    await converse(rpcPort, [`ascset|0,softon,1:${nowS}`], { patienceMs: 300 });
    site.pass(300);
    expect(site.physical(minerId).phase).toBe('off');
    expect(figure(await ask(rpcPort, 'estats'), 'SoftOFF')).toBe('0');
  });
});
