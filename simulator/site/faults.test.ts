import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultInput } from '../faults.ts';
import { type ModelName, modelNamed, modelNames } from '../physics/models.ts';
import { ask, type ManualSite, startManualSite } from '../test-support.ts';
import { usualMix } from './inventory.ts';

let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({ zones: 1 });
});
afterEach(() => site.close());

const sicken = (model: ModelName, fault: FaultInput, seconds: number) => {
  const { minerId } = site.one(model);
  const before = site.physical(minerId);
  site.inject(minerId, fault);
  site.pass(seconds);
  return { minerId, before, after: site.physical(minerId) };
};

const reboot = async (minerId: string) => {
  const entry = site.inventory().find((candidate) => candidate.minerId === minerId);
  const { createHash } = await import('node:crypto');
  const url = `http://127.0.0.1:${entry?.httpPort}/cgi-bin/reboot.cgi`;
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const challenge = (await fetch(url)).headers.get('www-authenticate') ?? '';
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const response = md5(
    `${md5('root:antMiner Configuration:root')}:${nonce}:00000001:c:auth:${md5('GET:/cgi-bin/reboot.cgi')}`,
  );
  const authorization = `Digest username="root", realm="antMiner Configuration", nonce="${nonce}", uri="/cgi-bin/reboot.cgi", qop=auth, nc=00000001, cnonce="c", response="${response}"`;
  expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
};

describe('a dead fan', () => {
  it.each(modelNames.filter((name) => usualMix[name] !== undefined))(
    'in %s stands still, heats past 85 °C within 200 s and makes the firmware throttle, not stop',
    (name) => {
      const { before, after, minerId } = sicken(name, { kind: 'dead_fan' }, 200);
      expect(before.fanRpm[0]).toBeGreaterThan(4000);
      expect(after.fanRpm[0]).toBe(0);
      expect(after.fanDutyPct).toBe(100);
      expect(after.chipTempC).toBeGreaterThan(85);
      site.pass(1500);
      const later = site.physical(minerId);
      expect(later.phase).toBe('hashing');
      expect(later.chipTempC).toBeGreaterThan(90);
      expect(later.chipTempC).toBeLessThan(modelNamed(name).shutdownChipC);
      expect(later.frequencyMhz).toBeLessThan(before.frequencyMhz * 0.95);
      site.clear(minerId, 'dead_fan');
      site.pass(900);
      expect(site.physical(minerId).chipTempC).toBeLessThan(78);
    },
  );

  it('twice makes the firmware stop', () => {
    const { minerId } = sicken('Antminer S21', { kind: 'dead_fan', fan: 1 }, 0);
    site.inject(minerId, { kind: 'dead_fan', fan: 2 });
    site.pass(900);
    expect(site.physical(minerId)).toMatchObject({ phase: 'tripped', hashrateThs: 0 });
  });
});

it('dust makes the fans work harder, slowly', () => {
  const { minerId, before, after } = sicken(
    'Antminer S19',
    { kind: 'dust', severity: 0.3, overS: 1200 },
    300,
  );
  expect(after.fanDutyPct).toBeGreaterThan(before.fanDutyPct + 1);
  expect(after.chipTempC).toBeLessThan(76);
  site.pass(1500);
  expect(site.physical(minerId).fanDutyPct).toBeGreaterThan(after.fanDutyPct + 3);
});

describe('a dead board', () => {
  it('takes a third of hashrate and power, and its chips', async () => {
    const { minerId, before, after } = sicken('Antminer S19', { kind: 'dead_board', board: 3 }, 30);
    expect(after.hashrateThs / before.hashrateThs).toBeCloseTo(2 / 3, 1);
    expect(after.powerW / before.powerW).toBeCloseTo(2 / 3, 1);
    const entry = site.inventory().find((candidate) => candidate.minerId === minerId);
    expect(await ask(entry?.rpcPort ?? 0, '{"command":"stats"}')).toContain('"chain_acn3":0,');
  });

  it.each([
    [true, 1],
    [false, 2 / 3],
  ])('recoverable %s: after a restart the share is %d', async (recoverable, share) => {
    const { minerId, before } = sicken('Antminer S21', { kind: 'dead_board', board: 2, recoverable }, 30);
    await reboot(minerId);
    site.pass(180);
    const after = site.physical(minerId);
    expect(after.phase).toBe('hashing');
    expect(after.hashrateThs / before.hashrateThs).toBeCloseTo(share, 1);
  });

  it('stays lost where writes have no effect', async () => {
    const { minerId } = sicken('Antminer S19', { kind: 'dead_board' }, 5);
    site.inject(minerId, { kind: 'no_effect' });
    await reboot(minerId);
    site.pass(180);
    expect(site.physical(minerId)).toMatchObject({
      phase: 'hashing',
      boards: [{ lost: false }, { lost: false }, { lost: true }],
    });
  });
});

