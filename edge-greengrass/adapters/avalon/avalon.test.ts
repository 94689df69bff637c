import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { whyUnsupported } from '../../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../../../contracts/command.ts';
import { ioAt } from '../../test-kit/io-at.ts';
import { tcpPeer } from '../../test-kit/tcp-peer.ts';
import { avalonAdapter } from './avalon-adapter.ts';
import { errorsOf, moduleOf, parseAnswer, parseModule, parseVersion, stateOf } from './parse-answers.ts';

const nowMs = () => 1_700_000_000_999;

/** Figures in the form of the manual's example of an A10, with its words and its numbers for the supply. */
const line =
  'Ver[1066-74-21042001_4ec6bb0_61407fa] DNA[0201000011c3a7b8] MEMFREE[1381104.1392832] NETFAIL[0 0 0 0 0 0 0 0] SYSTEMSTATU[Work: In Work, Hash Board: 3 ] Elapsed[2709] BOOTBY[0x01.00000000] LW[8712] MH[0 0 0] HW[12] DH[1.299%] Temp[31] TMax[79] TAvg[70] Fan1[4074] Fan2[4111] FanR[55%] Vo[359] PS[0 1217 1279 221 2834 1280] GHSspd[55123.50] DHspd[1.299%] GHSmm[56000.00] GHSavg[54730.30] Freq[452.31] Led[0] MGHS[18410.20 18350.10 18363.20] MTmax[79 77 78] MTavg[70 69 70] TA[342] POWS[0] SoftOFF[0] ECHU[512 512 0] ECMM[0]';
const stats = (figures: string) => ({
  STATS: [{ STATS: 0, ID: 'AVA100', 'MM ID0': figures, 'MM Count': 1 }],
});
const module = (figures: string) => moduleOf(stats(figures)) ?? new Map();

