import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, converse, type ManualSite, startManualSite } from '../test-support.ts';

let site: ManualSite;
beforeAll(async () => {
  site = await startManualSite();
});
afterAll(() => site.close());

const error = (code: number, msg: string) =>
  `{"STATUS":[{"STATUS":"E","When":1760000001,"Code":${code},"Msg":"${msg}","Description":"cgminer 1.0.0"}],"id":1}`;

describe('the RPC of an Antminer', () => {
  it('answers version byte by byte, ends it with a NUL and closes', async () => {
    const { rpcPort } = site.one('Antminer S19 Pro');
    const { bytes, ended } = await converse(rpcPort, ['{"command":"version"}']);
    expect(ended).toBe('end');
    expect(bytes.toString('latin1')).toBe(
      '{"STATUS":[{"STATUS":"S","When":1760000001,"Code":22,"Msg":"CGMiner versions","Description":"cgminer 1.0.0"}],' +
        '"VERSION":[{"BMMiner":"1.0.0","API":"3.1","Miner":"49.0.1.3","CompileTime":"Tue Dec  6 16:12:30 CST 2022","Type":"Antminer S19 Pro"}],"id":1}\0',
    );
  });

  it('answers text with text', async () => {
    const { rpcPort } = site.one('Antminer S19');
    for (const request of ['version', 'version\n', 'version|\n', 'version|x\0'])
      expect((await converse(rpcPort, [request])).bytes.toString('latin1')).toBe(
        'STATUS=S,When=1760000001,Code=22,Msg=CGMiner versions,Description=cgminer 1.0.0|' +
          'VERSION,BMMiner=1.0.0,API=3.1,Miner=49.0.1.3,CompileTime=Tue Dec  6 16:12:30 CST 2022,Type=Antminer S19|\0',
      );
    expect(await ask(rpcPort, 'pools\n')).toMatch(
      /^STATUS=S,.*\|POOL=0,URL=stratum\+tcp:\/\/.*\|POOL=1,.*\|POOL=2,.*\|$/,
    );
  });

  it('says of each chain what it is', async () => {
    const text = await ask(site.one('Antminer S19').rpcPort, '{"command":"stats"}');
    expect(text).toContain('"Type":"Antminer S19"},{"STATS":0,"ID":"BTM_SOC0",');
    const stats = JSON.parse(text);
    expect(stats.STATS[1]).toMatchObject({
      fan_num: 4,
      miner_count: 3,
      chain_acn1: 76,
      chain_acn4: 0,
      chain_rate4: '',
      temp_chip4: '0-0-0-0',
    });
    expect(stats.STATS[1].chain_rate1).toMatch(/^\d{5}\.\d{2}$/);
    expect(stats.STATS[1].chain_power).toMatch(/^3[0-9]{3} W$/);
  });

  it('forgets the comma between the objects of stats before the S19', async () => {
    const older = await startManualSite({ mix: { 'Antminer S9': 1 }, miners: 1 });
    const text = await ask(older.one('Antminer S9').rpcPort, '{"command":"stats"}').finally(() =>
      older.close(),
    );
    expect(text).toContain('"Type":"Antminer S9"}{"STATS":0,');
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(JSON.parse(text.replace('}{', '},{')).STATS[1]).toMatchObject({ miner_count: 3 });
  });

  it('answers new_api at the top level only', async () => {
    const { rpcPort } = site.one('Antminer S21');
    const page = JSON.parse(await ask(rpcPort, '{"command":"stats","new_api":true}'));
    expect(page.STATUS).toEqual({ STATUS: 'S', when: 1760000001, Msg: 'stats', api_version: '1.0.0' });
    expect(page.STATS[0].chain).toHaveLength(3);
    expect(page.STATS[0].chain[0]).toMatchObject({ index: 0, asic_num: 108, eeprom_loaded: true });
    const nested = await ask(rpcPort, '{"command":"stats","parameter":{"new_api":true}}');
    expect(nested).toContain('{"STATS":0,"ID":"BTM_SOC0"');
  });

  it('refuses what cgminer refuses, in its words', async () => {
    const { rpcPort } = site.one('Antminer S19');
    expect(await ask(rpcPort, '{"command":"nonsense"}')).toBe(error(14, 'Invalid command'));
    expect(await ask(rpcPort, '{"command":')).toBe(error(23, 'Invalid JSON'));
    expect(await ask(rpcPort, '{"cmd":"summary"}')).toBe(error(24, "Missing JSON 'command'"));
    expect(await ask(rpcPort, '{"command":7}')).toBe(error(24, "Missing JSON 'command'"));
    expect(await ask(rpcPort, '{"command":"restart"}')).toBe(error(45, "Access denied to 'restart' command"));
    expect(await ask(rpcPort, '{"command":"summary+devs"}')).toBe(error(14, 'Invalid command'));
  });

  it('joins reports on later firmware', async () => {
    const joined = JSON.parse(await ask(site.one('Antminer S21').rpcPort, '{"command":"summary+devs"}'));
    expect(Object.keys(joined)).toEqual(['summary', 'devs', 'id']);
    expect(joined.summary[0].SUMMARY[0].Elapsed).toBeGreaterThan(0);
    expect(joined.devs[0].DEVS[0]).toHaveProperty('Tenperature');
  });

  it('takes a request in pieces, and after the client has closed its side', async () => {
    const { rpcPort } = site.one('Antminer S19');
    const pieces = await converse(rpcPort, ['{"comm', 'and":"ver', 'sion"}'], { halfClose: true });
    expect(pieces.bytes.toString()).toContain('"VERSION"');
    expect((await converse(rpcPort, ['version'], { halfClose: true })).bytes.toString()).toContain(
      'VERSION,BMMiner',
    );
  });

  it('hangs up on a request that does not fit its buffer', async () => {
    expect(await converse(site.one('Antminer S19').rpcPort, [`{"command":"${'x'.repeat(9000)}"}`])).toEqual({
      bytes: Buffer.alloc(0),
      ended: 'reset',
    });
  });
});
