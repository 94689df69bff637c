import { describe, expect, it } from 'vitest';
import type { MinerOrder } from '../../../contracts/command.ts';
import { vnishPeer } from '../../test-kit/vnish-peer.ts';
import { fieldsOf } from '../values.ts';

const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
const restart: MinerOrder = { type: 'MINER_RESTART', params: {} };
const limit = (limitW: number): MinerOrder => ({ type: 'POWER_LIMIT', params: { limitW } });

describe('VNish', () => {
  it('is unlocked once for reading and writing, and again when its token has ended', async () => {
    const { miner, adapter } = await vnishPeer();
    const vnish = adapter();
    expect(await adapter('wrong').identify()).toEqual({
      vendor: 'vnish',
      model: 'Antminer S19',
      firmware: 'Vnish 1.2.6',
      apiVersion: 'v1',
      macAddress: '02:00:00:00:00:09',
      hostname: 'rig9',
    });
    const before = await vnish.snapshot(stop);
    expect(before.reading).toMatchObject({
      state: 'hashing',
      errorCodes: [],
      values: { hashrateThs: 95, uptimeS: 93_780 },
    });
    miner.token = '';
    expect(await vnish.execute(stop, before)).toEqual({ kind: 'done' });
    expect(miner).toMatchObject({ unlocks: 2, state: 'stopped' });
    expect(await vnish.readBack(stop, before, 0)).toMatchObject({ seen: true });
    expect(await adapter('wrong').execute(stop, before)).toEqual({
      kind: 'refused',
      detail: 'the miner refuses the configured login',
    });
    miner.hangUp = true;
    const start: MinerOrder = { type: 'HASHING_ENABLE', params: {} };
    expect(await vnish.execute(start, before)).toMatchObject({ kind: 'lost' });
    expect(miner.state).toBe('mining');
  });

  it('limits power by the strongest preset below it, and gets back a clock of its own with all that stood beside it', async () => {
    const { miner, adapter } = await vnishPeer();
    const vnish = adapter();
    const before = await vnish.snapshot(limit(3_000));
    const held = miner.settings.overclock;
    expect(await vnish.execute(limit(3_000), before)).toEqual({ kind: 'done' });
    expect(miner.settings.overclock).toEqual({ ...fieldsOf(held), preset: '2950' });
    expect(miner.writes.at(-1)).toBe('mining/restart ""');
    expect(await vnish.readBack(limit(3_000), before, 0)).toMatchObject({
      seen: true,
      reading: { values: { powerLimitW: 2_950 } },
    });
    const back = { order: limit(3_000), before, earlierPools: [] };
    await vnish.restore(back, before);
    expect(miner.settings.overclock).toEqual(held);
    expect(await vnish.readRestored(back)).toMatchObject({ seen: true });
    expect(await vnish.execute(limit(2_000), before)).toMatchObject({ kind: 'refused' });
    const clock: MinerOrder = { type: 'FREQUENCY_SET', params: { frequencyMhz: 512.5 } };
    expect(await vnish.execute(clock, await vnish.snapshot(clock))).toEqual({ kind: 'done' });
    expect(miner.settings.overclock).toMatchObject({ globals: { freq: 512.5, volt: 13_700 } });
  });

  it('steers its fans by the temperature that it had, after they were set', async () => {
    const { miner, adapter } = await vnishPeer();
    const vnish = adapter();
    const fan: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 88 } };
    miner.needs.restart_required = false;
    const before = await vnish.snapshot(fan);
    await vnish.execute(fan, before);
    expect(miner.settings.cooling).toEqual({ mode: { name: 'manual', param: 88 } });
    expect(await vnish.readBack(fan, before, 0)).toMatchObject({ seen: true });
    await vnish.restore({ order: fan, before, earlierPools: [] }, await vnish.snapshot(fan));
    expect(miner.settings.cooling).toEqual({ mode: { name: 'auto', param: 58 } });
    expect(miner.writes.some((line) => line.startsWith('mining'))).toBe(false);
  });

  it('gets pools without being started for them, and gives back their passwords', async () => {
    const { miner, adapter } = await vnishPeer();
    const vnish = adapter();
    miner.state = 'stopped';
    const order: MinerOrder = {
      type: 'POOL_SET',
      params: { pools: [{ url: 'stratum+tcp://n.example:1', user: 'n', password: 'q' }] },
    };
    const before = await vnish.snapshot(order);
    await vnish.execute(order, before);
    expect(await vnish.readBack(order, before, 0)).toMatchObject({ seen: true });
    await vnish.restore({ order, before, earlierPools: [] }, before);
    expect(miner).toMatchObject({
      state: 'stopped',
      settings: { pools: [{ url: 'stratum+tcp://old.example:3333', user: 'u', pass: 'p', order: 0 }] },
    });
  });

  it('is told to light up only when it does not, since telling it may turn the light over', async () => {
    const { miner, adapter } = await vnishPeer();
    const vnish = adapter();
    const led: MinerOrder = { type: 'LED', params: { on: true } };
    const before = await vnish.snapshot(led);
    await vnish.execute(led, before);
    await vnish.execute(led, before);
    expect(miner).toMatchObject({ light: true, writes: ['find-miner {"on":true}'] });
    expect(await vnish.readBack(led, before, 0)).toMatchObject({ seen: true });
  });

  it('has not restarted because its clock of whole minutes lags', async () => {
    const { miner, clock, adapter } = await vnishPeer();
    const vnish = adapter();
    miner.uptime = '0:01';
    const before = await vnish.snapshot(restart);
    expect(await vnish.execute(restart, before)).toEqual({ kind: 'done' });
    clock.nowMs += 59_000;
    expect(await vnish.readBack(restart, before, 0)).toMatchObject({ seen: false });
    miner.uptime = '0:00';
    expect(await vnish.readBack(restart, before, 0)).toMatchObject({ seen: true });
    clock.nowMs += 600_000;
    miner.uptime = '0:09';
    expect(await vnish.readBack(restart, before, 0)).toMatchObject({ seen: true });
  });
});
