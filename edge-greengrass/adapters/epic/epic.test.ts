import { describe, expect, it } from 'vitest';
import type { MinerOrder } from '../../../contracts/command.ts';
import { epicPeer } from '../../test-kit/epic-peer.ts';
import { chipsByBoard } from './chip-pages.ts';
import { parseValues } from './parse-answers.ts';

const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };

describe('PowerPlay-BMS', () => {
  it('is read without a password, with temperatures of what the capabilities say is measured', async () => {
    const { adapter } = await epicPeer();
    const { reading } = await adapter('wrong').read('full');
    expect(reading).toMatchObject({
      state: 'hashing',
      values: { chipTempC: 60, board1ChipTempC: 60, hashrateThs: 47 },
    });
    expect(reading.values).not.toHaveProperty('boardTempC');
  });

  it('stops and starts; a wrong password, a broken connection and silence are told apart', async () => {
    const { miner, adapter } = await epicPeer();
    const epic = adapter();
    const before = await epic.snapshot(stop);
    expect(await adapter('wrong').execute(stop, before)).toEqual({
      kind: 'refused',
      detail: 'the miner answers Invalid password',
    });
    for (const answer of ['hang-up', 'silence'] as const) {
      miner.answer = answer;
      expect(await epic.execute(stop, before)).toMatchObject({ kind: 'lost' });
    }
    expect(await epic.readBack(stop, before, 0)).toMatchObject({ seen: true, reading: { state: 'stopped' } });
    miner.answer = 'obey';
    expect(await epic.restore({ order: stop, before, earlierPools: [] }, before)).toEqual({ kind: 'done' });
    expect(miner.state).toBe('Mining');
  });

  it('sets a clock only after the tuning is off, and puts the tuning back whole', async () => {
    const { miner, adapter } = await epicPeer();
    const epic = adapter();
    const order: MinerOrder = { type: 'FREQUENCY_SET', params: { frequencyMhz: 400 } };
    const before = await epic.snapshot(order);
    expect(await epic.execute(order, before)).toEqual({ kind: 'done' });
    expect(await epic.readBack(order, before, 0)).toMatchObject({ seen: true });
    const back = { order, before, earlierPools: [] };
    expect(await epic.readRestored(back)).toMatchObject({ seen: false });
    await epic.restore(back, before);
    expect(await epic.readRestored(back)).toMatchObject({ seen: true });
    expect(miner.writes).toEqual([
      'perpetualtune false',
      'tune/clock/all 400',
      'perpetualtune/algo {"algo":"VoltageOptimizer","target":143,"min_throttle":50,"throttle_step":5}',
      'perpetualtune true',
    ]);
  });

  it('limits power where it can be tuned to watts, within what it can', async () => {
    const { miner, adapter } = await epicPeer();
    const epic = adapter();
    const limit = (limitW: number): MinerOrder => ({ type: 'POWER_LIMIT', params: { limitW } });
    const before = await epic.snapshot(limit(2_200));
    expect(await epic.execute(limit(2_200), before)).toEqual({ kind: 'done' });
    expect(miner.algorithm).toMatchObject({ name: 'PowerTune', target: 2_200 });
    expect(await epic.readBack(limit(2_200), before, 0)).toMatchObject({
      seen: true,
      reading: { values: { powerLimitW: 2_200 } },
    });
    expect(await epic.execute(limit(1_000), before)).toEqual({
      kind: 'refused',
      detail: 'the machine takes no limit below 1500 W',
    });
    await epic.restore({ order: limit(2_200), before, earlierPools: [] }, before);
    expect(miner.algorithm).toMatchObject({ name: 'VoltageOptimizer', target: 143, min: 50, step: 5 });
  });

  it('keeps what an order does not name: the worker’s suffix, the temperature that fans were steered by', async () => {
    const { miner, adapter } = await epicPeer();
    const epic = adapter();
    const pools: MinerOrder = {
      type: 'POOL_SET',
      params: { pools: [{ url: 'stratum+tcp://n.example:1', user: 'n', password: 'q' }] },
    };
    const before = await epic.snapshot(pools);
    await epic.execute(pools, before);
    expect(await epic.readBack(pools, before, 0)).toMatchObject({ seen: true });
    expect(miner.coin).toMatchObject({ coin: 'BTC', unique_id: true });
    await epic.restore({ order: pools, before, earlierPools: [] }, before);
    expect(miner.coin).toMatchObject({
      stratum_configs: [{ pool: 'stratum+tcp://old.example:1', login: 'o', password: 'p' }],
    });
    const fan: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 66 } };
    const cool = await epic.snapshot(fan);
    await epic.execute(fan, cool);
    expect(await epic.readBack(fan, cool, 0)).toMatchObject({ seen: true });
    await epic.restore({ order: fan, before: cool, earlierPools: [] }, cool);
    expect(miner.fan).toEqual({ Auto: { 'Target Temperature': 63, 'Idle Speed': 25 } });
  });
});

