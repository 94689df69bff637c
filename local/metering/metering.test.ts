import { expect, test } from 'vitest';
import { itemSize } from './item-size.ts';
import { createMeter } from './meter.ts';
import { between, times, together } from './usage.ts';
import { writeUnits } from './write-units.ts';

test.each([
  ['a text and its name, in UTF-8', { name: { S: 'Grüße' } }, 4 + 7],
  ['a number: two digits a byte, and one', { n: { N: '12345' } }, 1 + 3 + 1],
  ['zeroes before and behind are not kept', { n: { N: '0012300' } }, 1 + 2 + 1],
  ['a fraction', { n: { N: '0.0125' } }, 1 + 2 + 1],
  ['a minus', { n: { N: '-12' } }, 1 + 1 + 1 + 1],
  ['zero', { n: { N: '0' } }, 1 + 1],
  ['raw bytes, not base64', { b: { B: Buffer.alloc(1000).toString('base64') } }, 1 + 1000],
  ['true and null', { t: { BOOL: true }, u: { NULL: true } }, 2 + 2],
  ['an empty list', { l: { L: [] } }, 1 + 3],
  ['a map in a list', { l: { L: [{ M: { ab: { S: 'c' } } }] } }, 1 + 3 + 1 + (3 + 1 + 2 + 1)],
  ['sets', { s: { SS: ['ab', 'c'] }, n: { NS: ['1', '22'] } }, 1 + 3 + 1 + 4],
])('the size of %s', (_, item, bytes) => {
  expect(itemSize(item)).toBe(bytes);
});

const table = {
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byOwner',
      KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    },
  ],
};
const item = (bytes: number, more: Record<string, unknown> = {}) => ({
  pk: { S: 'a' },
  x: { S: 'x'.repeat(bytes - 4) },
  ...more,
});

test('a write costs a unit for each KB of the larger image, and at least one', () => {
  expect(writeUnits(table, undefined, item(1024))).toEqual({ table: 1, indexes: 0 });
  expect(writeUnits(table, undefined, item(1025))).toEqual({ table: 2, indexes: 0 });
  expect(writeUnits(table, item(5000), item(10))).toEqual({ table: 5, indexes: 0 });
  expect(writeUnits(table, item(3000), undefined)).toEqual({ table: 3, indexes: 0 });
  expect(writeUnits(table, undefined, undefined)).toEqual({ table: 1, indexes: 0 });
});

test('an index costs when its entry comes, goes or moves, not when what it holds stays', () => {
  const mine = { owner: { S: 'me' } };
  expect(writeUnits(table, undefined, item(2000, mine))).toEqual({ table: 2, indexes: 1 });
  expect(writeUnits(table, item(2000, mine), item(3000, mine))).toEqual({ table: 3, indexes: 0 });
  expect(writeUnits(table, item(2000, mine), item(2000, { owner: { S: 'you' } }))).toEqual({
    table: 2,
    indexes: 2,
  });
  expect(writeUnits(table, item(2000, mine), undefined)).toEqual({ table: 2, indexes: 1 });
});

test('flows are counted between two readings and scaled; levels are what is there at the end', () => {
  const meter = createMeter();
  meter.count('sqs.requests', 'queue', 3);
  meter.see('cloudwatch.customMetrics', 'Lag');
  const before = meter.read();
  meter.count('sqs.requests', 'queue', 2);
  meter.count('lambda.requests', 'fn', 1);
  meter.see('cloudwatch.customMetrics', 'Lag');
  const used = between(before, meter.read());
  expect(used).toEqual({
    'sqs.requests': { queue: 2 },
    'lambda.requests': { fn: 1 },
    'cloudwatch.customMetrics': { Lag: 1 },
  });
  expect(times(used, 10)['sqs.requests']).toEqual({ queue: 20 });
  expect(times(used, 10)['cloudwatch.customMetrics']).toEqual({ Lag: 1 });
  expect(together(used, used)).toMatchObject({
    'sqs.requests': { queue: 4 },
    'cloudwatch.customMetrics': { Lag: 1 },
  });
});
