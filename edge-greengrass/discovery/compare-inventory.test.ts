import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareInventory } from './compare-inventory.ts';
import type { FoundMachine, KnownMachine } from './found-machine.ts';

const everywhere = () => true;
const known = (minerId: string, host: string, more: Partial<KnownMachine> = {}): KnownMachine => ({
  minerId,
  host,
  family: 'antminer',
  ...more,
});
const found = (host: string, more: Partial<FoundMachine> = {}): FoundMachine => ({
  host,
  family: 'antminer',
  stock: true,
  ...more,
});
const mac = (last: number) => `02:00:00:00:00:${last.toString(16).padStart(2, '0').toUpperCase()}`;

describe('a scan against the inventory', () => {
  it('knows a machine again by its MAC address, at whatever address it stands', () => {
    const report = compareInventory(
      [known('a', '10.0.0.1', { macAddress: mac(1) }), known('b', '10.0.0.2', { macAddress: mac(2) })],
      [found('10.0.0.1', { macAddress: mac(2) }), found('10.0.0.2', { macAddress: mac(1) })],
      everywhere,
    );
    expect(report.moved.map((pair) => [pair.known.minerId, pair.found.host])).toEqual([
      ['b', '10.0.0.1'],
      ['a', '10.0.0.2'],
    ]);
    expect([report.same, report.fresh, report.missing, report.replaced]).toEqual([[], [], [], []]);
  });

  it('knows it by its serial number where it does not tell its MAC, or has another one', () => {
    const one = known('a', '10.0.0.1', { macAddress: mac(1), serialNumber: 'HQD0001' });
    for (const macAddress of [undefined, mac(9)])
      expect(
        compareInventory(
          [one],
          [found('10.0.0.7', { serialNumber: 'HQD0001', ...(macAddress && { macAddress }) })],
          everywhere,
        ).moved,
      ).toHaveLength(1);
  });

  it('takes what stands at its place for it, unless its marks speak against it', () => {
    const plain = known('a', '10.0.0.1');
    expect(
      compareInventory([plain], [found('10.0.0.1', { macAddress: mac(1) })], everywhere).same,
    ).toHaveLength(1);
    const marked = known('a', '10.0.0.1', { macAddress: mac(1) });
    expect(compareInventory([marked], [found('10.0.0.1')], everywhere).same).toHaveLength(1);
    const report = compareInventory([marked], [found('10.0.0.1', { macAddress: mac(2) })], everywhere);
    expect(report.replaced).toHaveLength(1);
    expect([report.fresh, report.missing]).toEqual([[], []]);
  });

  it('calls a miner missing whose place a known one has taken', () => {
    const report = compareInventory(
      [known('a', '10.0.0.1', { macAddress: mac(1) }), known('b', '10.0.0.2', { macAddress: mac(2) })],
      [found('10.0.0.1', { macAddress: mac(2) })],
      everywhere,
    );
    expect(report.moved.map((pair) => pair.known.minerId)).toEqual(['b']);
    expect(report.missing.map(({ minerId }) => minerId)).toEqual(['a']);
    expect(report.replaced).toEqual([]);
  });

  it('does not call missing what it has not looked for', () => {
    const report = compareInventory([known('a', '10.0.0.1')], [], () => false);
    expect(report.missing).toEqual([]);
    expect(report.notLookedFor).toHaveLength(1);
  });

  it('tells other firmware on the same machine', () => {
    const one = known('a', '10.0.0.1', { macAddress: mac(1), firmware: '49.0.1.3' });
    const asBefore = { macAddress: mac(1), firmware: '49.0.1.3' };
    expect(compareInventory([one], [found('10.0.0.1', asBefore)], everywhere).firmwareChanged).toEqual([]);
    for (const change of [{ family: 'vnish' }, { firmware: '49.0.1.4' }])
      expect(
        compareInventory([one], [found('10.0.0.2', { ...asBefore, ...change })], everywhere).firmwareChanged,
      ).toHaveLength(1);
  });

  it('sets a second claim to a MAC address aside, and leaves it to who stands at home', () => {
    const inventory = [known('a', '10.0.0.5', { macAddress: mac(1) })];
    const sightings = ['10.0.0.3', '10.0.0.5', '10.0.0.9'].map((host) => found(host, { macAddress: mac(1) }));
    const report = compareInventory(inventory, sightings, everywhere);
    expect(report.same.map((pair) => pair.found.host)).toEqual(['10.0.0.5']);
    expect(report.duplicates.map((each) => [each.found.host, each.holder.host])).toEqual([
      ['10.0.0.3', '10.0.0.5'],
      ['10.0.0.9', '10.0.0.5'],
    ]);
    expect(report.fresh).toEqual([]);
  });

  it('trusts no serial number that two machines have', () => {
    const report = compareInventory(
      [known('a', '10.0.0.1', { serialNumber: 'SAME-0001' })],
      [
        found('10.0.0.2', { macAddress: mac(2), serialNumber: 'SAME-0001' }),
        found('10.0.0.3', { macAddress: mac(3), serialNumber: 'SAME-0001' }),
      ],
      everywhere,
    );
    expect(report.moved).toEqual([]);
    expect(report.fresh).toHaveLength(2);
    expect(report.missing).toHaveLength(1);
  });
});

