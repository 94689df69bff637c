import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyUnsupported } from '../../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../../../contracts/command.ts';
import { type SimulatedSite, startSite } from '../../../simulator/site/simulated-site.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import { adapterAt } from '../../test-kit/adapter-at.ts';
import { until } from '../../test-kit/until.ts';
import type { MinerAdapter } from '../miner-adapter.ts';
import { formBody, formConfAfter, formOrder } from './form-conf.ts';
import { isFormConf, modeOf } from './miner-conf.ts';
import { parseStats } from './parse-stats.ts';

const conf = {
  pools: [
    { url: 'stratum+tcp://a.example:3333', user: 'a.1', pass: 'x' },
    { url: '', user: '', pass: '' },
    { url: '', user: '', pass: '' },
  ],
  'api-listen': true,
  'bitmain-use-vil': true,
  'bitmain-freq': '650',
  'bitmain-voltage': '0706',
};
const page = (names: readonly string[]) =>
  `ant_data = {"data": {}}; x = { data: other }; jQuery.ajax({ data: {${names.map((name) => `${name}:${name}`).join(',\n')}}, success });`;
const names = ['_ant_pool1url', '_ant_pool1user', '_ant_pool1pw', '_ant_voltage', '_ant_freq'];

describe('the form of an old Antminer', () => {
  it('is sent in the order that the page tells, each value in the escapes that the script on the miner knows', () => {
    expect(formOrder(page(names))).toEqual(names);
    const order: MinerOrder = {
      type: 'POOL_SET',
      params: { pools: [{ url: 'stratum+tcp://b.example:1', user: 'u s&r', password: 'p=#' }] },
    };
    expect(formBody(formConfAfter(order, conf, undefined) ?? {}, names)).toBe(
      '_ant_pool1url=stratum%2Btcp%3A%2F%2Fb.example%3A1&_ant_pool1user=u+s%26r&_ant_pool1pw=p%3D%23&_ant_voltage=0706&_ant_freq=650',
    );
  });

  it.each(['', '<html>', 'data: {', 'data: {_ant_freq:_ant_freq}', 'data: {_ant_pool1url:1, onload:2}'])(
    'is not guessed at where the page says %j',
    (text) => expect(() => formOrder(text)).toThrow(MinerFault),
  );

  it('is not sent with a field that nobody knows, or a character that would break the file', () => {
    expect(() => formBody(conf, ['_ant_pool1url', '_ant_surprise'])).toThrow(/not known/);
    for (const pass of ['quo"te', 'back\\slash', '100%', 'naïve', '{'])
      expect(() => formBody({ ...conf, pools: [{ url: 'a', user: 'b', pass }] }, names), pass).toThrow(
        /cannot carry/,
      );
  });

  it('is for a configuration without the later names, whose modes mean something else', () => {
    expect(isFormConf(conf)).toBe(true);
    expect(isFormConf({ ...conf, 'bitmain-freq-level': '100' })).toBe(false);
    expect(modeOf({ ...conf, 'bitmain-work-mode': '1' })).toBeUndefined();
    expect(modeOf({ ...conf, 'bitmain-work-mode': '254' })).toBe('sleep');
    const tuned = { ...conf, 'bitmain-freq': 'O' };
    expect(
      formConfAfter({ type: 'FREQUENCY_SET', params: { frequencyMhz: 500 } }, tuned, undefined),
    ).toBeUndefined();
    expect(formConfAfter({ type: 'HASHING_DISABLE', params: {} }, conf, undefined)).toBeUndefined();
  });
});

describe('stats of an S9', () => {
  it('have their boards in slots 6 to 8 and their fans anywhere among eight', () => {
    const stats = {
      'GHS 5s': '13742.62',
      Elapsed: 100,
      fan_num: 2,
      ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((at) => [`fan${at}`, at === 6 ? 4_200 : 0])),
      ...Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`chain_acn${at}`, 0])),
      chain_acn6: 63,
      chain_acn7: 0,
      chain_acn8: 63,
      chain_rate6: '4611.93',
      chain_rate7: '',
      chain_rate8: '4570.1',
      temp6: 62,
      temp2_6: 77,
      temp2_7: 0,
      temp8: 61,
      temp2_8: 75,
    };
    expect(parseStats({ STATS: [{ Type: 'Antminer S9' }, stats] }).values).toEqual({
      hashrateThs: expect.closeTo(13.74262, 9),
      board1HashrateThs: expect.closeTo(4.61193, 9),
      board3HashrateThs: expect.closeTo(4.5701, 9),
      board1Chips: 63,
      board2Chips: 0,
      board3Chips: 63,
      board1ChipTempC: 77,
      board3ChipTempC: 75,
      chipTempC: 77,
      boardTempC: 62,
      fan1Rpm: 4_200,
      fan2Rpm: 0,
      uptimeS: 100,
    });
  });
});

