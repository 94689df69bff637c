import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfiguredMiner } from '../config.ts';
import { mergeInventories } from './merge-inventories.ts';

const miner = (minerId: string, changes: Partial<ConfiguredMiner> = {}): ConfiguredMiner => ({
  minerId,
  vendor: 'antminer',
  host: `10.0.0.${minerId.length}`,
  rpcPort: 4028,
  httpPort: 80,
  shedOrder: 1,
  password: 'old',
  ...changes,
});
const [a, b, c] = [miner('a'), miner('bb'), miner('ccc')];

describe('two who change one inventory', () => {
  it('both find their changes in it, also those of one miner', () => {
    const moved = [miner('a', { host: '10.0.9.9' }), b];
    const rotated = [miner('a', { password: 'new' }), miner('bb', { password: 'new' })];
    expect(mergeInventories([a, b], moved, rotated)).toEqual([
      miner('a', { host: '10.0.9.9', password: 'new' }),
      miner('bb', { password: 'new' }),
    ]);
  });

  it('take out, add and leave out settings', () => {
    expect(mergeInventories([a, b], [a], [miner('a', { host: '10.0.9.9' }), b, c])).toEqual([
      miner('a', { host: '10.0.9.9' }),
      c,
    ]);
    expect(mergeInventories([a, b], [a, b, c], [a])).toEqual([a, c]);
    const { password: _, ...open } = a;
    expect(mergeInventories([a], [open], [miner('a', { host: '10.0.9.9' })])).toEqual([
      { ...open, host: '10.0.9.9' },
    ]);
  });

  it('lose no new login: a miner that the other took out comes back with it', () => {
    const rotated = miner('bb', { password: 'new' });
    expect(mergeInventories([a, b], [a, rotated], [a])).toEqual([a, rotated]);
  });

  it('come to the same, whoever writes last, where they change different things', () => {
    const edit = fc.record({
      id: fc.constantFrom('a', 'bb', 'ccc', 'dddd'),
      value: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(edit), fc.array(edit), (hosts, passwords) => {
        const base = [a, b, c];
        const hostOf = new Map<string, string>(hosts.map(({ id, value }) => [id, `10.1.1.${value}`]));
        const passwordOf = new Map<string, string>(passwords.map(({ id, value }) => [id, `new-${value}`]));
        const one = base.map((of) => ({ ...of, host: hostOf.get(of.minerId) ?? of.host }));
        const other = base.map((of) => ({
          ...of,
          password: passwordOf.get(of.minerId) ?? of.password ?? 'old',
        }));
        const merged = mergeInventories(base, one, other);
        expect(merged).toEqual(mergeInventories(base, other, one));
        expect(merged.map(({ host, password }) => [host, password])).toEqual(
          base.map((_, at) => [one[at]?.host, other[at]?.password]),
        );
      }),
    );
  });

  it('change nothing where one of them changed nothing', () => {
    expect(mergeInventories([a, b], [a, b], [b, c])).toEqual([b, c]);
    expect(mergeInventories([a, b], [b, c], [a, b])).toEqual([b, c]);
  });
});