describe('pages of chips', () => {
  const rates = [
    {
      Index: 2,
      Data: [
        [417_309.06, 95.8, 3.9],
        [432_705.88, 99.3, 4],
        [411_085.84, 94.3, 3.8],
      ],
      Total: [1, 1, 1],
    },
    { Index: 0, Data: [[417_309.06, 95.8, 3.9]], Total: [1, 1, 1] },
    { Index: 1, Data: [], Total: 0 },
  ];
  const temps = [
    { Index: 0, Data: [0], Total: 0 },
    { Index: 2, Data: [61.5, 0, 64.25], Total: 0 },
  ];

  it('count each board’s chips and tell its hottest, by their Index', () => {
    expect(chipsByBoard(rates, temps)).toEqual([
      { chips: 1, hottestC: undefined },
      { chips: undefined, hottestC: undefined },
      { chips: 3, hottestC: 64.25 },
    ]);
  });

  it('tell nothing where they are none', () => {
    const nothing = { chips: undefined, hottestC: undefined };
    for (const page of [undefined, null, {}, 'no', [7], [{ Index: 0, Data: 5 }]])
      expect(chipsByBoard(page, page)).toEqual([nothing, nothing, nothing]);
  });

  it('are not counted where the page was cut, and not asked for in a core read', async () => {
    const { miner, adapter } = await epicPeer();
    const epic = adapter();
    miner.pages.hashrate = JSON.stringify([{ Index: 0, Data: [[1], [2], [3]], Total: 0 }]);
    miner.pages['temps/chip'] = '[{"Index":0,"Data":[71,72.5,70],"Total":0}]';
    expect((await epic.read('core')).reading.values).not.toHaveProperty('board1Chips');
    expect((await epic.read('full')).reading.values).toMatchObject({ board1Chips: 3, board1ChipTempC: 72.5 });
    miner.pages.hashrate = '[{"Index":0,"Data":[[1],[2]';
    expect((await epic.read('full')).reading.values).not.toHaveProperty('board1Chips');
  });

  it('stand beside the boards of the summary', () => {
    const summary = {
      HBs: [
        { Index: 0, Hashrate: [47e6, 100, 0], Temperature: 60 },
        { Index: 2, Hashrate: [47e6, 100, 0], Temperature: 58 },
      ],
    };
    expect(parseValues(summary, 'Board', chipsByBoard(rates, temps))).toMatchObject({
      boardTempC: 60,
      board1Chips: 1,
      board3Chips: 3,
      board3ChipTempC: 64.25,
      chipTempC: 64.25,
    });
    // Where the summary's own temperatures are of chips, too: 60 and 58 beside 64.25.
    const onChips = parseValues(summary, 'Chip', chipsByBoard(rates, temps));
    expect(onChips).toMatchObject({ board1ChipTempC: 60, board3ChipTempC: 64.25, chipTempC: 64.25 });
    expect(onChips).not.toHaveProperty('boardTempC');
    expect(onChips).not.toHaveProperty('board2Chips');
  });
});