it('a bad supply wastes power and lets the miner start again and again', () => {
  const { minerId, before, after } = sicken('Whatsminer M50', { kind: 'bad_psu' }, 60);
  expect(after.powerW / after.hashrateThs).toBeGreaterThan((before.powerW / before.hashrateThs) * 1.1);
  let starts = 0;
  for (let phase = after.phase, step = 0; step < 120; step++) {
    site.pass(10);
    const next = site.physical(minerId).phase;
    if (next === 'booting' && phase !== 'booting') starts++;
    phase = next;
  }
  expect(starts).toBeGreaterThanOrEqual(2);
});

it('a rejecting pool leaves heat and power alone', () => {
  const { before, after } = sicken('Whatsminer M60', { kind: 'pool_rejecting', share: 0.5 }, 1800);
  const rejected = after.rejectedShares - before.rejectedShares;
  const judged = rejected + after.acceptedShares - before.acceptedShares;
  expect(rejected / judged).toBeGreaterThan(0.3);
  expect(Math.abs(after.powerW / before.powerW - 1)).toBeLessThan(0.02);
});

it('without its first pool a miner turns to the second, without any it idles', () => {
  const first = sicken('Antminer S19', { kind: 'pool_dead', which: 'first' }, 60);
  expect(first.after).toMatchObject({ activePool: 1, hashing: true });
  const all = sicken('Antminer S21', { kind: 'pool_dead' }, 60);
  expect(all.after).toMatchObject({ activePool: -1, hashrateThs: 0 });
  expect(all.after.powerW).toBeLessThan(all.before.powerW / 2);
});

it('a hung miner answers, with no hashrate and counters that stand still, until it is restarted', async () => {
  const { minerId, before } = sicken('Antminer S19', { kind: 'hang' }, 30);
  const port = site.inventory().find((entry) => entry.minerId === minerId)?.rpcPort ?? 0;
  const read = async () => JSON.parse(await ask(port, '{"command":"summary"}')).SUMMARY[0];
  const one = await read();
  site.pass(600);
  const two = await read();
  expect(two).toMatchObject({ Elapsed: one.Elapsed, Accepted: one.Accepted, 'GHS 5s': 0 });
  await reboot(minerId);
  site.pass(180);
  expect(site.physical(minerId).hashrateThs / before.hashrateThs).toBeGreaterThan(0.95);
});

it('a hot aisle heats every miner of its zone, and only while it lasts', () => {
  const zoneId = site.inventory()[0]?.zoneId ?? '';
  site.inject(zoneId, { kind: 'hot_aisle' });
  site.pass(900);
  const hot = site.inventory().map((entry) => site.physical(entry.minerId));
  for (const miner of hot) expect(miner.chipTempC, miner.model).toBeGreaterThan(86);
  expect(site.summary().hotZones).toEqual([zoneId]);
  site.clear(zoneId);
  site.pass(900);
  for (const entry of site.inventory()) expect(site.physical(entry.minerId).chipTempC).toBeLessThan(78);
});

it('shows the same whether one looks often or once', async () => {
  const other = await startManualSite({ zones: 1 });
  try {
    for (const each of [site, other]) each.inject('m-0001', { kind: 'dead_fan' });
    site.pass(600);
    for (let second = 0; second < 600; second++) {
      other.pass(1);
      other.physical('m-0001');
    }
    expect(other.physical('m-0001')).toEqual(site.physical('m-0001'));
  } finally {
    await other.close();
  }
});

it('names unknown targets', () => {
  expect(() => site.inject('m-9999', { kind: 'hang' })).toThrow(RangeError);
  expect(() => site.physical('nobody')).toThrow(RangeError);
});
