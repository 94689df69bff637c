import { describe, expect, it, onTestFinished } from 'vitest';
import { whyUnsupported } from '../../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../../../contracts/command.ts';
import { capture, dataPath } from '../../test-kit/captures.ts';
import { ioAt } from '../../test-kit/io-at.ts';
import { jsonOf, type PlainAnswer, plainPeer } from '../../test-kit/plain-peer.ts';
import { fieldsOf } from '../values.ts';
import { bitaxeAdapter } from './bitaxe-adapter.ts';
import { errorsOf, modelOf, parseValues, stateOf } from './parse-info.ts';

const recorded = dataPath('captures', 'bitaxe', 'v2_0_0');
const nowMs = () => 1_773_871_985_000;

const told = {
  ASICModel: 'BM1370',
  boardVersion: '601',
  version: 'v2.14.0',
  hashRate: 1_071.5,
  power: 16.25,
  frequency: 525,
  autofanspeed: 1,
  fanspeed: 40,
  manualFanSpeed: 60,
  stratumURL: 'old.example',
  stratumPort: 3333,
  stratumUser: 'w.1',
  stratumTLS: 0,
  fallbackStratumURL: '',
  fallbackStratumPort: 0,
  uptimeSeconds: 5_000,
  miningPaused: false,
};

/** A hand-written AxeOS: settings are kept as they are patched. */
const axe = async (info: Record<string, unknown> = told) => {
  const miner = { info: { ...info }, spoil: undefined as PlainAnswer | undefined, spoiltPath: '' };
  const writes: [string, unknown][] = [];
  const peer = await plainPeer((request) => {
    const { method, path } = request;
    if (method === 'GET') return { json: miner.info };
    writes.push([path, jsonOf(request)]);
    if (miner.spoil && path === miner.spoiltPath) return miner.spoil;
    if (method === 'PATCH') Object.assign(miner.info, fieldsOf(jsonOf(request)));
    if (path.endsWith('/pause')) Object.assign(miner.info, { miningPaused: true, hashRate: 0 });
    if (path.endsWith('/resume')) Object.assign(miner.info, { miningPaused: false, hashRate: 1_000 });
    return path.endsWith('/none') ? { status: 404 } : {};
  });
  onTestFinished(() => peer.close());
  const adapter = bitaxeAdapter({ minerId: 'm-1', io: ioAt({ httpPort: peer.port }, 300), nowMs });
  return { miner, writes, adapter };
};
const pools = (...urls: string[]): MinerOrder => ({
  type: 'POOL_SET',
  params: { pools: urls.map((url) => ({ url, user: 'w.2', password: 'x' })) },
});

describe.skipIf(!recorded)('a recorded answer of AxeOS 2.4.5', () => {
  it('reads as its figures', async () => {
    const { adapter } = await axe(capture(recorded ?? '', 'system_info'));
    expect(await adapter.identify()).toEqual({
      vendor: 'bitaxe',
      model: 'Bitaxe Supra',
      firmware: 'v2.4.5-3-gb5d1e36-dirty',
      apiVersion: 'v2.4.5-3-gb5d1e36-dirty',
      macAddress: '02:00:00:12:34:56',
      hostname: 'bitaxe',
    });
    expect(await adapter.read('full')).toEqual({
      reading: {
        minerId: 'm-1',
        sampledAtMs: nowMs(),
        state: 'hashing',
        errorCodes: [],
        values: {
          hashrateThs: 1,
          // One board: its rate is the machine's, `temp` 59.875, `asicCount` 1.
          board1HashrateThs: 1,
          board1ChipTempC: 59.875,
          board1Chips: 1,
          powerW: 2.65000009536743,
          chipTempC: 59.875,
          boardTempC: 78,
          fan1Rpm: 3_517,
          fanDutyPct: 35,
          frequencyMhz: 490,
          voltageV: expect.closeTo(1.172, 9),
          acceptedShares: 0,
          rejectedShares: 0,
          uptimeS: 4,
          activePool: 0,
        },
      },
    });
    const { settings } = await adapter.snapshot({ type: 'MINER_RESTART', params: {} });
    expect(settings).toMatchObject({
      fan: 'auto',
      frequencyMhz: 490,
      pools: [
        { url: 'stratum+tcp://btc.example.pool:3333', user: 'asic-rs.test' },
        { url: 'stratum+tcp://btc2.example.pool:3333', user: 'asic-rs.test' },
      ],
    });
  });
});

