import { describe, expect, it } from 'vitest';
import type { MinerOrder } from '../../../contracts/command.ts';
import { restPeer } from '../../test-kit/bos-rest-peer.ts';

const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
const start: MinerOrder = { type: 'HASHING_ENABLE', params: {} };

describe('Braiins OS by REST', () => {
  it('reads all its pages with one login, and logs in anew once the miner has forgotten it', async () => {
    const { miner, adapter } = await restPeer();
    const bos = adapter();
    expect(await bos.identify()).toMatchObject({
      model: 'Antminer S19 XP',
      firmware: '25.11-plus',
      apiVersion: 'REST 1.1.0',
      macAddress: '02:00:00:00:00:07',
      serialNumber: 'SN7',
    });
    expect((await bos.read('full')).reading).toMatchObject({
      state: 'hashing',
      errorCodes: [],
      values: {
        hashrateThs: 120,
        fan1Rpm: 5_000,
        fanDutyPct: 70,
        poolsAlive: 1,
        activePool: 0,
        uptimeS: 900,
      },
    });
    expect(miner.logins).toBe(1);
    miner.token = '';
    expect((await bos.read('full')).fault).toBeUndefined();
    expect(miner.logins).toBe(2);
  });

  it('says that a login is refused, and asks no more than twice', async () => {
    const { miner, adapter } = await restPeer();
    const wrong = adapter('wrong');
    await expect(wrong.identify()).rejects.toMatchObject({
      kind: 'denied',
      message: 'the miner refuses the configured login',
    });
    expect(miner.logins).toBeLessThanOrEqual(2);
    expect((await wrong.read('core')).reading.state).toBe('unreachable');
  });

  it('pauses, resumes what is paused and starts what never ran; a lost answer is told from a no', async () => {
    const { miner, adapter } = await restPeer();
    const bos = adapter();
    const before = await bos.snapshot(stop);
    expect(before.settings).toMatchObject({ fan: 'auto', led: false });
    expect(await bos.execute(stop, before)).toEqual({ kind: 'done' });
    expect(await bos.readBack(stop, before, 0)).toMatchObject({ seen: true });
    expect(await bos.execute(start, before)).toEqual({ kind: 'done' });
    miner.status = 1;
    expect(await bos.execute(start, before)).toEqual({ kind: 'done' });
    expect(miner.writes.map((line) => line.split(' ')[0])).toEqual([
      'actions/pause',
      'actions/resume',
      'actions/start',
    ]);
    miner.answer = 'refuse';
    expect(await bos.execute(stop, before)).toEqual({ kind: 'refused', detail: 'the miner answers 400' });
    miner.answer = 'hang-up';
    expect(await bos.execute(stop, before)).toMatchObject({ kind: 'lost' });
    expect(miner.status).toBe(3);
  });

  it('takes a limit in watts, a list of pools and fans as the document has them, and puts back a hashrate target', async () => {
    const { miner, adapter } = await restPeer();
    const bos = adapter();
    const limit: MinerOrder = { type: 'POWER_LIMIT', params: { limitW: 2_400 } };
    const before = await bos.snapshot(limit);
    await bos.execute(limit, before);
    expect(await bos.readBack(limit, before, 0)).toMatchObject({
      seen: true,
      reading: { values: { powerLimitW: 2_400 } },
    });
    await bos.restore({ order: limit, before, earlierPools: [] }, before);
    const pools: MinerOrder = {
      type: 'POOL_SET',
      params: { pools: [{ url: 'stratum+tcp://n.example:1', user: 'u', password: 'p,"' }] },
    };
    await bos.execute(pools, before);
    const fan: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 85 } };
    const cool = await bos.snapshot(fan);
    await bos.execute(fan, cool);
    await bos.restore({ order: fan, before: cool, earlierPools: [] }, cool);
    expect(miner.writes).toEqual([
      'performance/power-target {"watt":2400}',
      'performance/hashrate-target {"terahash_per_second":90}',
      'pools/batch [{"name":"HashInsight","load_balance_strategy":{"quota":{"value":1}},"pools":[{"url":"stratum+tcp://n.example:1","user":"u","password":"p,\\"","enabled":true}]}]',
      'cooling/mode {"manual":{"fan_speed_ratio":0.85}}',
      'cooling/mode {"auto":{"target_temperature":{"degree_c":60}}}',
    ]);
  });

  it('is asked anew for what it speaks when it is to identify itself', async () => {
    const { miner, adapter } = await restPeer();
    const bos = adapter();
    await bos.identify();
    miner.rest = false;
    await expect(bos.identify()).rejects.toMatchObject({ message: 'the miner answers 404' });
    miner.rest = true;
    expect(await bos.identify()).toMatchObject({ apiVersion: 'REST 1.1.0' });
  });
});