const hosts = Array.from({ length: 12 }, (_, index) => `10.0.0.${index + 1}`);
const marks = {
  macAddress: fc.option(fc.integer({ min: 1, max: 9 }).map(mac), { nil: undefined }),
  serialNumber: fc.option(
    fc.integer({ min: 1, max: 9 }).map((digit) => `SERIAL-${digit}`),
    { nil: undefined },
  ),
  family: fc.constantFrom('antminer', 'vnish', 'whatsminer'),
  firmware: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
};
/** Leaves out what is undefined. */
const trimmed = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
const inventories = fc
  .uniqueArray(fc.record({ host: fc.constantFrom(...hosts), ...marks }), {
    maxLength: 8,
    selector: ({ host }) => host,
  })
  .map((all) => all.map(({ host, ...more }, index) => known(`m-${index}`, host, trimmed(more))));
const sights = fc
  .uniqueArray(fc.record({ host: fc.constantFrom(...hosts), ...marks }), {
    maxLength: 10,
    selector: ({ host }) => host,
  })
  .map((all) => all.map(({ host, ...more }) => found(host, trimmed(more))));

describe('whatever is known and whatever is found', () => {
  it('every known miner and every found machine is in exactly one place', () => {
    fc.assert(
      fc.property(inventories, sights, fc.subarray(hosts), (inventory, sightings, scanned) => {
        const report = compareInventory(inventory, sightings, (host) => scanned.includes(host));
        const pairs = [...report.same, ...report.moved, ...report.replaced];
        expect(
          [...pairs.map((pair) => pair.known), ...report.missing, ...report.notLookedFor]
            .map(({ minerId }) => minerId)
            .toSorted(),
        ).toEqual(inventory.map(({ minerId }) => minerId).toSorted());
        expect(
          [
            ...pairs.map((pair) => pair.found),
            ...report.fresh,
            ...report.duplicates.map((each) => each.found),
          ]
            .map(({ host }) => host)
            .toSorted(),
        ).toEqual(sightings.map(({ host }) => host).toSorted());
      }),
    );
  });

  it('the order of neither matters', () => {
    const shuffled = fc
      .tuple(inventories, sights)
      .chain(([inventory, sightings]) =>
        fc.tuple(
          fc.constant(inventory),
          fc.constant(sightings),
          fc.shuffledSubarray(inventory, { minLength: inventory.length }),
          fc.shuffledSubarray(sightings, { minLength: sightings.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([inventory, sightings, otherInventory, otherSightings]) => {
        const place = (report: ReturnType<typeof compareInventory>) => ({
          pairs: [...report.same, ...report.moved, ...report.replaced]
            .map((pair) => `${pair.known.minerId} ${pair.found.host}`)
            .toSorted(),
          missing: report.missing.map(({ minerId }) => minerId).toSorted(),
          fresh: report.fresh.map(({ host }) => host).toSorted(),
        });
        expect(place(compareInventory(otherInventory, otherSightings, everywhere))).toEqual(
          place(compareInventory(inventory, sightings, everywhere)),
        );
      }),
    );
  });

  it('no machine is taken for one whose MAC address and serial number are both others', () => {
    fc.assert(
      fc.property(inventories, sights, (inventory, sightings) => {
        const report = compareInventory(inventory, sightings, everywhere);
        for (const { known: one, found: machine } of [...report.same, ...report.moved]) {
          const differs =
            one.macAddress !== undefined &&
            machine.macAddress !== undefined &&
            one.macAddress !== machine.macAddress;
          const agrees = one.serialNumber !== undefined && one.serialNumber === machine.serialNumber;
          expect(differs && !agrees).toBe(false);
        }
      }),
    );
  });

  it('new leases for all leave every machine known, and none new, missing or replaced', () => {
    const fleets = fc
      .integer({ min: 1, max: hosts.length })
      .chain((size) =>
        fc.tuple(
          fc.shuffledSubarray(hosts, { minLength: size, maxLength: size }),
          fc.shuffledSubarray(hosts, { minLength: size, maxLength: size }),
        ),
      );
    fc.assert(
      fc.property(fleets, fc.boolean(), ([before, after], bySerial) => {
        const mark = (index: number) =>
          bySerial ? { serialNumber: `SERIAL-${index}` } : { macAddress: mac(index + 1) };
        const inventory = before.map((host, index) => known(`m-${index}`, host, mark(index)));
        const report = compareInventory(
          inventory,
          after.map((host, index) => found(host, mark(index))),
          everywhere,
        );
        expect(report.same.length + report.moved.length).toBe(inventory.length);
        for (const pair of [...report.same, ...report.moved])
          expect(pair.found.host).toBe(after[Number(pair.known.minerId.slice(2))]);
        expect([report.fresh, report.missing, report.replaced, report.duplicates]).toEqual([[], [], [], []]);
      }),
    );
  });
});