describe('the figures of a module', () => {
  it('are read from one line', () => {
    expect(parseModule(module(line))).toEqual({
      hashrateThs: expect.closeTo(55.1235, 9),
      expectedHashrateThs: 56,
      powerW: 2_834,
      voltageV: expect.closeTo(12.79, 9),
      inletTempC: 31,
      chipTempC: 79,
      fan1Rpm: 4_074,
      fan2Rpm: 4_111,
      fanDutyPct: 55,
      frequencyMhz: 452.31,
      hardwareErrors: 12,
      uptimeS: 2_709,
      board1HashrateThs: expect.closeTo(18.4102, 9),
      board2HashrateThs: expect.closeTo(18.3501, 9),
      board3HashrateThs: expect.closeTo(18.3632, 9),
      board1ChipTempC: 79,
      board2ChipTempC: 77,
      board3ChipTempC: 78,
    });
    expect(errorsOf(module(line))).toEqual([]);
    expect(stateOf(module(line), 55)).toBe('hashing');
  });

  it('are read from the groups of newer firmware, with millivolts and the watts at the wall', () => {
    const nested = moduleOf({
      STATS: [
        {
          'MM ID0:Summary':
            "'STATS':{Ver[Nano3s-25021401] ITemp[-273] OTemp[50] TMax[92] PS[0 0 27541 4 0 3756 133] GHSspd[6012.0] MPO[140] WORKMODE[2] LED[1-3] Elapsed[60]}",
          HBinfo: "'HB0':{PVT_T0[80 92] ITemp[99]}",
        },
      ],
    });
    expect(parseModule(nested ?? new Map())).toEqual({
      hashrateThs: expect.closeTo(6.012, 9),
      powerW: 133,
      powerLimitW: 140,
      voltageV: expect.closeTo(27.541, 9),
      boardTempC: 50,
      chipTempC: 92,
      uptimeS: 60,
      // Two entries in PVT_T0, the hottest of them 92; the first board alone tells its chips.
      board1ChipTempC: 92,
      board1Chips: 2,
    });
  });

  it('count each board’s chips by its lists, and by the machine’s count where there is one board', () => {
    const chips = (figures: string) => {
      const { board1Chips, board2Chips, board3Chips } = parseModule(module(figures));
      return [board1Chips, board2Chips, board3Chips];
    };
    // As in the manual's example of an A10, shortened: three boards, of which the second lacks a chip, and the third tells no list.
    const boards = 'MGHS[1 2 3] TA[9] MW[1443554 1443536 1443615]';
    expect(chips(`${boards} PVT_T0[ 59  58  55] PVT_T1[57 55] MW0[198 209 215] MW1[5 6] MW2[]`)).toEqual([
      3,
      2,
      undefined,
    ]);
    expect(chips(`${boards} PVT_T0[ 59  58  55]`)).toEqual([3, undefined, undefined]);
    // 342 chips on three boards: how many on each is not said.
    expect(chips(line)).toEqual([undefined, undefined, undefined]);
    // A Nano 3s, as its driver orders the figures: one board.
    expect(chips('GHSspd[6021.44] MGHS[5902.33] TA[10] ECHU[0]')).toEqual([10, undefined, undefined]);
    expect(chips('GHSspd[6021.44] TA[10]')).toEqual([undefined, undefined, undefined]);
  });

  it('are taken from either form of cgminer’s answers, and from none that is cut short', () => {
    const text = `STATUS=S,When=5,Code=70,Msg=CGMiner stats,Description=cgminer 4.11.1|STATS=0,ID=AVA100,MM ID0=${line},MM Count=1|`;
    expect(moduleOf(parseAnswer(text))).toEqual(module(line));
    expect(moduleOf(parseAnswer(JSON.stringify(stats(line))))).toEqual(module(line));
    for (const cut of [text.slice(0, 400), `${text.slice(0, 380)}]`, 'garbage', '', '|'])
      expect(() => parseAnswer(cut)).toThrow();
  });

  it('say what is wrong, and that the machine stands by', () => {
    const wrong = line
      .replace('ECHU[512 512 0]', 'ECHU[0 513 128]')
      .replace('ECMM[0]', 'ECMM[2]')
      .replace('PS[0 ', 'PS[32 ')
      .replace('MTmax[79 77 78]', 'MTmax[79 -273 78]');
    expect(errorsOf(module(wrong))).toEqual(['ECHU2:1', 'ECHU2:512', 'ECHU3:128', 'ECMM:2', 'PSU:32']);
    expect(parseModule(module(wrong))).not.toHaveProperty('board2ChipTempC');
    expect(stateOf(module(line.replace('SoftOFF[0]', 'SoftOFF[5]')), 0)).toBe('stopped');
    const idle = line.replace('In Work', 'In Idle');
    expect(stateOf(module(idle), 0)).toBe('idle');
    expect(stateOf(module(idle.replace('SoftOFF[0]', '')), 0)).toBe('stopped');
    expect(stateOf(module(line.replace('In Work', 'In Init')), 0)).toBe('booting');
  });

  it('never throw, whatever stands in the answer', () => {
    for (const answer of [{}, { STATS: 5 }, { STATS: [{ 'MM ID0': 7 }] }, stats(''), stats('PS[')])
      expect(moduleOf(answer)).toBeUndefined();
    expect(parseModule(module('PS[] GHSspd[x] MGHS[nan] Fan1[-] TMax[1e99]'))).toEqual({});
  });

  it('name the machine', () => {
    const version = (fields: object) => parseVersion({ VERSION: [fields] })?.model;
    expect(version({ PROD: 'AvalonMiner 1066', MODEL: '1066-74' })).toBe('Avalon A1066');
    expect(version({ PROD: 'Avalon Nano3s', MODEL: 'Nano3s' })).toBe('Avalon Nano3s');
    expect(version({ PROD: 'AvalonMiner 1246' })).toBe('Avalon A1246');
    expect(version({ MODEL: 'S19', CGMiner: '4.11.1' })).toBeUndefined();
  });

  it('tell a MAC address with colons, and none where it is none', () => {
    const mac = (MAC: unknown) =>
      parseVersion({ VERSION: [{ PROD: 'Avalon Q', MODEL: 'Q', MAC }] })?.macAddress;
    expect(mac('024849000006')).toBe('02:48:49:00:00:06');
    expect(mac('02:48:49:00:00:0a')).toBe('02:48:49:00:00:0A');
    expect(mac('000000000000')).toBeUndefined();
    expect(mac(7)).toBeUndefined();
  });
});

