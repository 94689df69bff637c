import { isDeepStrictEqual } from 'node:util';
import type { Index, TableDescription } from '../dynamodb/table-description.ts';
import { itemSize, storageOverheadBytes } from './item-size.ts';
import { chunks } from './meter.ts';

type Item = Readonly<Record<string, unknown>>;
type Keys = Pick<TableDescription, 'KeySchema' | 'GlobalSecondaryIndexes' | 'LocalSecondaryIndexes'>;

const unitsOf = (...items: readonly (Item | undefined)[]) =>
  chunks(Math.max(0, ...items.map((item) => (item ? itemSize(item) : 0))), 1024);

/** What of an item lies in an index; undefined when it lacks one of the index's keys. */
const entryOf = (item: Item | undefined, index: Index, table: Keys): Item | undefined => {
  const keys = index.KeySchema.map(({ AttributeName }) => AttributeName);
  if (!item || keys.some((name) => item[name] === undefined)) return undefined;
  const { ProjectionType, NonKeyAttributes = [] } = index.Projection;
  if (ProjectionType === 'ALL') return { ...item };
  const tableKeys = table.KeySchema.map(({ AttributeName }) => AttributeName);
  const kept = new Set([...keys, ...tableKeys, ...NonKeyAttributes]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => kept.has(name)));
};

const indexUnits = (before: Item | undefined, after: Item | undefined, index: Index) => {
  if (!before && !after) return 0;
  if (!before || !after) return unitsOf(before, after);
  if (isDeepStrictEqual(before, after)) return 0;
  const moved = index.KeySchema.some(
    ({ AttributeName: name }) => !isDeepStrictEqual(before[name], after[name]),
  );
  return moved ? unitsOf(before) + unitsOf(after) : unitsOf(before, after);
};

const indexesOf = (table: Keys) => [
  ...(table.GlobalSecondaryIndexes ?? []),
  ...(table.LocalSecondaryIndexes ?? []),
];

/**
 * Write request units of one change: one per KB of the larger of the item before and after, at least one; and the same
 * for each index whose entry changes (an entry that moves is deleted and put).
 */
export const writeUnits = (table: Keys, before: Item | undefined, after: Item | undefined) => {
  const ofIndexes = indexesOf(table).map((index) =>
    indexUnits(entryOf(before, index, table), entryOf(after, index, table), index),
  );
  return { table: unitsOf(before, after), indexes: ofIndexes.reduce((sum, one) => sum + one, 0) };
};

/** Bytes that an item takes in its table and its indexes, each with the overhead that is billed. */
export const storedBytes = (table: Keys, item: Item): number =>
  [item, ...indexesOf(table).map((index) => entryOf(item, index, table))].reduce<number>(
    (sum, one) => sum + (one ? itemSize(one) + storageOverheadBytes : 0),
    0,
  );
