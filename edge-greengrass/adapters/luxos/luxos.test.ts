import { describe, expect, it } from 'vitest';
import type { MinerOrder } from '../../../contracts/command.ts';
import { luxPeer } from '../../test-kit/luxos-peer.ts';

const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
const fresh = (hosts: readonly string[]): MinerOrder => ({
  type: 'POOL_SET',
  params: {
    pools: hosts.map((host) => ({ url: `stratum+tcp://${host}.example:1`, user: 'u', password: 'p' })),
  },
});

describe('a write to LuxOS', () => {
  it('opens the machine’s only session, uses it once and closes it', async () => {
    const { miner, adapter } = await luxPeer();
    const before = await adapter.snapshot(stop);
    expect(await adapter.execute(stop, before)).toEqual({ kind: 'done' });
    expect(miner.log).toEqual(['logon', 'curtail s1,sleep', 'logoff s1']);
    expect(await adapter.readBack(stop, before, 0)).toMatchObject({
      seen: true,
      reading: { state: 'stopped' },
    });
    expect((await adapter.read('core')).reading.state).toBe('stopped');
    expect(await adapter.restore({ order: stop, before, earlierPools: [] }, before)).toEqual({
      kind: 'done',
    });
    expect(miner).toMatchObject({ asleep: false, session: '' });
  });

  it('is refused while somebody else holds the session, whom nothing disturbs', async () => {
    const { miner, adapter } = await luxPeer();
    miner.session = 'theirs';
    const outcome = await adapter.execute(stop, await adapter.snapshot(stop));
    expect(outcome).toEqual({
      kind: 'refused',
      detail: 'no session, of which the miner has only one: the miner answers Another session is active',
    });
    expect(miner).toMatchObject({ session: 'theirs', asleep: false, log: ['logon'] });
  });

  it('is lost when its answer is, refused when only the logon’s is; the session is closed in any case', async () => {
    const { miner, adapter } = await luxPeer();
    const before = await adapter.snapshot(stop);
    miner.lost = ['curtail'];
    expect(await adapter.execute(stop, before)).toMatchObject({ kind: 'lost' });
    expect(miner).toMatchObject({ asleep: true, session: '' });
    miner.lost = [];
    miner.failing = ['curtail'];
    expect(await adapter.execute(stop, before)).toEqual({
      kind: 'refused',
      detail: 'the miner answers curtail failed',
    });
    expect(miner.session).toBe('');
    miner.lost = ['logon'];
    expect(await adapter.execute(stop, before)).toMatchObject({ kind: 'refused' });
  });

  it('closes first what an earlier one could not', async () => {
    const { miner, adapter } = await luxPeer();
    const before = await adapter.snapshot(stop);
    miner.failing = ['logoff'];
    expect(await adapter.execute(stop, before)).toEqual({ kind: 'done' });
    expect(miner.session).toBe('s1');
    miner.failing = [];
    expect(await adapter.execute(stop, before)).toEqual({ kind: 'done' });
    expect(miner.log.slice(3)).toEqual(['logoff s1', 'logon', 'curtail s2,sleep', 'logoff s2']);
  });

  it('limits power by the strongest profile below it, sets only clocks that a profile has, and puts the profile back', async () => {
    const { miner, adapter } = await luxPeer();
    const limit = (limitW: number): MinerOrder => ({ type: 'POWER_LIMIT', params: { limitW } });
    const before = await adapter.snapshot(limit(2_500));
    expect(await adapter.execute(limit(2_500), before)).toEqual({ kind: 'done' });
    expect(miner.profile).toBe('mid');
    expect(await adapter.readBack(limit(2_500), before, 0)).toMatchObject({ seen: true });
    expect(await adapter.readBack(limit(1_800), before, 0)).toMatchObject({ seen: false });
    const back = { order: limit(2_500), before, earlierPools: [] };
    expect(await adapter.readRestored(back)).toMatchObject({ seen: false });
    expect(await adapter.restore(back, before)).toEqual({ kind: 'done' });
    expect(await adapter.readRestored(back)).toMatchObject({ seen: true });
    const clock = (frequencyMhz: number): MinerOrder => ({ type: 'FREQUENCY_SET', params: { frequencyMhz } });
    expect(await adapter.execute(clock(400), before)).toEqual({ kind: 'done' });
    expect(miner.profile).toBe('low');
    const refused = { kind: 'refused', detail: 'the miner has no profile that fits' };
    expect(await adapter.execute(clock(410), before)).toEqual(refused);
    expect(await adapter.execute(limit(500), before)).toEqual(refused);
  });

  it('sets fans and light, and gives the fans back to the firmware', async () => {
    const { miner, adapter } = await luxPeer();
    const fan: MinerOrder = { type: 'SET_FAN', params: { dutyPct: 80 } };
    const before = await adapter.snapshot(fan);
    await adapter.execute(fan, before);
    expect(await adapter.readBack(fan, before, 0)).toMatchObject({ seen: true });
    await adapter.restore({ order: fan, before, earlierPools: [] }, before);
    const led: MinerOrder = { type: 'LED', params: { on: true } };
    await adapter.execute(led, before);
    expect(await adapter.readBack(led, before, 0)).toMatchObject({ seen: true });
    expect(miner.log.filter((line) => !/^log/.test(line))).toEqual([
      'fanset s1,speed=80',
      'fanset s2,speed=-1',
      'ledset s3,red,blink',
    ]);
  });

  it('adds new pools before it removes the old, from the last on, and needs no session for that', async () => {
    const { miner, adapter } = await luxPeer();
    const order = fresh(['x', 'y']);
    const before = await adapter.snapshot(order);
    expect(await adapter.execute(order, before)).toEqual({ kind: 'done' });
    expect(miner.log).toEqual([
      'addpool stratum+tcp://x.example:1,u,p',
      'addpool stratum+tcp://y.example:1,u,p',
      'switchpool 2',
      'removepool 1',
      'removepool 0',
    ]);
    expect(await adapter.readBack(order, before, 0)).toMatchObject({ seen: true });
    await adapter.restore({ order, before, earlierPools: [] }, before);
    expect(miner.pools.map(({ URL }) => URL)).toEqual([
      'stratum+tcp://a.example:1',
      'stratum+tcp://b.example:1',
    ]);
  });

  it('does not call pools refused that were changed in part, nor sends what a comma would spoil', async () => {
    const { miner, adapter } = await luxPeer();
    const before = await adapter.snapshot(fresh(['x']));
    miner.failing = ['removepool'];
    expect(await adapter.execute(fresh(['x']), before)).toMatchObject({ kind: 'lost' });
    miner.failing = ['addpool'];
    expect(await adapter.execute(fresh(['z']), before)).toEqual({
      kind: 'refused',
      detail: 'the miner answers addpool failed',
    });
    miner.log.length = 0;
    expect(await adapter.execute(fresh(['x,y']), before)).toMatchObject({ kind: 'refused' });
    expect(miner.log).toEqual([]);
  });
});