/** A hand-written Avalon: one request at a time, as the manual warns; a second one meanwhile is cut off. */
const avalon = async (product: object = { PROD: 'AvalonMiner 1066', MODEL: '1066-74' }) => {
  const miner = {
    textOnly: false,
    letter: 'S',
    refuses: /^never$/,
    silent: /^never$/,
    asked: [] as string[],
    pools: ['stratum+tcp://a:1', 'stratum+tcp://b:1', 'stratum+tcp://c:1'],
    busy: false,
    collisions: 0,
  };
  const peer = await tcpPeer(async (request, socket) => {
    if (miner.busy) {
      miner.collisions++;
      return void socket.destroy();
    }
    miner.busy = true;
    await pause(10);
    miner.busy = false;
    const isJson = request.startsWith('{');
    const { command, parameter } = isJson
      ? (JSON.parse(request) as { command: string; parameter?: string })
      : { command: request.split('|')[0] ?? '', parameter: request.split('|')[1] };
    const whole = parameter === undefined ? command : `${command}|${parameter}`;
    if (!isJson || !miner.textOnly) miner.asked.push(whole);
    const status = (letter: string, code: number, msg = '') =>
      `STATUS=${letter},When=1700000100,Code=${code},Msg=${msg},Description=cgminer|`;
    const asJson = (letter: string, code: number, more = {}) =>
      JSON.stringify({ STATUS: [{ STATUS: letter, When: 1_700_000_100, Code: code, Msg: '' }], ...more });
    if (miner.silent.test(whole)) return void socket.end();
    const isUnknown = (isJson && miner.textOnly) || miner.refuses.test(whole);
    if (isUnknown)
      return void socket.end(`${isJson && !miner.textOnly ? asJson('E', 14) : status('E', 14)}\0`);
    const reports: Record<string, object> = {
      version: {
        VERSION: [{ ...product, API: '3.7', LVERSION: '21042001', DNA: '02', MAC: 'b4a2eb000001' }],
      },
      estats: stats(line),
      pools: { POOLS: miner.pools.map((URL) => ({ URL, User: 'w', Status: 'Alive' })) },
      summary: { SUMMARY: [{ Elapsed: 3 }] },
    };
    const report = reports[command];
    if (!isJson && command === 'version')
      return void socket.end(
        `${status('S', 22)}VERSION,PROD=AvalonMiner 1066,MODEL=1066-74,API=3.7,DNA=02|\0`,
      );
    if (!isJson && command === 'estats')
      return void socket.end(`${status('S', 70)}STATS=0,ID=AVA100,MM ID0=${line}|\0`);
    socket.end(`${isJson ? asJson(miner.letter, 119, report) : status(miner.letter, 119)}\0`);
  });
  onTestFinished(() => peer.close());
  const io = ioAt({ rpcPort: peer.port }, 500);
  const adapter = avalonAdapter({ minerId: 'm-1', io, username: 'root', password: 'pw', nowMs });
  return { miner, adapter, writes: () => miner.asked.filter((each) => /set|pool\|/.test(each)) };
};
const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
const start: MinerOrder = { type: 'HASHING_ENABLE', params: {} };
const pool = (url: string, user = 'w.1') => ({ url, user, password: 'x' });
const pools = (...wanted: ReturnType<typeof pool>[]): MinerOrder => ({
  type: 'POOL_SET',
  params: { pools: wanted },
});

