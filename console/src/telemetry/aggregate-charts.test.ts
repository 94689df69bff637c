import { describe, expect, it } from 'vitest';
import type { AggregatesAnswer, MinerSeriesAnswer } from '../../../contracts/api-telemetry-series.ts';
import { en } from '../i18n/en.ts';
import { aggregateCharts, shownGroups } from './aggregate-charts.ts';
import { mostLines } from './chart-colours.ts';
import { columnsOf, dataOf } from './chart-options.ts';
import { daysOf } from './days.ts';
import { minerCharts } from './miner-charts-data.ts';

const at = [0, 300_000, 600_000];
const group = (key: string, hashrateThs = 1_500): AggregatesAnswer['groups'][number] => ({
  key,
  miners: [10, 0, 10],
  hashing_miners: [10, 0, 9],
  samples: [50, 0, 50],
  hashing_pct: [100, null, 98],
  hashrate_ths: [hashrateThs, null, hashrateThs],
  expected_hashrate_ths: [1_600, null, 1_600],
  power_w: [35_000, null, 34_000],
  efficiency_jth: [17, null, 17],
  mean_chip_temp_c: [70, null, 71],
  max_chip_temp_c: [80, null, 81],
  mean_inlet_temp_c: [25, null, 25],
  max_inlet_temp_c: [27, null, 27],
});
const answer = (by: AggregatesAnswer['by'], groups: AggregatesAnswer['groups']): AggregatesAnswer => ({
  site_id: 1,
  by,
  from: '1970-01-01T00:00:00Z',
  to: '1970-01-01T00:15:00Z',
  resolution: '5min',
  step_ms: 300_000,
  time_zone: 'UTC',
  count: 3,
  at,
  groups,
});
const chartOf = ({ charts }: ReturnType<typeof aggregateCharts>, id: string) =>
  charts.find((chart) => chart.id === id);

describe('the charts of a site', () => {
  it('hold its figures in readable units, with gaps as gaps', () => {
    const charts = aggregateCharts(answer('site', [group('1')]), en);
    expect(charts.times).toEqual([0, 300, 600]);
    expect(chartOf(charts, 'hashrate_ths')).toMatchObject({
      unit: 'PH/s',
      lines: [{ values: [1.5, null, 1.5] }, { values: [1.6, null, 1.6], dashed: true }],
    });
    expect(chartOf(charts, 'power_w')).toMatchObject({ unit: 'kW', lines: [{ values: [35, null, 34] }] });
    expect(chartOf(charts, 'chip')?.lines.map(({ values }) => values)).toEqual([
      [70, null, 71],
      [80, null, 81],
    ]);
  });

  it('have a line a group, all in one unit, by the names that people count by', () => {
    const charts = aggregateCharts(answer('zone', [group('zone-10'), group('zone-9', 0.4), group('')]), en);
    const lines = chartOf(charts, 'hashrate_ths')?.lines ?? [];
    expect(lines.map(({ label }) => label)).toEqual(['zone-9', 'zone-10', en.telemetry.noGroup]);
    expect(lines[0]?.values).toEqual([0.0004, null, 0.0004]);
    expect(chartOf(charts, 'chip-max')?.lines).toHaveLength(3);
  });

  it('show no more groups than can be told apart, and nothing of none', () => {
    const many = Array.from({ length: 30 }, (_, index) => group(`zone-${index}`));
    expect(shownGroups(many)).toHaveLength(mostLines);
    expect(aggregateCharts(answer('zone', []), en).charts.every(({ lines }) => lines.length === 0)).toBe(
      true,
    );
  });
});

const series = (change: Partial<MinerSeriesAnswer>): MinerSeriesAnswer => ({
  site_id: 1,
  miner_id: 'm-1',
  from: '1970-01-01T00:00:00Z',
  to: '1970-01-01T00:15:00Z',
  tier: '5min',
  resolution: '5min',
  step_ms: 300_000,
  time_zone: 'UTC',
  count: 3,
  at,
  fields: {},
  ...change,
});
const gauge = { unit: '', kind: 'gauge' } as const;

describe('the charts of a miner', () => {
  it('have a band around windows, none around samples, and no chart of what it never says', () => {
    const windows = minerCharts(
      series({
        fields: {
          hashrate_ths: { ...gauge, mean: [200, null, 198], min: [190, null, 197], max: [201, null, 199] },
          fan1_rpm: { ...gauge, mean: [null, null, null] },
        },
      }),
      en,
    );
    expect(windows.charts.map(({ id }) => id)).toEqual(['hashrate']);
    const lines = windows.charts[0]?.lines ?? [];
    expect(lines[0]).toMatchObject({ low: [190, null, 197], high: [201, null, 199] });
    expect(columnsOf(lines)).toEqual([1]);
    expect(dataOf(windows.times, lines)).toHaveLength(4);
    const raw = minerCharts(
      series({ tier: 'raw', resolution: 'raw', fields: { power_w: { ...gauge, value: [3_000, 3_100, 0] } } }),
      en,
    );
    expect(raw.charts[0]?.lines[0]).toEqual({ label: en.miner.power, values: [3_000, 3_100, 0], colour: 5 });
  });

  it('count shares by windows and by days', () => {
    const counter = { unit: 'shares', kind: 'counter' } as const;
    const windows = minerCharts(
      series({
        fields: {
          accepted_shares: { ...counter, increase: [50, null, 100] },
          stale_shares: { ...counter, increase: [1, null, 2] },
        },
      }),
      en,
    );
    expect(windows.charts.map(({ lines }) => lines[0]?.values)).toEqual([
      [10, null, 20],
      [1, null, 3],
    ]);
  });

  it('list days newest first, empty where nothing was heard', () => {
    const days = {
      availability_pct: [99, null, 98],
      energy_kwh: [80, null, 79],
      hashrate_th_hours: [4_800, null, 4_700],
      accepted_shares: [100, null, 90],
      rejected_shares: [1, null, 0],
      stale_shares: [0, null, 0],
    };
    const rows = daysOf(series({ tier: 'daily', resolution: 'day', days }));
    expect(rows.map(({ availabilityPct }) => availabilityPct)).toEqual([98, null, 99]);
    expect(rows[1]).toMatchObject({ at: 300_000, energyKwh: null, chipLowC: null });
  });
});