describe('AxeOS', () => {
  it('stores both pools, none in the second place where there is none, and restarts for them', async () => {
    const { adapter, writes } = await axe();
    const order = pools('stratum+ssl://new.example:4444');
    const before = await adapter.snapshot(order);
    expect(await adapter.execute(order, before)).toEqual({ kind: 'done' });
    expect(writes).toEqual([
      [
        '/api/system',
        {
          stratumURL: 'new.example',
          stratumPort: 4_444,
          stratumUser: 'w.2',
          stratumPassword: 'x',
          stratumTLS: 1,
          fallbackStratumURL: '',
          fallbackStratumUser: '',
          fallbackStratumPassword: '',
          fallbackStratumTLS: 0,
        },
      ],
      ['/api/system/restart', undefined],
    ]);
    expect(await adapter.readBack(order, before, 0)).toMatchObject({ seen: true });
  });

  it('refuses pools that it cannot hold before it writes any', async () => {
    const { adapter, miner, writes } = await axe();
    const before = await adapter.snapshot(pools());
    const three = ['stratum+tcp://a:1', 'stratum+tcp://b:1', 'stratum+tcp://c:1'];
    for (const order of [pools(...three), pools('stratum+tcp://a:1/path'), pools('stratum+tcp://a')])
      expect(await adapter.execute(order, before)).toMatchObject({ kind: 'refused' });
    Object.assign(miner.info, { stratumTLS: undefined });
    expect(await adapter.execute(pools('stratum+ssl://a:1'), before)).toMatchObject({
      detail: expect.stringMatching(/TLS/),
    });
    expect(writes).toEqual([]);
  });

  it('never says refused once the pools are stored and the restart has no answer', async () => {
    const { adapter, miner } = await axe();
    const order = pools('stratum+tcp://new.example:1');
    const before = await adapter.snapshot(order);
    Object.assign(miner, { spoil: 'silence', spoiltPath: '/api/system/restart' });
    expect(await adapter.execute(order, before)).toMatchObject({ kind: 'lost' });
    Object.assign(miner, { spoil: 'hang-up', spoiltPath: '/api/system' });
    expect(await adapter.execute(order, before)).toMatchObject({ kind: 'lost' });
    Object.assign(miner, { spoil: { status: 400 }, spoiltPath: '/api/system' });
    expect(await adapter.execute(order, before)).toEqual({
      kind: 'refused',
      detail: 'the miner answers 400',
    });
  });

  it('sets the fan in the words of its version, and gives the automatic control back', async () => {
    const order: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 80 } };
    for (const [info, set, back] of [
      [told, { autofanspeed: 0, manualFanSpeed: 80 }, { autofanspeed: 1 }],
      [
        { ...told, autofanspeed: true, manualFanSpeed: undefined },
        { autofanspeed: false, fanspeed: 80 },
        { autofanspeed: true },
      ],
    ] as const) {
      const { adapter, writes } = await axe(info);
      const before = await adapter.snapshot(order);
      expect(await adapter.execute(order, before)).toEqual({ kind: 'done' });
      expect(await adapter.readBack(order, before, 0)).toMatchObject({ seen: true });
      const restoration = { order, before, earlierPools: [] };
      expect(await adapter.restore(restoration, before)).toEqual({ kind: 'done' });
      expect(await adapter.readRestored(restoration)).toMatchObject({ seen: true });
      expect(writes.map(([, body]) => body)).toEqual([set, back]);
    }
  });

  it('pauses and resumes, and takes a clock at once', async () => {
    const { adapter } = await axe();
    for (const [order, state] of [
      [{ type: 'HASHING_DISABLE', params: {} }, 'stopped'],
      [{ type: 'HASHING_ENABLE', params: {} }, 'hashing'],
      [{ type: 'FREQUENCY_SET', params: { frequencyMhz: 412.5 } }, 'hashing'],
    ] as const) {
      const before = await adapter.snapshot(order);
      expect(await adapter.execute(order, before)).toEqual({ kind: 'done' });
      expect(await adapter.readBack(order, before, 0)).toMatchObject({ seen: true, reading: { state } });
    }
  });

  it('says what is wrong with a machine that stopped itself', () => {
    expect(stateOf({ hashRate: 0, overheat_mode: 1, uptimeSeconds: 500 })).toBe('fault');
    expect(stateOf({ hashRate: 0, power_fault: 'Power fault detected', uptimeSeconds: 500 })).toBe('fault');
    // ESP-Miner's `system_api_json.c` adds it only where there is one.
    expect(stateOf({ hashRate: 0, hardware_fault: 'No ASIC found', uptimeSeconds: 500 })).toBe('fault');
    expect(errorsOf({ power_fault: 'Power fault', hardware_fault: 'x'.repeat(50) })).toEqual([
      'Power fault',
      'x'.repeat(40),
    ]);
    expect(stateOf({ hashRate: 0, uptimeSeconds: 10 })).toBe('booting');
    expect(stateOf({ hashRate: 0, uptimeSeconds: 500 })).toBe('idle');
  });

  it('names boards by their number, chips where the number is unknown, and NerdAxe by its own word', () => {
    expect(modelOf({ boardVersion: '601', ASICModel: 'BM1370' })).toBe('Bitaxe Gamma');
    expect(modelOf({ boardVersion: '801', ASICModel: 'BM1370' })).toBe('Bitaxe Gamma Turbo');
    expect(modelOf({ boardVersion: '0.11', ASICModel: 'BM1366' })).toBe('Bitaxe Ultra');
    expect(modelOf({ deviceModel: 'NerdQAxe++', ASICModel: 'BM1370' })).toBe('NerdQAxe++');
    expect(modelOf({ ASICModel: 'BM9999' })).toBe('Bitaxe');
    expect(modelOf({})).toBeUndefined();
  });

  it('can pause from 2.14 on, which NerdAxe never reaches', () => {
    const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
    const why = (firmware?: string) =>
      whyUnsupported({ vendor: 'bitaxe', model: 'Bitaxe', firmware }, stop)?.en;
    expect(why('v2.14.0')).toBeUndefined();
    expect(why('v3.0.1')).toBeUndefined();
    expect(why()).toBeUndefined();
    expect(why('v2.9.2')).toMatch(/cannot pause/);
    expect(why('v1.0.36')).toMatch(/cannot pause/);
  });
});

