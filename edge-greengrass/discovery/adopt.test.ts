import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConfiguredMiner, configuredMiner } from '../config.ts';
import { adopt } from './adopt.ts';
import { compareInventory } from './compare-inventory.ts';
import type { FoundMachine } from './found-machine.ts';
import { knownOf, retiredOf } from './known-machines.ts';
import { checkIdPattern, namer } from './name-miners.ts';

const mac = (last: number) => `02:00:00:00:00:${last.toString(16).padStart(2, '0').toUpperCase()}`;
const miner = (minerId: string, host: string, more: object = {}): ConfiguredMiner =>
  configuredMiner.parse({ minerId, vendor: 'antminer', host, ...more });
const found = (host: string, more: Partial<FoundMachine> = {}): FoundMachine => ({
  host,
  family: 'antminer',
  stock: true,
  model: 'Antminer S19',
  ...more,
});

/** A gateway's memory and its inventory, and one scan after the other. */
const site = (start: readonly ConfiguredMiner[], keepReplacedId = false) => {
  let miners = start;
  const remembered = new Map<string, Omit<FoundMachine, 'stock' | 'login'>>();
  return {
    miners: () => miners,
    scan: (sightings: readonly FoundMachine[]) => {
      const known = knownOf(miners, remembered);
      const report = compareInventory([...known, ...retiredOf(known, remembered)], sightings, () => true);
      const adoption = adopt(miners, report, {
        idPattern: '{family}-{n}',
        keepReplacedId,
        formerIds: remembered.keys(),
      });
      miners = adoption.miners;
      for (const { minerId, found: seen } of adoption.seen) remembered.set(minerId, seen);
      return adoption.changes.map(({ kind, minerId, newId }) =>
        [kind, minerId, newId].filter((part) => part !== undefined).join(' '),
      );
    },
  };
};

