import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InventoryEntry } from '../site/inventory.ts';
import { at, type ManualSite, startManualSite } from '../test-support.ts';

let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({
    mix: { 'Bitaxe Gamma': 1, 'Bitaxe Supra': 1, 'NerdQAxe++': 1 },
    miners: 3,
  });
});
afterEach(() => site.close());

const url = (model: InventoryEntry['model'], path: string) =>
  `http://127.0.0.1:${site.one(model).httpPort}${path}`;
const info = async (model: InventoryEntry['model']) => (await fetch(url(model, '/api/system/info'))).json();
const patch = (model: InventoryEntry['model'], body: unknown) =>
  fetch(url(model, '/api/system'), {
    method: 'PATCH',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const post = (model: InventoryEntry['model'], path: string) => fetch(url(model, path), { method: 'POST' });

describe('reads', () => {
  it.each([
    ['Bitaxe Gamma', 'BM1370', 1],
    ['Bitaxe Supra', 'BM1368', 1],
    ['NerdQAxe++', 'BM1370', 4],
  ] as const)('of a %s tell what is physically so, in GH/s and mV', async (model, chip, chips) => {
    const physical = site.physical(site.one(model).minerId);
    const said = await info(model);
    expect(said).toMatchObject({ ASICModel: chip });
    // AxeOS 2.12.2 documents no `asicCount` here but one entry of its monitor for each chip, and has the count on a page of its own.
    if (model === 'Bitaxe Gamma') {
      expect(at(said, 'asicCount')).toBeUndefined();
      expect(at(said, 'hashrateMonitor', 'asics')).toHaveLength(chips);
      expect(await (await fetch(url(model, '/api/system/asic'))).json()).toMatchObject({ asicCount: chips });
    } else expect(said).toMatchObject({ asicCount: chips });
    expect(Number(at(said, 'hashRate')) / 1000).toBeCloseTo(physical.hashrateThs, 6);
    expect(Number(at(said, 'power'))).toBeCloseTo(physical.powerW, 6);
    expect(Number(at(said, 'coreVoltageActual'))).toBeCloseTo(physical.voltageV * 1000, -1);
    expect(Number(at(said, 'temp'))).toBeCloseTo(physical.chipTempC, 1);
    expect(at(said, 'macAddr')).toBe(site.one(model).macAddress);
  });

  it('differ between the firmwares as they do', async () => {
    expect(at(await info('Bitaxe Gamma'), 'miningPaused')).toBe(false);
    expect(at(await info('Bitaxe Supra'), 'miningPaused')).toBeUndefined();
    expect(await info('NerdQAxe++')).toMatchObject({
      deviceModel: 'NerdQAxe++',
      shutdown: false,
      fanrpm2: expect.any(Number),
    });
    expect(await (await fetch(url('Bitaxe Gamma', '/'))).text()).toContain('<title>AxeOS</title>');
    expect((await fetch(url('Bitaxe Gamma', '/api/none'))).status).toBe(404);
    expect((await fetch(url('Bitaxe Gamma', '/elsewhere'), { redirect: 'manual' })).status).toBe(302);
  });
});

describe('writes', () => {
  it('set fan and frequency at once, pools with the next boot', async () => {
    const { minerId } = site.one('Bitaxe Gamma');
    expect(
      (await patch('Bitaxe Gamma', { autofanspeed: 0, manualFanSpeed: 90, frequency: 450 })).status,
    ).toBe(200);
    site.pass(300);
    expect(site.physical(minerId)).toMatchObject({ fanDutyPct: 90 });
    expect(site.physical(minerId).frequencyMhz).toBeCloseTo(450, 0);
    await patch('Bitaxe Gamma', {
      stratumURL: 'a.example',
      stratumPort: 1234,
      stratumUser: 'w',
      stratumPassword: 'p',
    });
    expect(await info('Bitaxe Gamma')).toMatchObject({ stratumURL: 'a.example', stratumPort: 1234 });
    expect(site.physical(minerId).pools[0]?.url).not.toContain('a.example');
    expect((await post('Bitaxe Gamma', '/api/system/restart')).status).toBe(200);
    site.pass(200);
    expect(site.physical(minerId)).toMatchObject({
      hashing: true,
      pools: [{ url: 'stratum+tcp://a.example:1234', user: 'w', password: 'p' }, {}],
    });
  });

  it('of pools take effect at once on a board of several chips', async () => {
    const { minerId } = site.one('NerdQAxe++');
    await patch('NerdQAxe++', { stratumURL: 'b.example', stratumPort: 1, stratumUser: 'w' });
    expect(site.physical(minerId).pools[0]?.url).toBe('stratum+tcp://b.example:1');
  });

  it('pause and resume where the firmware can, shut down where it cannot resume', async () => {
    const gamma = site.one('Bitaxe Gamma').minerId;
    await post('Bitaxe Gamma', '/api/system/pause');
    site.pass(30);
    expect(site.physical(gamma).phase).toBe('off');
    expect(at(await info('Bitaxe Gamma'), 'miningPaused')).toBe(true);
    await post('Bitaxe Gamma', '/api/system/resume');
    site.pass(120);
    expect(site.physical(gamma).hashing).toBe(true);
    expect((await post('Bitaxe Supra', '/api/system/pause')).status).toBe(404);
    const nerd = site.one('NerdQAxe++').minerId;
    await post('NerdQAxe++', '/api/system/shutdown');
    site.pass(30);
    expect(await info('NerdQAxe++')).toMatchObject({ shutdown: true, hashRate: 0 });
    await post('NerdQAxe++', '/api/system/restart');
    site.pass(200);
    expect(site.physical(nerd).hashing).toBe(true);
  });

  it('can be wrong, refused and lost', async () => {
    const { minerId } = site.one('Bitaxe Gamma');
    expect((await patch('Bitaxe Gamma', '{')).status).toBe(400);
    expect((await patch('Bitaxe Gamma', { frequency: 'fast' })).status).toBe(400);
    site.inject(minerId, { kind: 'refuses_writes' });
    expect((await patch('Bitaxe Gamma', { frequency: 400 })).status).toBe(401);
    site.clear(minerId);
    site.inject(minerId, { kind: 'lost_answers' });
    await expect(
      fetch(url('Bitaxe Gamma', '/api/system/pause'), { method: 'POST', signal: AbortSignal.timeout(400) }),
    ).rejects.toThrow();
    site.pass(10);
    expect(site.physical(minerId).phase).toBe('off');
  });
});
