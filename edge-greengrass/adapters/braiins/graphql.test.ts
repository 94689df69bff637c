import { describe, expect, it } from 'vitest';
import type { MinerOrder } from '../../../contracts/command.ts';
import { bosPeer, pool } from '../../test-kit/bos-graphql-peer.ts';

const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
const limit: MinerOrder = { type: 'POWER_LIMIT', params: { limitW: 2_400 } };
const fan: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 90 } };
const pools: MinerOrder = {
  type: 'POOL_SET',
  params: { pools: [{ ...pool('new'), password: 'p' }] },
};

describe('Braiins OS by GraphQL', () => {
  it('is read without a login and told by what has no REST version', async () => {
    const { miner, adapter } = await bosPeer();
    const bos = adapter('wrong');
    expect(await bos.identify()).toEqual({
      vendor: 'braiins',
      model: 'Antminer S19j Pro',
      firmware: '2025-04-07-0-424f9a7f-25.03-plus',
      apiVersion: 'GraphQL',
      hostname: 'rig',
    });
    expect((await adapter().identify()).macAddress).toBe('02:00:00:12:34:56');
    const { reading } = await bos.read('full');
    expect(reading).toMatchObject({ state: 'hashing', values: { hashrateThs: 99, acceptedShares: 4 } });
    expect(miner.logins).toBe(0);
  });

  it('is changed after one login, which serves until the miner forgets it', async () => {
    const { miner, adapter } = await bosPeer();
    const bos = adapter();
    const before = await bos.snapshot(stop);
    expect(await bos.execute(stop, before)).toEqual({ kind: 'done' });
    expect(await bos.readBack(stop, before, 0)).toMatchObject({ seen: true, reading: { state: 'stopped' } });
    const led: MinerOrder = { type: 'LED', params: { on: true } };
    expect(await bos.execute(led, await bos.snapshot(led))).toEqual({ kind: 'done' });
    expect(miner.logins).toBe(1);
    miner.session = '';
    expect(await bos.restore({ order: stop, before, earlierPools: [] }, before)).toEqual({ kind: 'done' });
    expect(miner.logins).toBe(2);
    expect(miner).toMatchObject({ running: true, led: true, changes: ['stop', 'setFaultLight', 'start'] });
  });

  it('says no to a wrong password and to what the miner calls an error; nothing is changed then', async () => {
    const { miner, adapter } = await bosPeer();
    const wrong = adapter('wrong');
    expect(await wrong.execute(stop, await wrong.snapshot(stop))).toEqual({
      kind: 'refused',
      detail: 'the miner refuses the configured login',
    });
    miner.answer = 'error-type';
    const right = adapter();
    expect(await right.execute(stop, await right.snapshot(stop))).toEqual({
      kind: 'refused',
      detail: 'the miner answers BosminerError',
    });
    expect(miner.changes).toEqual([]);
  });

  it('tells an order whose answer is lost from a login whose answer is lost', async () => {
    const { miner, adapter } = await bosPeer();
    const before = await adapter().snapshot(stop);
    miner.answer = 'lose-login';
    expect(await adapter().execute(stop, before)).toMatchObject({ kind: 'refused' });
    expect(miner.running).toBe(true);
    miner.answer = 'hang-up';
    expect(await adapter().execute(stop, before)).toMatchObject({ kind: 'lost' });
    expect(miner.running).toBe(false);
  });

  it('puts back a hashrate target that a limit in watts replaced, and the temperature that fans were steered by', async () => {
    const { miner, adapter } = await bosPeer();
    const bos = adapter();
    const before = await bos.snapshot(limit);
    expect(before.settings.tuning).toEqual({ hashrateThs: 95.5 });
    expect(await bos.execute(limit, before)).toEqual({ kind: 'done' });
    expect(miner.autotuning).toMatchObject({ mode: 'POWER_TARGET', powerTarget: 2_400 });
    expect(await bos.readBack(limit, before, 0)).toMatchObject({ seen: true });
    const back = { order: limit, before, earlierPools: [] };
    expect(await bos.readRestored(back)).toMatchObject({ seen: false });
    expect(await bos.restore(back, before)).toEqual({ kind: 'done' });
    expect(miner.autotuning).toMatchObject({ mode: 'HASHRATE_TARGET', hashrateTarget: 95.5 });
    expect(await bos.readRestored(back)).toMatchObject({ seen: true });

    const cool = await bos.snapshot(fan);
    expect(await bos.execute(fan, cool)).toEqual({ kind: 'done' });
    expect(miner.cooling).toMatchObject({ mode: 'MANUAL', speed: 90 });
    expect(await bos.readBack(fan, cool, 0)).toMatchObject({ seen: true });
    await bos.restore({ order: fan, before: cool, earlierPools: [] }, cool);
    expect(miner.cooling).toMatchObject({ mode: 'AUTO', targetTemp: 61.5 });
  });

  it('gives pools their effect by a restart of the software, except to a machine that stands', async () => {
    const { miner, adapter } = await bosPeer();
    const bos = adapter();
    const before = await bos.snapshot(pools);
    expect(await bos.execute(pools, before)).toEqual({ kind: 'done' });
    expect(await bos.readBack(pools, before, 0)).toMatchObject({ seen: true });
    expect(miner.changes).toEqual(['updateGroups', 'restart']);
    await bos.execute(stop, before);
    const known = [{ ...pool('old'), password: 'kept' }];
    expect(await bos.restore({ order: pools, before, earlierPools: known }, before)).toEqual({
      kind: 'done',
    });
    expect(miner).toMatchObject({ running: false, pools: [pool('old')] });
    expect(miner.changes).toEqual(['updateGroups', 'restart', 'stop', 'updateGroups']);
  });

  it('has no clocks to set', async () => {
    const { adapter } = await bosPeer();
    const order: MinerOrder = { type: 'FREQUENCY_SET', params: { frequencyMhz: 500 } };
    const bos = adapter();
    expect(await bos.execute(order, await bos.snapshot(order))).toMatchObject({ kind: 'refused' });
  });
});