let site: SimulatedSite;
const clock = { aheadMs: 0 };
beforeAll(async () => {
  site = await startSite({
    miners: 2,
    seed: 3,
    speed: 60,
    mix: { 'Antminer S9': 1, 'Antminer S17': 1 },
    nowMs: () => Date.now() + clock.aheadMs,
  });
});
afterAll(() => site.close());
type Model = 'Antminer S9' | 'Antminer S17';
const entryOf = (model: Model) => {
  const found = site.inventory().find((entry) => entry.model === model);
  if (!found) throw new Error(`no ${model}`);
  return found;
};
const physical = (model: Model) => site.physical(entryOf(model).minerId);
const hashing = (model: Model) => until(`${model} hashing`, () => physical(model).hashing, 20_000);

/** The script on the miner takes longer to answer than a gateway waits. */
const patience = { exchangeMs: 250 };
const shown = async (look: () => ReturnType<MinerAdapter['readBack']>) => {
  const endMs = Date.now() + 15_000;
  for (;;) {
    const { seen } = await look();
    if (seen || Date.now() > endMs) return seen;
  }
};
const carryOut = async (model: Model, adapter: MinerAdapter, order: MinerOrder) => {
  await hashing(model);
  const before = await adapter.snapshot(order);
  const sinceMs = Date.now();
  const outcome = await adapter.execute(order, before);
  expect(outcome.kind, `${model} ${order.type}`).toMatch(/done|lost/);
  expect(await shown(() => adapter.readBack(order, before, sinceMs)), `${model} ${order.type}`).toBe(true);
  return before;
};

describe('an Antminer from before the JSON interface', () => {
  it.each(['Antminer S9', 'Antminer S17'] as const)('%s is read as it is', async (model) => {
    const adapter = adapterAt(entryOf(model), patience);
    expect(await adapter.identify()).toMatchObject({ vendor: 'antminer', model });
    const { reading } = await adapter.read('full');
    const now = physical(model);
    expect(reading.state).toBe('hashing');
    expect(reading.mode).toBeUndefined();
    expect((reading.values.hashrateThs ?? 0) / now.hashrateThs).toBeCloseTo(1, 1);
    expect(Math.abs((reading.values.chipTempC ?? 0) - now.chipTempC)).toBeLessThan(3);
    expect(reading.values.fan2Rpm).toBeGreaterThan(500);
    expect(reading.values.board3Chips).toBe(model === 'Antminer S9' ? 63 : 48);
    expect(reading.values.powerW).toBeUndefined();
  });

  it('S17: sleeps and wakes up in the mode that it had, though its answer comes too late', async () => {
    const adapter = adapterAt(entryOf('Antminer S17'), patience);
    const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
    const before = await carryOut('Antminer S17', adapter, stop);
    await until('it stands still', () => !physical('Antminer S17').hashing, 5_000);
    // While the script works, a second form waits for it and does nothing.
    clock.aheadMs += 60_000;
    const restore = await adapter.restore(
      { order: stop, before, earlierPools: [] },
      await adapter.snapshot(stop),
    );
    expect(restore.kind).toMatch(/done|lost/);
    expect(await shown(() => adapter.readRestored({ order: stop, before, earlierPools: [] }))).toBe(true);
    expect((await adapter.snapshot(stop)).settings.conf).toMatchObject({ 'bitmain-work-mode': '1' });
  }, 60_000);

  it('S9: takes a frequency and fans; pools with their passwords go back with the rest', async () => {
    const adapter = adapterAt(entryOf('Antminer S9'), patience);
    const order: MinerOrder = { type: 'FREQUENCY_SET', params: { frequencyMhz: 600 } };
    await carryOut('Antminer S9', adapter, order);
    await until('it runs slower', () => physical('Antminer S9').frequencyMhz < 610, 20_000);
    expect(physical('Antminer S9').pools[0]?.password).toBe('x');
    const light: MinerOrder = { type: 'LED', params: { on: true } };
    await carryOut('Antminer S9', adapter, light);
    expect(physical('Antminer S9').ledOn).toBe(true);
  }, 60_000);

  it('is refused what its generation cannot do before anything is sent', () => {
    const order: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
    expect(whyUnsupported({ vendor: 'antminer', model: 'Antminer S9' }, order)?.en).toMatch(/cannot sleep/);
    expect(whyUnsupported({ vendor: 'antminer', model: 'Antminer S17 Pro' }, order)).toBeUndefined();
    expect(whyUnsupported({ vendor: 'antminer', model: 'Antminer S19' }, order)).toBeUndefined();
    const high: MinerOrder = { type: 'POWER_MODE', params: { mode: 'high' } };
    expect(whyUnsupported({ vendor: 'antminer', model: 'Antminer T17+' }, high)?.zh).toMatch(
      /编号没有公开文档/,
    );
  });
});
