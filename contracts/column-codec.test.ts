import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchError } from './batch-bytes.ts';
import { decodeTable, encodeTable } from './column-codec.ts';
import type { ColumnTable } from './column-table.ts';

const absent = Number.NaN;
/** Columns of the kinds that telemetry has, and of kinds that it should not have. */
const shapes: readonly ((rows: number, random: () => number) => number[])[] = [
  (rows) => Array.from({ length: rows }, () => absent),
  (rows, random) => Array.from({ length: rows }).fill(Math.floor(random() * 100)) as number[],
  (rows, random) =>
    Array.from({ length: rows }, () => Math.floor(random() * 2 ** 53) * (random() < 0.5 ? -1 : 1)),
  (rows, random) =>
    Array.from({ length: rows }, () => Math.floor(1e6 + 1e4 * (random() + random() + random()))),
  (rows, random) => Array.from({ length: rows }, () => 60 * Math.floor(80 + 5 * random())),
  (rows, random) => Array.from({ length: rows }, () => (random() < 0.02 ? 1 : 0)),
  (rows, random) =>
    Array.from({ length: rows }, () => (random() < 0.3 ? absent : Math.floor(random() * 7) - 3)),
  (rows, random) =>
    Array.from({ length: rows }, (_, at) => 1.7e12 + at * 60_000 + Math.floor(random() * 200)),
  (rows, random) => {
    let total = Math.floor(random() * 1e12);
    return Array.from({ length: rows }, () => {
      total = random() < 0.01 ? 0 : total + Math.floor(random() * 40);
      return total;
    });
  },
  (rows, random) =>
    Array.from({ length: rows }, (_, at) => [76, 88, 114, 126][(at % 4) ^ (random() < 0.01 ? 1 : 0)] ?? 0),
  (rows, random) =>
    Array.from({ length: rows }, () => Math.floor(2 ** (random() * 46)) * (random() < 0.5 ? -1 : 1)),
];
const anyValue = fc.oneof(
  fc.constant(absent),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 46, 2 ** 46 + 1),
);
const table: fc.Arbitrary<ColumnTable> = fc
  .record({
    sizes: fc.oneof(
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
      fc.array(fc.constant(1), { minLength: 70, maxLength: 300 }),
      fc.array(fc.constant(60), { maxLength: 6 }),
    ),
    seeds: fc.array(fc.tuple(fc.nat(shapes.length - 1), fc.integer()), { maxLength: 8 }),
    free: fc.array(anyValue, { minLength: 1, maxLength: 50 }),
  })
  .map(({ sizes, seeds, free }) => {
    let rows = 0;
    const groups = Uint32Array.from(sizes, (size) => {
      rows += size;
      return rows - size;
    });
    const columns = new Map<string, Float64Array>();
    for (const [index, [shape, seed]] of seeds.entries())
      columns.set(`c${(index * 7) % 10}`, Float64Array.from(shapes[shape]?.(rows, randomFrom(seed)) ?? []));
    columns.set(
      'free',
      Float64Array.from({ length: rows }, (_, at) => free[(at * at) % free.length] ?? absent),
    );
    return { rows, groups, columns };
  });
const randomFrom = (seed: number) => {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
};
const plain = ({ rows, groups, columns }: ColumnTable) => ({
  rows,
  groups: [...groups],
  columns: Object.fromEntries(
    [...columns].map(([name, column]) => [name, [...column].map((value) => value + 0)]),
  ),
});
/** Damage that the checksum does not tell: what is behind it must hold by itself. */
const signed = (bytes: Uint8Array) => {
  const copy = Buffer.from(bytes);
  if (copy.length >= 4) copy.writeUInt32LE(crc32(copy.subarray(4)));
  return copy;
};
const decodeOrFault = (bytes: Uint8Array) => {
  try {
    return decodeTable(bytes);
  } catch (error) {
    if (error instanceof BatchError) return undefined;
    throw error;
  }
};

describe('a packed table', () => {
  it('gives back every value, every absence and the groups', () => {
    fc.assert(
      fc.property(table, (given) => {
        expect(plain(decodeTable(encodeTable(given)))).toEqual(plain(given));
      }),
      { numRuns: 300 },
    );
  });

  it('has the same bytes whatever the order of its columns, and packs what it unpacked to the same bytes', () => {
    fc.assert(
      fc.property(table, (given) => {
        const bytes = encodeTable(given);
        const columns = new Map([...given.columns].toReversed());
        expect(encodeTable({ ...given, columns })).toEqual(bytes);
        expect(encodeTable(decodeTable(bytes))).toEqual(bytes);
      }),
    );
  });

  it('unpacks the columns that one names like all, restricted', () => {
    fc.assert(
      fc.property(table, fc.subarray(['c0', 'c7', 'c4', 'free', 'none']), (given, names) => {
        const bytes = encodeTable(given);
        const only = new Set(names);
        const all = decodeTable(bytes);
        const wanted = new Map([...all.columns].filter(([name]) => only.has(name)));
        expect(plain(decodeTable(bytes, only))).toEqual(plain({ ...all, columns: wanted }));
      }),
    );
  });

  it('answers damage with a fault, never with another error, and never with a value that is none', () => {
    fc.assert(
      fc.property(
        table,
        fc.array(fc.tuple(fc.nat(1_000_000), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.option(fc.nat(1_000_000)),
        (given, flips, cut) => {
          const bytes = Buffer.from(encodeTable(given));
          for (const [at, mask] of flips) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ mask;
          const damaged = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
          expect(decodeOrFault(damaged)).toBeUndefined();
          const found = decodeOrFault(signed(damaged));
          for (const column of found?.columns.values() ?? []) {
            expect(column).toHaveLength(found?.rows ?? 0);
            expect(column.every((value) => Number.isNaN(value) || Number.isSafeInteger(value))).toBe(true);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('finds every single damaged or missing byte of a small table', () => {
    const bytes = encodeTable({
      rows: 3,
      groups: Uint32Array.of(0, 2),
      columns: new Map([['powerW', Float64Array.of(3250, 3251, absent)]]),
    });
    for (let at = 0; at < bytes.length; at++) {
      expect(decodeOrFault(bytes.subarray(0, at))).toBeUndefined();
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        expect(decodeOrFault(damaged)).toBeUndefined();
        decodeOrFault(signed(damaged));
      }
    }
  });

  it('refuses to pack what is no whole number, groups that do not fit and names that are none', () => {
    const one = (value: number, name = 'a', groups = Uint32Array.of(0)) =>
      encodeTable({ rows: 1, groups, columns: new Map([[name, Float64Array.of(value)]]) });
    expect(() => one(0.5)).toThrow(/column a/);
    expect(() => one(Number.POSITIVE_INFINITY)).toThrow(/column a/);
    expect(() => one(2 ** 53)).toThrow(/column a/);
    expect(() => one(1, 'a b')).toThrow(/no name/);
    expect(() => one(1, 'a', Uint32Array.of(1))).toThrow(/first group/);
    expect(() => one(1, 'a', Uint32Array.of(0, 2))).toThrow(/order/);
  });

  it('refuses tables that would not fit into memory', () => {
    const columns = new Map(
      Array.from({ length: 900 }, (_, at) => [`c${at}`, new Float64Array(10_000)] as const),
    );
    expect(() => encodeTable({ rows: 10_000, groups: Uint32Array.of(0), columns })).toThrow(/too large/);
  });
});