describe('an Avalon', () => {
  it('is asked one thing at a time, however much is wanted at once', async () => {
    const { miner, adapter } = await avalon();
    const results = await Promise.all([
      adapter.identify(),
      adapter.read('full'),
      adapter.read('core'),
      adapter.snapshot(stop),
    ]);
    expect(results[0]).toEqual({
      vendor: 'avalon',
      model: 'Avalon A1066',
      firmware: '21042001',
      apiVersion: '3.7',
      // `b4a2eb000001`, with colons.
      macAddress: 'B4:A2:EB:00:00:01',
      serialNumber: '02',
    });
    expect(results[1].reading).toMatchObject({ state: 'hashing', values: { poolsAlive: 3 } });
    expect(miner.collisions).toBe(0);
  });

  it('is spoken to in text where it knows no JSON', async () => {
    const { miner, adapter } = await avalon();
    miner.textOnly = true;
    expect(await adapter.identify()).toMatchObject({ model: 'Avalon A1066' });
    expect((await adapter.read('core')).reading.values).toMatchObject({ uptimeS: 2_709, powerW: 2_834 });
    expect(miner.asked).toEqual(['version', 'estats']);
  });

  it('stands by at a moment of its own clock; older firmware without one, and wakes by a restart', async () => {
    const { miner, adapter, writes } = await avalon();
    const before = await adapter.snapshot(stop);
    miner.asked.length = 0;
    expect(await adapter.execute(stop, before)).toEqual({ kind: 'done' });
    miner.refuses = /softo(n|ff),1:/;
    expect(await adapter.execute(stop, before)).toEqual({ kind: 'done' });
    expect(await adapter.execute(start, before)).toEqual({ kind: 'done' });
    expect(writes()).toEqual([
      'ascset|0,softoff,1:1700000105',
      'ascset|0,softoff,1:1700000105',
      'ascset|0,softoff',
      'ascset|0,softon,1:1700000105',
      'ascset|0,reboot,0',
    ]);
    miner.refuses = /^never$/;
    miner.silent = /softon/;
    expect(await adapter.execute(start, before)).toMatchObject({ kind: 'lost' });
  });

  it('gets pools into every place that it has, and restarts for them', async () => {
    const { miner, adapter, writes } = await avalon();
    const order = pools(pool('stratum+tcp://new:1'), pool('stratum+tcp://new:2'));
    const before = await adapter.snapshot(order);
    miner.asked.length = 0;
    expect(await adapter.execute(order, before)).toEqual({ kind: 'done' });
    expect(writes()).toEqual([
      'ascset|0,setpool,root,pw,0,stratum+tcp://new:1,w.1,x',
      'ascset|0,setpool,root,pw,1,stratum+tcp://new:2,w.1,x',
      'ascset|0,setpool,root,pw,2,stratum+tcp://new:2,w.1,x',
      'ascset|0,reboot,0',
    ]);
    expect(await adapter.execute(pools(pool('stratum+tcp://new:1', 'a,b')), before)).toMatchObject({
      kind: 'refused',
    });
    miner.refuses = /setpool/;
    expect(await adapter.execute(order, before)).toMatchObject({ kind: 'refused' });
    miner.refuses = /new:2/;
    expect(await adapter.execute(order, before)).toMatchObject({
      kind: 'lost',
      detail: expect.stringMatching(/in part/),
    });
  });

  it('takes modes by number: for homes at once, in racks with a restart', async () => {
    const mode: MinerOrder = { type: 'POWER_MODE', params: { mode: 'high' } };
    const rack = await avalon();
    await rack.adapter.execute(mode, await rack.adapter.snapshot(mode));
    expect(rack.writes().slice(-2)).toEqual(['ascset|0,workmode,1', 'ascset|0,reboot,0']);
    const home = await avalon({ PROD: 'Avalon Nano3s', MODEL: 'Nano3s' });
    await home.adapter.execute(mode, await home.adapter.snapshot(mode));
    expect(home.writes().slice(-1)).toEqual(['ascset|0,workmode,set,2']);
    const why = (model: string, wanted: 'low' | 'normal') =>
      whyUnsupported({ vendor: 'avalon', model }, { type: 'POWER_MODE', params: { mode: wanted } })?.en;
    expect(why('Avalon Nano3s', 'low')).toBeUndefined();
    expect(why('Avalon Q', 'low')).toBeUndefined();
    expect(why('Avalon A1346', 'low')).toMatch(/normal and high/);
    expect(why('Avalon Mini3', 'normal')).toMatch(/heating/);
  });

  it('gets its automatic fan control back, which cannot be shown', async () => {
    const { adapter, writes } = await avalon();
    const order: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 55 } };
    const before = await adapter.snapshot(order);
    expect(await adapter.execute(order, before)).toEqual({ kind: 'done' });
    expect(await adapter.readBack(order, before, 0)).toMatchObject({ seen: true });
    const restoration = { order, before, earlierPools: [] };
    expect(await adapter.restore(restoration, before)).toEqual({ kind: 'done' });
    expect(await adapter.readRestored(restoration)).toEqual({ seen: undefined });
    expect(writes().filter((each) => each.includes('fan-spd'))).toEqual([
      'ascset|0,fan-spd,55',
      'ascset|0,fan-spd,-1',
    ]);
    const low: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 12 } };
    expect(await adapter.execute(low, before)).toMatchObject({ kind: 'refused' });
  });
});
