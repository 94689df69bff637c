import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MergeRules, mergeTables, rowsOf, type TierTable } from './tier-table.ts';

const rules: MergeRules = { key: 't', names: ['t', 'a', 'e', 'b'] };
const codes = [['C1'], ['C1', 'C2'], ['Z']];

type Row = { readonly id: string; readonly t: number; readonly a?: number; readonly e?: readonly string[] };

const row: fc.Arbitrary<Row> = fc.record(
  {
    id: fc.constantFrom('m-1', 'm-2', 'm-3'),
    t: fc.integer({ min: -20, max: 40 }),
    a: fc.integer({ min: 0, max: 3 }),
    e: fc.constantFrom(...codes),
  },
  { requiredKeys: ['id', 't'] },
);

const inOrder = (x: Row, y: Row) => (x.id < y.id ? -1 : x.id > y.id ? 1 : x.t - y.t);

/** A table as blocks have them: ordered, one row a key, its own numbers for the sets of codes. */
const tableOf = (rows: readonly Row[]): TierTable => {
  const ordered = [...new Map(rows.map((one) => [`${one.id}/${one.t}`, one])).values()].toSorted(inOrder);
  const minerIds = [...new Set(ordered.map(({ id }) => id))];
  const texts = [...new Set(ordered.flatMap(({ e }) => (e ? [e] : [])))];
  const column = (of: (one: Row) => number | undefined) =>
    Float64Array.from(ordered, (one) => of(one) ?? Number.NaN);
  return {
    rows: ordered.length,
    minerIds,
    groups: Uint32Array.from(minerIds, (minerId) => ordered.findIndex(({ id }) => id === minerId)),
    columns: new Map([
      ['t', column(({ t }) => t)],
      ['a', column(({ a }) => a)],
      ['e', column(({ e }) => (e ? texts.indexOf(e) + 1 : undefined))],
    ]),
    texts,
  };
};

const listOf = (table: TierTable): Row[] =>
  table.minerIds.flatMap((id, miner) => {
    const [from, to] = rowsOf(table, miner);
    return Array.from({ length: to - from }, (_, at): Row => {
      const of = (name: string) => table.columns.get(name)?.[from + at] ?? Number.NaN;
      const text = table.texts[of('e') - 1];
      return {
        id,
        t: of('t'),
        ...(!Number.isNaN(of('a')) && { a: of('a') }),
        ...(text && { e: text }),
      };
    });
  });

/** Of two rows of one key: the greater by `a`, then by its codes, absent first. */
const greater = (x: Row, y: Row) => {
  const [a, b] = [x.a ?? -1, y.a ?? -1];
  if (a !== b) return a > b ? x : y;
  return JSON.stringify(x.e ?? '') >= JSON.stringify(y.e ?? '') ? x : y;
};

const naive = (tables: readonly (readonly Row[])[], keep: (table: number, one: Row) => boolean) => {
  const kept = new Map<string, Row>();
  for (const [index, rows] of tables.entries())
    for (const one of rows) {
      const name = `${one.id}/${one.t}`;
      const other = kept.get(name);
      if (keep(index, one)) kept.set(name, other ? greater(other, one) : one);
    }
  return [...kept.values()].toSorted(inOrder);
};

const tablesOf = fc.array(fc.array(row, { maxLength: 30 }).map(tableOf), { minLength: 1, maxLength: 5 });

describe('merging tables', () => {
  it('gives every row that is kept once, in order, the same of several whatever their order', () => {
    fc.assert(
      fc.property(tablesOf, fc.array(fc.boolean(), { minLength: 61, maxLength: 61 }), (tables, kept) => {
        const keep = (table: number, t: number) => table % 2 === 0 || (kept[t + 20] ?? true);
        const expected = naive(tables.map(listOf), (table, { t }) => keep(table, t));
        expect(listOf(mergeTables(tables, rules, keep).table)).toEqual(expected);
        const all = naive(tables.map(listOf), () => true);
        expect(listOf(mergeTables(tables, rules).table)).toEqual(all);
        expect(listOf(mergeTables(tables.toReversed(), rules).table)).toEqual(all);
      }),
    );
  });

  it('says whether anything but the first table is in the result', () => {
    fc.assert(
      fc.property(tablesOf, (tables) => {
        const { table, changed } = mergeTables(tables, rules);
        const [first] = tables;
        expect(changed).toBe(JSON.stringify(listOf(table)) !== JSON.stringify(first ? listOf(first) : []));
      }),
    );
  });

  it('puts tables that follow one another in their order', () => {
    const one = tableOf(Array.from({ length: 40 }, (_, t) => ({ id: 'm-1', t: t - 20, a: t % 3 })));
    const other = tableOf([
      { id: 'm-1', t: 20, a: 1 },
      { id: 'm-1', t: 30 },
    ]);
    const { table } = mergeTables([other, one], rules);
    expect(listOf(table)).toEqual([...listOf(one), ...listOf(other)]);
  });
});
