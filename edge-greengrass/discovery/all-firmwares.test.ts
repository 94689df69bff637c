import { createServer } from 'node:net';
import { platform } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allFirmwares } from '../../simulator/site/inventory.ts';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { addressSet } from './address-ranges.ts';
import type { FoundMachine } from './found-machine.ts';
import { factoryLogin } from './identify-machine.ts';
import { macAddressOf } from './mac-address.ts';
import { scan } from './scan.ts';

/** Some families answer on ports of their own, so that the site has to stand at the vendors' ports. */
const net = 91;
const canListen = async (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, `127.${net}.255.254`, () => server.close(() => resolve(true)));
  });
const ready =
  platform() === 'linux' && (await Promise.all([80, 4028, 4433, 8080].map(canListen))).every(Boolean);
if (!ready)
  process.stdout.write('skipped: a scan of all firmware, it needs the vendors’ ports under 127/8\n');

describe.skipIf(!ready)('a scan of a site with every firmware family', { timeout: 40_000 }, () => {
  let site: SimulatedSite;
  let found: ReadonlyMap<string, FoundMachine>;
  const count = 2 * Object.keys(allFirmwares).length;

  beforeAll(async () => {
    site = await startSite({
      miners: count,
      seed: 8,
      speed: 1,
      mix: allFirmwares,
      vendorPorts: { rpcPort: 4028, httpPort: 80, net },
    });
    const entries = new Map(site.inventory().map((entry) => [entry.host, entry]));
    const { machines } = await scan({
      addresses: addressSet([`127.${net}.0.0-127.${net}.0.${count + 20}`]),
      loginsFor: (host, family) => {
        const entry = entries.get(host);
        if (!entry || entry.vendor !== family) return [];
        const usual = factoryLogin(entry.vendor);
        return [{ username: entry.username ?? usual.username, password: entry.password ?? usual.password }];
      },
      signal: new AbortController().signal,
    });
    found = new Map(machines.map((machine) => [machine.host, machine]));
  }, 40_000);
  afterAll(() => site?.close());

  it('takes each for what it is', () => {
    expect(site.inventory().map(({ host, model }) => `${model}: ${found.get(host)?.family}`)).toEqual(
      site.inventory().map(({ vendor, model }) => `${model}: ${vendor}`),
    );
    expect(found.size).toBe(count);
  });

  it('has from each its model, and the MAC address that it is known by', () => {
    for (const { host, model, vendor, macAddress } of site.inventory()) {
      const machine = found.get(host);
      expect(machine?.model, `${model} (${vendor})`).toMatch(/\S/);
      expect(machine?.macAddress ?? machine?.serialNumber, `${model} (${vendor})`).toMatch(
        /^[0-9A-Za-z:-]{6,}/,
      );
      if (machine?.macAddress) expect(machine.macAddress, model).toBe(macAddressOf(macAddress));
    }
  });

  it('holds firmware of other makers for more than the machine it runs on', () => {
    const aftermarket = site
      .inventory()
      .filter(({ vendor }) => ['braiins', 'luxos', 'vnish', 'epic'].includes(vendor));
    expect(aftermarket.length).toBeGreaterThan(3);
    for (const { host } of aftermarket) expect(found.get(host)?.stock).toBe(false);
  });
});
