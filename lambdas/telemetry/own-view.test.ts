import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toColumns, toReadings } from '../../contracts/telemetry-columns.ts';
import { machinesOf } from '../fleet/own-machines.ts';
import { handOver, isOwnedThrough, ownerAt, spansBetween, type Turns } from '../fleet/ownership.ts';
import { type GroupColumn, groupColumns } from './groups-table.ts';
import { mergeGroups } from './merge-groups.ts';
import { ownGroups, ownReaders } from './own-view.ts';
import type { GroupSeries } from './read-tier-groups.ts';
import type { TierReaders } from './tier-readers.ts';
import { windowMs } from './windows.ts';

const names = ['acme', 'birch', null] as const;
const handOvers = fc.array(
  fc.record({ customer: fc.constantFrom(...names), fromMs: fc.integer({ min: 0, max: 40 }) }),
  { maxLength: 8 },
);
const turnsOf = (steps: readonly { customer: string | null; fromMs: number }[]) =>
  steps.reduce<Turns>((turns, { customer, fromMs }) => handOver(turns, customer, fromMs), []);

describe('ownership', () => {
  it('is what the last word for each time said', () => {
    fc.assert(
      fc.property(handOvers, (steps) => {
        const turns = turnsOf(steps);
        for (let at = 0; at <= 45; at++) {
          const said = steps.findLast(({ fromMs }) => fromMs <= at);
          expect(ownerAt(turns, at)).toBe(said?.customer ?? undefined);
        }
      }),
    );
  });

  it('adds up: spans tell of every instant whose it is, and hold nobody else’s', () => {
    fc.assert(
      fc.property(
        handOvers,
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 20 }),
        (steps, from, length) => {
          const turns = turnsOf(steps);
          const spans = spansBetween(turns, from, from + length);
          for (let at = from; at < from + length; at++) {
            const span = spans.filter(({ fromMs, toMs }) => fromMs <= at && at < toMs);
            expect(span.length).toBeLessThan(2);
            expect(span[0]?.customerId ?? undefined).toBe(ownerAt(turns, at));
          }
          const instants = Array.from({ length }, (_, at) => ownerAt(turns, from + at) === 'acme');
          expect(isOwnedThrough(turns, ['acme'], from, from + length)).toBe(instants.every(Boolean));
        },
      ),
    );
  });
});

const minerId = 'm-1';
const owners = turnsOf([
  { customer: 'acme', fromMs: 2 * windowMs },
  { customer: 'birch', fromMs: 4 * windowMs + 60_000 },
  { customer: 'acme', fromMs: 7 * windowMs },
]);
const ownOf = (customer: string) =>
  machinesOf([customer], [{ minerId, owners, retired: false }], 10 * windowMs);
const readers: TierReaders = {
  raw: async () =>
    toColumns(
      Array.from({ length: 10 }, (_, at) => ({
        minerId,
        sampledAtMs: at * windowMs,
        state: 'hashing' as const,
        values: { powerW: at },
      })),
    ),
  windows: async () => {
    const column = Float64Array.from({ length: 10 }, (_, at) => at);
    return {
      rows: 10,
      startMs: column.map((at) => at * windowMs),
      samples: column,
      states: [column],
      gauge: () => ({ kind: 'gauge', n: column, sum: column, min: column, max: column }),
      counter: () => ({ kind: 'counter', n: column, first: column, last: column, rise: column }),
    };
  },
  days: async () =>
    ['1970-01-01', '1970-01-02'].map(
      (date) => ({ date }) as Awaited<ReturnType<TierReaders['days']>>[number],
    ),
};

describe('a client’s view', () => {
  it('has the samples and whole windows of the time when the machine was its own', async () => {
    const rowsOf = async (customer: string) => {
      const own = ownReaders(readers, ownOf(customer), 'UTC');
      const raw = toReadings(await own.raw(1, minerId, 0, 1, []));
      const windows = await own.windows(1, minerId, 0, 1, []);
      const gauge = windows.gauge('powerW');
      expect([...(gauge?.max ?? [])]).toEqual([...windows.samples]);
      expect([...(windows.counter('acceptedShares')?.rise ?? [])]).toEqual([...windows.samples]);
      return [raw.map(({ values }) => values.powerW), [...windows.samples]];
    };
    expect(await rowsOf('acme')).toEqual([
      [2, 3, 4, 7, 8, 9],
      [2, 3, 7, 8, 9],
    ]);
    expect(await rowsOf('birch')).toEqual([
      [5, 6],
      [5, 6],
    ]);
    expect(await rowsOf('cedar')).toEqual([[], []]);
  });

  it('has no day in which the machine was another’s for a part', async () => {
    const own = ownReaders(readers, ownOf('acme'), 'UTC');
    expect((await own.days(1, minerId, '', '')).map(({ date }) => date)).toEqual(['1970-01-02']);
    expect(await ownReaders(readers, ownOf('birch'), 'UTC').days(1, minerId, '', '')).toEqual([]);
  });

  const group = (key: string, ...rows: readonly [atMs: number, value: number][]): GroupSeries => ({
    key,
    rows: rows.length,
    startMs: Float64Array.from(rows, ([atMs]) => atMs),
    columns: Object.fromEntries(
      groupColumns.map((name) => [name, Float64Array.from(rows, ([, value]) => value)]),
    ) as Record<GroupColumn, Float64Array>,
  });

  it('sums up its customers’ groups as the site, and asks for no other group', async () => {
    const stored = { acme: group('acme', [0, 1], [5, 2]), birch: group('birch', [5, 3], [9, 4]) };
    const asked: unknown[] = [];
    const read = ownGroups(
      async (_site, query) => {
        asked.push(query);
        return query.key === 'acme' || query.key === 'birch' ? [stored[query.key]] : [];
      },
      machinesOf(['acme', 'birch', 'cedar'], [], 0),
    );
    const [whole] = await read(1, { by: 'site', key: '' }, 0, 10);
    expect([...(whole?.startMs ?? [])]).toEqual([0, 5, 9]);
    expect([...(whole?.columns.hs ?? [])]).toEqual([1, 5, 4]);
    expect([...(whole?.columns.cx ?? [])]).toEqual([1, 3, 4]);
    expect((await read(1, { by: 'customer' }, 0, 10)).map(({ key }) => key)).toEqual(['acme', 'birch']);
    expect(await read(1, { by: 'customer', key: 'other' }, 0, 10)).toEqual([]);
    expect(asked.map((query) => JSON.stringify(query)).filter((query) => query.includes('other'))).toEqual(
      [],
    );
    expect(mergeGroups('', []).rows).toBe(0);
  });
});
