import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Vendor, vendors } from '../../contracts/capabilities/firmware-table.ts';
import { allFirmwares } from '../../simulator/site/inventory.ts';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { configuredMiner } from '../config.ts';
import { factoryLogin } from '../discovery/identify-machine.ts';
import { Semaphore } from '../io/semaphore.ts';
import { loginWayOf } from './login-ways.ts';

/** Families that ask for no login, or whose login cannot be tried without an effect. */
const without: readonly Vendor[] = ['avalon', 'luxos', 'bitaxe'];

describe('logins of every firmware family', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await startSite({
      miners: Object.keys(allFirmwares).length,
      seed: 2,
      speed: 1,
      mix: allFirmwares,
    });
  });
  afterAll(() => site.close());

  const at = (vendor: Vendor, model?: RegExp) => {
    const entry = site
      .inventory()
      .find((each) => each.vendor === vendor && (model?.test(each.model) ?? true));
    if (!entry) throw new Error(`no ${vendor}`);
    const { minerId, model: name, host, rpcPort, httpPort } = entry;
    const miner = configuredMiner.parse({ minerId, vendor, model: name, host, rpcPort, httpPort });
    const way = loginWayOf(
      miner,
      { connectMs: 1_000, exchangeMs: 1_000, maxBytes: 65_536 },
      new Semaphore(8),
      Date.now,
    );
    const usual = factoryLogin(vendor);
    const login = { username: entry.username ?? usual.username, password: entry.password ?? usual.password };
    return { entry, way, login };
  };

  it.each(vendors.filter((vendor) => !without.includes(vendor)))(
    '%s: lets in by the right one alone',
    async (vendor) => {
      const { way, login } = at(vendor, vendor === 'whatsminer' ? /M50/ : undefined);
      expect(await way?.check(login)).toBe('accepted');
      expect(await way?.check({ ...login, password: 'Wr0ngOne' })).toBe('refused');
      expect(await way?.check(login)).toBe('accepted');
    },
  );

  it.each(without)('%s: is not tried', (vendor) => {
    expect(at(vendor).way).toBeUndefined();
  });

  it.each(['epic', 'auradine'] as const)('%s: takes a new one under the old', async (vendor) => {
    const { way, login } = at(vendor);
    const next = way?.newPassword() ?? '';
    expect(await way?.change?.({ ...login, password: 'Wr0ngOne' }, next)).toMatchObject({ kind: 'refused' });
    expect(await way?.change?.(login, next)).toEqual({ kind: 'done' });
    expect(await way?.check({ ...login, password: next })).toBe('accepted');
    expect(await way?.check(login)).toBe('refused');
    expect(at(vendor).entry.password).toBe(next);
  });

  it.each(vendors)('%s: a miner that is not there says nothing about its login', async (vendor) => {
    const { entry, way, login } = at(vendor);
    site.inject(entry.minerId, { kind: 'network_loss', how: 'refuse' });
    expect(await way?.check(login)).toBe(way && 'unknown');
    site.clear(entry.minerId);
  });
});