describe('the one board', () => {
  const asics = (...totals: number[]) => ({ hashrateMonitor: { asics: totals.map((total) => ({ total })) } });
  it.each([
    // The documented answer of 2.12.2 (Gamma), which has no `asicCount`.
    ['of one chip, by the monitor', { hashRate: 1_072.2, ...asics(1_072.24) }, 1],
    ['of four chips, one of which does not hash', { hashRate: 3_200, ...asics(1_070, 1_065, 0, 1_065) }, 3],
    ['of two chips that do not hash yet', { hashRate: 0, ...asics(0, 0) }, 2],
    ['of a NerdQAxe++', { hashRate: 4_800, asicCount: 4 }, 4],
    ['of whoever does not say', { hashRate: 500 }, undefined],
    ['of whoever says an empty list', { hashRate: 500, hashrateMonitor: { asics: [] } }, undefined],
  ])('%s', (_, told, chips) => {
    const { board1Chips, board1HashrateThs, board2Chips, board2HashrateThs } = parseValues(told);
    expect(board1Chips).toBe(chips);
    expect(board1HashrateThs).toBeCloseTo(told.hashRate / 1_000, 9);
    expect([board2Chips, board2HashrateThs]).toEqual([undefined, undefined]);
  });

  it('is as hot as its hottest sensor', () => {
    expect(parseValues({ temp: 60.1, temp2: 62.5 })).toMatchObject({
      chipTempC: 62.5,
      board1ChipTempC: 62.5,
    });
    expect(parseValues({ temp: -1, temp2: -1 })).toEqual({});
  });
});

describe('the second fan', () => {
  it.each([
    ['a board with one fan, which says 0', { boardVersion: '601', fan2rpm: 0 }, undefined],
    ['a board with two', { boardVersion: '702', fan2rpm: 3_900 }, 3_900],
    ['a board with two, of which one stands', { boardVersion: '702', fan2rpm: 0 }, 0],
    ['a NerdAxe with two', { fanCount: 2, fanrpm2: 2_747 }, 2_747],
    ['a NerdAxe with two, of which one stands', { fanCount: 2, fanrpm2: 0 }, 0],
    ['a NerdAxe with one', { fanCount: 1, fanrpm2: 0 }, undefined],
  ])('of %s', (_, told, rpm) => {
    expect(parseValues({ fanrpm: 4_000, ...told })).toEqual({
      fan1Rpm: 4_000,
      ...(rpm !== undefined && { fan2Rpm: rpm }),
    });
  });
});
