import { describe, expect, it } from 'vitest';
import { newExport } from '../../../contracts/api-telemetry-export.ts';
import { bytesText } from './bytes.ts';
import { exportBody, tierFor } from './export-choice.ts';
import { spanOf } from './range.ts';

const nowMs = Date.parse('2026-11-21T14:00:00Z');
const choice = {
  siteId: 1,
  span: spanOf({ preset: '24h' }, nowMs),
  tier: 'raw',
  format: 'parquet',
  minerId: undefined,
} as const;

describe('an export', () => {
  it.each([
    ['1h', 'raw'],
    ['24h', 'raw'],
    ['7d', '5min'],
    ['90d', '5min'],
    ['1y', 'daily'],
  ] as const)('of %s takes the finest tier that keeps it: %s', (preset, tier) =>
    expect(tierFor(spanOf({ preset }, nowMs))).toBe(tier),
  );

  it('of an old hour takes what is still kept of it', () => {
    const span = { fromMs: nowMs - 50 * 86_400_000, toMs: nowMs - 50 * 86_400_000 + 3_600_000 };
    expect(tierFor(span, nowMs)).toBe('5min');
  });

  it.each([
    ['site', {}],
    ['zone:container-1', { zone_id: 'container-1' }],
    ['model:Whatsminer M50: S', { model: 'Whatsminer M50: S' }],
    ['customer:acme', { customer_id: 'acme' }],
  ])('of %s is asked for as the API takes it', (scope, limit) => {
    const body = exportBody({ ...choice, scope });
    expect(newExport.parse(body)).toMatchObject({ site_id: 1, tier: 'raw', format: 'parquet', ...limit });
    expect(Object.keys(body)).toHaveLength(5 + Object.keys(limit).length);
  });

  it('of one miner asks for that miner, whatever the scope', () =>
    expect(newExport.parse(exportBody({ ...choice, scope: 'zone:a', minerId: 'm-1' }))).toMatchObject({
      miner_ids: ['m-1'],
    }));
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 KB'],
  [18_200_311, '18.2 MB'],
  [7e12, '7000.0 GB'],
])('%d bytes are %s', (bytes, text) =>
  expect(bytesText(bytes, (value, digits, unit) => `${value.toFixed(digits)} ${unit}`)).toBe(text),
);