describe('the inventory after a scan', () => {
  it('has moved miners at their new addresses, with all that was set for them', () => {
    const gateway = site([
      miner('a', '10.0.0.1', { mac: mac(1), password: 'own', shedOrder: 7 }),
      miner('b', '10.0.0.2', { mac: mac(2) }),
    ]);
    expect(
      gateway.scan([found('10.0.0.1', { macAddress: mac(2) }), found('10.0.0.2', { macAddress: mac(1) })]),
    ).toEqual(['moved b', 'moved a']);
    expect(gateway.miners()).toMatchObject([
      { minerId: 'a', host: '10.0.0.2', password: 'own', shedOrder: 7 },
      { minerId: 'b', host: '10.0.0.1' },
    ]);
  });

  it('takes the family over where a miner has other firmware, and not the login of the one before', () => {
    const gateway = site([miner('a', '10.0.0.1', { mac: mac(1), password: 'own' })]);
    expect(gateway.scan([found('10.0.0.1', { family: 'whatsminer', macAddress: mac(1) })])).toEqual([
      'firmware a',
    ]);
    expect(gateway.miners()[0]).toMatchObject({ vendor: 'whatsminer' });
    expect(gateway.miners()[0]?.password).toBeUndefined();
  });

  it('gives new miners ids that nobody had, in the order of their addresses', () => {
    const gateway = site([miner('antminer-0002', '10.0.0.9', { mac: mac(9) })]);
    expect(
      gateway.scan([
        found('10.0.0.1', { macAddress: mac(1) }),
        found('10.0.0.2', { macAddress: mac(2), family: 'whatsminer' }),
        found('10.0.0.3', { macAddress: mac(3) }),
        found('10.0.0.9', { macAddress: mac(9) }),
      ]),
    ).toEqual(['new antminer-0001', 'new whatsminer-0001', 'new antminer-0003']);
  });

  it('leaves out what it cannot speak to, what did not say its model, and what has no mark', () => {
    const gateway = site([]);
    const marked = { macAddress: mac(1) };
    expect(
      gateway.scan([
        found('10.0.0.1', { ...marked, family: 'marathon' }),
        { host: '10.0.0.2', family: 'antminer', stock: true },
        found('10.0.0.3'),
      ]),
    ).toEqual(['left_out', 'left_out', 'left_out']);
    expect(gateway.miners()).toEqual([]);
  });

  it('takes a replaced machine out, and gives it its id back when it comes again', () => {
    const gateway = site([miner('a', '10.0.0.1', { mac: mac(1) })]);
    expect(gateway.scan([found('10.0.0.1', { macAddress: mac(1) })])).toEqual([]);
    expect(gateway.scan([found('10.0.0.1', { macAddress: mac(2) })])).toEqual(['replaced a antminer-0001']);
    expect(gateway.miners().map(({ minerId }) => minerId)).toEqual(['antminer-0001']);
    const both = [found('10.0.0.1', { macAddress: mac(2) }), found('10.0.0.2', { macAddress: mac(1) })];
    expect(gateway.scan(both)).toEqual(['back a']);
    expect(gateway.miners().map(({ minerId, host }) => `${minerId} ${host}`)).toEqual([
      'antminer-0001 10.0.0.1',
      'a 10.0.0.2',
    ]);
    expect(gateway.scan(both)).toEqual([]);
  });

  it('passes the id on to the machine in the same place where that is wanted', () => {
    const gateway = site([miner('a', '10.0.0.1', { mac: mac(1) })], true);
    expect(gateway.scan([found('10.0.0.1', { macAddress: mac(2) })])).toEqual(['replaced a']);
    expect(gateway.miners()).toMatchObject([{ minerId: 'a', mac: mac(2) }]);
    expect(gateway.scan([found('10.0.0.1', { macAddress: mac(2) })])).toEqual([]);
  });

  it('keeps a missing miner where it was', () => {
    const gateway = site([miner('a', '10.0.0.1', { mac: mac(1) })]);
    expect(gateway.scan([])).toEqual(['missing a']);
    expect(gateway.miners()).toMatchObject([{ minerId: 'a', host: '10.0.0.1' }]);
  });

  it('is what a second scan of the same finds nothing to change in, whatever was there', () => {
    const marks = fc.option(fc.integer({ min: 1, max: 9 }).map(mac), { nil: undefined });
    const sights = fc
      .uniqueArray(
        fc.record({
          place: fc.integer({ min: 1, max: 12 }),
          mark: marks,
          family: fc.constantFrom('antminer', 'whatsminer', 'marathon'),
        }),
        { maxLength: 10, selector: ({ place }) => place },
      )
      .map((all) =>
        all.map(({ place, mark, family }) =>
          found(`10.0.0.${place}`, { family, ...(mark && { macAddress: mark }) }),
        ),
      );
    fc.assert(
      fc.property(sights, sights, fc.boolean(), (first, second, keepReplacedId) => {
        const gateway = site(
          [miner('a', '10.0.0.1', { mac: mac(1) }), miner('b', '10.0.0.2')],
          keepReplacedId,
        );
        gateway.scan(first);
        gateway.scan(second);
        const ids = gateway.miners().map(({ minerId }) => minerId);
        expect(new Set(ids).size).toBe(ids.length);
        const again = gateway.scan(second);
        expect(
          again.filter((change) => !/^(?:missing|left_out|duplicate|firmware|unproved)/.test(change)),
        ).toEqual([]);
      }),
    );
  });
});

describe('ids of new miners', () => {
  it('follow the pattern', () => {
    const name = namer('s1-{model}-{serial}', []);
    expect(name(found('10.0.0.1', { model: 'Antminer S19 Pro', serialNumber: 'HQD-77' }))).toBe(
      's1-antminer-s19-pro-hqd-77',
    );
    expect(name(found('10.0.0.2', { model: 'Antminer S19 Pro', serialNumber: 'HQD-77' }))).toBeUndefined();
  });

  it.each(['{mac}-{n}', 'miner', 'm {n}', '{n}'.padStart(80, 'x'), '-{n}'])('cannot follow %s', (pattern) => {
    expect(() => checkIdPattern(pattern)).toThrow(RangeError);
  });
});
