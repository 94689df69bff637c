import { describe, expect, it, onTestFinished } from 'vitest';
import { whyUnsupported } from '../../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../../../contracts/command.ts';
import { ioAt } from '../../test-kit/io-at.ts';
import { jsonOf, type PlainAnswer, plainPeer } from '../../test-kit/plain-peer.ts';
import { tcpPeer } from '../../test-kit/tcp-peer.ts';
import { fieldsOf } from '../values.ts';
import { auradineAdapter } from './auradine-adapter.ts';

const nowMs = () => 1_773_871_985_000;
const said = (fields: object, letter = 'S', Msg = 'ok') => ({
  json: { STATUS: [{ STATUS: letter, When: 1, Code: letter === 'S' ? 200 : 401, Msg }], ...fields },
});

/** A hand-written FluxOS. */
const auradine = async () => {
  const miner = {
    token: 'first',
    logins: 0,
    mode: { Mode: 'normal', Sleep: 'off', Tune: 'ths', Power: 0 } as Record<string, unknown>,
    led: 2,
    pools: [{ url: 'stratum+tcp://old:1', user: 'w', pass: 'x' }],
    answer: undefined as PlainAnswer | undefined,
    writes: [] as [string, unknown][],
    asked: [] as string[],
  };
  const pages: Record<string, () => object> = {
    '/mode': () => ({ Mode: [miner.mode] }),
    '/fan': () => ({
      Fan: [
        { ID: 2, Speed: 5_020, Max: 7_200 },
        { ID: 1, Speed: 5_010, Max: 7_200 },
      ],
    }),
    '/psu': () => ({ PSU: [{ PowerIn: '3250 W', FanSpeed1: 4_000 }] }),
    '/temperature': () => ({
      Temperature: [
        { ID: 0, BoardTemp: [{ Temperature: 41 }] },
        {
          ID: 1,
          BoardTemp: [{ Temperature: 55.5 }],
          ChipTemp: [
            { ID: 1, Temperature: 70.25 },
            { ID: 2, Temperature: 72 },
          ],
        },
        { ID: 2, BoardTemp: [{ Temperature: 54 }], ChipTemp: [{ ID: 1, Temperature: 0 }] },
      ],
    }),
    '/frequency': () => ({
      Frequency: [{ ID: 1, ChipFrequency: [{ Frequency: 300 }, { Frequency: 310 }] }],
    }),
    '/led': () => ({ LED: [{ Code: miner.led, Msg: '' }] }),
    '/ipreport': () => ({ IPReport: [{ version: '2.4.1', mac: '02:00:00:00:00:05', hostname: 'au5' }] }),
  };
  const web = await plainPeer((request) => {
    const body = fieldsOf(jsonOf(request));
    if (request.path === '/token') {
      miner.logins++;
      return body.password === 'pw'
        ? said({ Token: [{ Token: miner.token }] })
        : said({}, 'E', 'wrong user or password');
    }
    if (request.headers.token !== miner.token) return said({}, 'E', 'Token has expired');
    const page = pages[request.path];
    if (request.method === 'GET') {
      miner.asked.push(request.path);
      return page ? said(page()) : { status: 404 };
    }
    const { command, ...fields } = body;
    expect(command).toBe(request.path.slice(1));
    miner.writes.push([request.path, fields]);
    const does: Record<string, () => unknown> = {
      '/mode': () =>
        Object.assign(
          miner.mode,
          Object.fromEntries(
            Object.entries(fields).map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value]),
          ),
        ),
      '/led': () => Object.assign(miner, { led: fields.code }),
      '/updatepools': () => Object.assign(miner, { pools: fields.pools }),
    };
    if (miner.answer) return miner.answer;
    does[request.path]?.();
    return said({});
  });
  const reports: Record<string, object> = {
    summary: {
      SUMMARY: [{ 'MHS 5s': 150_250_000, Elapsed: 900, Accepted: 12, Rejected: 1, Wattage: 3_000 }],
    },
    devs: {
      DEVS: [
        { ID: 1, 'MHS 5s': 75_000_000 },
        { ID: 2, 'MHS 5s': 75_250_000 },
      ],
    },
    version: { VERSION: [{ API: '3.7' }] },
    devdetails: { DEVDETAILS: [{ Model: 'AT1500' }] },
  };
  const rpc = await tcpPeer((request, socket) => {
    const { command } = JSON.parse(request) as { command: string };
    const pools = {
      POOLS: miner.pools.map(({ url, user }) => ({
        URL: url,
        User: user,
        Status: 'Alive',
        'Stratum Active': true,
      })),
    };
    socket.end(`${JSON.stringify(command === 'pools' ? pools : (reports[command] ?? {}))}\0`);
  });
  onTestFinished(async () => {
    await web.close();
    await rpc.close();
  });
  const adapter = (password = 'pw') =>
    auradineAdapter({
      minerId: 'm-1',
      io: ioAt({ rpcPort: rpc.port, httpPort: web.port }, 400),
      username: 'admin',
      password,
      nowMs,
    });
  return { miner, adapter };
};
const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };

describe('an Auradine', () => {
  it('says who it is, and its figures from both of its ports', async () => {
    const { miner, adapter } = await auradine();
    const au = adapter();
    expect(await au.identify()).toEqual({
      vendor: 'auradine',
      model: 'Auradine AT1500',
      firmware: '2.4.1',
      apiVersion: '3.7',
      macAddress: '02:00:00:00:00:05',
      hostname: 'au5',
    });
    expect(await au.read('full')).toEqual({
      reading: {
        minerId: 'm-1',
        sampledAtMs: nowMs(),
        state: 'hashing',
        mode: 'normal',
        errorCodes: [],
        values: {
          hashrateThs: 150.25,
          board1HashrateThs: 75,
          board2HashrateThs: 75.25,
          board1ChipTempC: 72,
          board1Chips: 2,
          powerW: 3_250,
          boardTempC: 55.5,
          chipTempC: 72,
          fan1Rpm: 5_010,
          fan2Rpm: 5_020,
          frequencyMhz: 305,
          acceptedShares: 12,
          rejectedShares: 1,
          uptimeS: 900,
          poolsAlive: 1,
          activePool: 0,
        },
      },
    });
    expect(miner.logins).toBe(1);
  });

  it('is asked what its light says, its pools and its clocks in a full look alone', async () => {
    const { miner, adapter } = await auradine();
    miner.led = 10;
    const full = await adapter().read('full');
    expect(full.reading).toMatchObject({ errorCodes: ['LED10'], values: { board1Chips: 2 } });
    miner.asked.length = 0;
    const { reading } = await adapter().read('core');
    expect(reading).not.toHaveProperty('errorCodes');
    expect(reading.values).not.toHaveProperty('board1Chips');
    expect(miner.asked.toSorted()).toEqual(['/fan', '/mode', '/psu', '/temperature']);
  });

  it('is logged in to again when its token has run out, and the write is sent then', async () => {
    const { miner, adapter } = await auradine();
    const au = adapter();
    const before = await au.snapshot(stop);
    miner.token = 'second';
    expect(await au.execute(stop, before)).toEqual({ kind: 'done' });
    expect(miner).toMatchObject({ logins: 2, writes: [['/mode', { sleep: 'on' }]] });
    expect(await au.readBack(stop, before, 0)).toMatchObject({ seen: true, reading: { state: 'stopped' } });
    expect(await au.restore({ order: stop, before, earlierPools: [] }, before)).toEqual({ kind: 'done' });
    expect(miner.mode.Sleep).toBe('off');
  });

  it.each<[MinerOrder, [string, unknown], [string, unknown]]>([
    [
      { type: 'POWER_MODE', params: { mode: 'high' } },
      ['/mode', { mode: 'turbo' }],
      ['/mode', { mode: 'normal' }],
    ],
    [
      { type: 'POWER_LIMIT', params: { limitW: 2_500 } },
      ['/mode', { mode: 'custom', tune: 'power', power: 2_500 }],
      ['/mode', { mode: 'normal' }],
    ],
    [{ type: 'LED', params: { on: true } }, ['/led', { code: 3 }], ['/led', { code: 2 }]],
    [
      { type: 'POOL_SET', params: { pools: [{ url: 'stratum+tcp://new:1', user: 'w.1', password: 'p' }] } },
      ['/updatepools', { pools: [{ url: 'stratum+tcp://new:1', user: 'w.1', pass: 'p' }] }],
      ['/updatepools', { pools: [{ url: 'stratum+tcp://old:1', user: 'w', pass: 'x' }] }],
    ],
  ])('carries out %j, and puts back what was', async (order, write, back) => {
    const { miner, adapter } = await auradine();
    const au = adapter();
    const before = await au.snapshot(order);
    expect(await au.execute(order, before)).toEqual({ kind: 'done' });
    expect(await au.readBack(order, before, 0)).toMatchObject({ seen: true });
    const restoration = { order, before, earlierPools: [] };
    expect(await au.restore(restoration, before)).toEqual({ kind: 'done' });
    expect(await au.readRestored(restoration)).toMatchObject({ seen: true });
    expect(miner.writes).toEqual([write, back]);
  });

  it('tells refusals, wrong passwords and lost answers apart', async () => {
    const { miner, adapter } = await auradine();
    const au = adapter();
    const before = await au.snapshot(stop);
    miner.answer = said({}, 'E', 'invalid parameter');
    expect(await au.execute(stop, before)).toEqual({
      kind: 'refused',
      detail: 'the miner refuses (code 401)',
    });
    for (const answer of ['hang-up', 'silence', { text: 'no json' }] as const) {
      miner.answer = answer;
      expect(await au.execute(stop, before)).toMatchObject({ kind: 'lost' });
    }
    expect(miner.writes).toHaveLength(4);
    expect(await adapter('wrong').execute(stop, before)).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(/refuses the configured login/),
    });
    expect(miner.writes).toHaveLength(4);
    expect(await adapter('wrong').read('core')).toMatchObject({ reading: { state: 'hashing' } });
  });

  it('has no fan order that could be put back, nor sleep as a mode', () => {
    const known = { vendor: 'auradine', model: 'Auradine AT1500' } as const;
    expect(whyUnsupported(known, { type: 'SET_FAN', params: { dutyPct: 50 } })?.en).toMatch(/automatic/);
    expect(whyUnsupported(known, { type: 'POWER_MODE', params: { mode: 'sleep' } })?.en).toMatch(/HASHING/);
  });
});
