import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportFormat, ExportTier } from '../../contracts/api-telemetry-export.ts';
import {
  aggregatesAnswer,
  aggregatesQuery,
  availabilityAnswer,
  availabilityQuery,
  minerSeriesAnswer,
  minerSeriesQuery,
} from '../../contracts/api-telemetry-series.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { toColumns } from '../../contracts/telemetry-columns.ts';
import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import { jsonOf } from '../shared/json-text.ts';
import { type Result, succeed } from '../shared/result.ts';
import { orderOf } from './export-order.ts';
import { exportSource } from './export-rows.ts';
import { aggregatesOf } from './get-aggregates.ts';
import { availabilityOf } from './get-availability.ts';
import { minerSeries } from './get-miner-series.ts';
import { makeExport } from './make-export.ts';
import { readGroupColumns } from './read-tier-groups.ts';
import { deliver, newWorld, registeredFacts, settle, startTables, type World } from './test-tiers.ts';
import { daysOfMiners, tierReaders } from './tier-readers.ts';

const zone = 'America/New_York';
const shard = { siteId: 7, gatewayId: 'gw-1', shard: 0 };
const minuteMs = 60_000;
/** 18 hours from 20:00 to 14:00 by the site's clocks, which were changed in that night. */
const startMs = Date.parse('2027-03-14T01:00:00Z');
const minutes = 17 * 60;
const endMs = startMs + minutes * minuteMs;

/** m-01 hashes but for half an hour of fault and an hour of being stopped; m-02 always; nobody says anything for ten minutes. */
const stateAt = (minerId: string, minute: number): MinerReading['state'] => {
  if (minerId === 'm-02') return 'hashing';
  if (minute >= 60 && minute < 90) return 'fault';
  return minute >= 120 && minute < 180 ? 'stopped' : 'hashing';
};
const readings: MinerReading[] = Array.from({ length: minutes }, (_, minute) => minute)
  .filter((minute) => minute < 300 || minute >= 310)
  .flatMap((minute) =>
    ['m-01', 'm-02'].map((minerId) => {
      const state = stateAt(minerId, minute);
      return {
        minerId,
        sampledAtMs: startMs + minute * minuteMs + 1_000,
        state,
        values: {
          hashrateThs: state === 'hashing' ? 100 + (minute % 7) : 0,
          powerW: 3_000 + (minute % 5),
          ...(minute % 3 === 0 && { chipTempC: 60 + (minute % 10) }),
          acceptedShares: minute < 400 ? minute * 10 : (minute - 400) * 10,
        },
      };
    }),
  );
const site = {
  site_id: 7,
  name: 'Seven',
  capacity_kw: 10,
  time_zone: zone,
  created_at: '2027-01-01T00:00:00Z',
};

let tables: Awaited<ReturnType<typeof startTables>>;
let world: World;
let nowMs = endMs;
beforeAll(async () => {
  tables = await startTables();
  world = newWorld(tables.db, await tables.newTable(), zone, () => nowMs);
  for (let at = 0; at < readings.length; at += 240) {
    const rows = readings.slice(at, at + 240);
    nowMs = Math.max(...rows.map(({ sampledAtMs }) => sampledAtMs)) + 2_000;
    await deliver(world, { ...shard, sequence: at + 1, columns: toColumns(rows) });
    if (at % 960 === 0) await settle(world, [shard]);
  }
  nowMs = endMs + 30 * minuteMs;
  await settle(world, [shard]);
}, 90_000);
afterAll(() => tables.close());

const known = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
};
const refusal = <T>(result: Result<T>) => (result.ok ? undefined : result.failure.message);

const series = async (query: Record<string, string>, minerId = 'm-01') => {
  const miner = { siteId: 7, minerId, timeZone: zone };
  const request = minerSeriesQuery.parse({ site_id: '7', ...query });
  const answer = await minerSeries(tierReaders(world, zone))(miner, request, nowMs);
  return answer.ok ? succeed(minerSeriesAnswer.parse(JSON.parse(jsonOf(answer.value)))) : answer;
};
const utc = (minute: number) => new Date(startMs + minute * minuteMs).toISOString();
const of = (minerId: string, from: number, to: number) =>
  readings.filter(
    (one) =>
      one.minerId === minerId &&
      one.sampledAtMs >= startMs + from * minuteMs &&
      one.sampledAtMs < startMs + to * minuteMs,
  );
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('a miner’s series', () => {
  it('gives raw samples with what was said and null where nothing was', async () => {
    const answer = known(await series({ resolution: 'raw', fields: 'chip_temp_c,power_w' }));
    const expected = of('m-01', 0, minutes);
    expect(answer).toMatchObject({
      tier: 'raw',
      resolution: 'raw',
      step_ms: minuteMs,
      count: expected.length,
    });
    expect(answer.at).toEqual(expected.map(({ sampledAtMs }) => sampledAtMs));
    expect(answer.state).toEqual(expected.map(({ state }) => state));
    expect(answer.fields.chip_temp_c).toEqual({
      unit: '°C',
      kind: 'gauge',
      value: expected.map(({ values }) => values.chipTempC ?? null),
    });
    expect(Object.keys(answer.fields)).toEqual(['chip_temp_c', 'power_w']);
  });

  it.each([
    ['5min', 5],
    ['hour', 60],
  ] as const)('gives exact %s steps on an unbroken grid', async (resolution, length) => {
    const answer = known(
      await series({
        resolution,
        from: utc(0),
        to: utc(minutes),
        fields: 'hashrate_ths,chip_temp_c,accepted_shares',
        stats: 'mean,min,max,count',
      }),
    );
    expect(answer).toMatchObject({
      tier: '5min',
      resolution,
      step_ms: length * minuteMs,
      count: minutes / length,
    });
    let shares = 0;
    answer.at.forEach((at, step) => {
      const rows = of('m-01', step * length, (step + 1) * length);
      expect(at).toBe(startMs + step * length * minuteMs);
      expect(answer.samples?.[step]).toBe(rows.length);
      expect(answer.hashing_samples?.[step]).toBe(rows.filter(({ state }) => state === 'hashing').length);
      const chips = rows.flatMap(({ values }) => values.chipTempC ?? []);
      const { hashrate_ths, chip_temp_c } = answer.fields;
      expect(chip_temp_c?.count?.[step]).toBe(chips.length);
      expect(chip_temp_c?.max?.[step]).toBe(chips.length > 0 ? Math.max(...chips) : null);
      expect(chip_temp_c?.min?.[step]).toBe(chips.length > 0 ? Math.min(...chips) : null);
      if (rows.length === 0) expect(hashrate_ths?.mean?.[step]).toBeNull();
      else
        expect(hashrate_ths?.mean?.[step]).toBeCloseTo(
          mean(rows.map(({ values }) => values.hashrateThs ?? 0)),
          4,
        );
      shares += answer.fields.accepted_shares?.increase?.[step] ?? 0;
    });
    // From 0 to 3990, then from a restart at 0 to 6190.
    expect(shares).toBe(3_990 + (minutes - 401) * 10);
  });

  it('gives the site’s days, of 23 hours where clocks change', async () => {
    const answer = known(await series({ resolution: 'day', from: utc(0), to: utc(minutes) }));
    expect(answer).toMatchObject({ tier: 'daily', count: 2, time_zone: zone });
    expect(answer.at).toEqual([Date.parse('2027-03-13T05:00:00Z'), Date.parse('2027-03-14T05:00:00Z')]);
    expect(answer.samples).toEqual([of('m-01', 0, 240).length, of('m-01', 240, minutes).length]);
    expect(answer.days?.availability_pct).toEqual([expect.closeTo((100 * 30) / 36, 1), 100]);
    const hours = mean(of('m-01', 0, 240).map(({ values }) => values.powerW ?? 0)) * 4;
    expect(answer.days?.energy_kwh[0]).toBeCloseTo(hours / 1000, 3);
  });

  it('chooses tier and resolution by the range, and says which', async () => {
    const chosen = async (query: Record<string, string>) => {
      const { tier, resolution } = known(await series(query));
      return `${tier} ${resolution}`;
    };
    const ago = (days: number) => new Date(nowMs - days * 86_400_000).toISOString();
    expect(await chosen({})).toBe('raw raw');
    expect(await chosen({ max_points: '100' })).toBe('5min hour');
    expect(await chosen({ from: ago(3) })).toBe('5min 5min');
    expect(await chosen({ from: ago(40) })).toBe('5min hour');
    expect(await chosen({ from: ago(40), max_points: '30000' })).toBe('5min 5min');
    expect(await chosen({ from: ago(200) })).toBe('daily day');
  });

  it('refuses politely, naming the field and the limit', async () => {
    const ago = (days: number) => new Date(nowMs - days * 86_400_000).toISOString();
    expect(refusal(await series({ resolution: 'raw', from: ago(2) }))).toBe(
      'from: from and to may be at most 1 days apart at the resolution raw, and are 3',
    );
    expect(refusal(await series({ resolution: '5min', from: ago(91) }))).toContain('at most 90 days apart');
    expect(refusal(await series({ from: ago(500) }))).toContain('at most 400 days apart');
    expect(refusal(await series({ from: utc(2), to: utc(2) }))).toBe('from: must be before to');
    expect(refusal(await series({ resolution: '5min', max_points: '10' }))).toContain('max_points: ');
    expect(refusal(await series({ resolution: 'raw', max_points: '10' }))).toContain('max_points: ');
  });

  it('knows nothing of a miner that nobody has', async () => {
    expect(known(await series({ resolution: 'raw' }, 'm-99'))).toMatchObject({ count: 0, at: [] });
    expect(known(await series({ resolution: 'hour' }, 'm-99')).samples?.every((count) => count === 0)).toBe(
      true,
    );
  });
});

describe('aggregates', () => {
  const ask = async (query: Record<string, string>) => {
    const request = aggregatesQuery.parse({ site_id: '7', from: utc(0), to: utc(minutes), ...query });
    return aggregatesAnswer.parse(
      known(await aggregatesOf(readGroupColumns(world))({ siteId: 7, timeZone: zone }, request, nowMs)),
    );
  };

  it.each(['5min', 'hour', 'day'])('sums up the site by %s', async (resolution) => {
    const { at, count, groups, ...about } = await ask({ resolution });
    expect(about).toMatchObject({ by: 'site', resolution });
    expect(groups).toHaveLength(1);
    const ends = [...at.slice(1), endMs].map((end) => Math.min(end, endMs));
    for (let step = 0; step < count; step++) {
      const [from, to] = [at[step] ?? 0, ends[step] ?? 0].map((ms) => (ms - startMs) / minuteMs) as [
        number,
        number,
      ];
      const both = ['m-01', 'm-02'].map((id) => of(id, Math.max(0, from), to));
      const [group] = groups;
      expect(group?.samples[step]).toBe(both.flat().length);
      if (both.flat().length === 0) {
        expect([group?.hashrate_ths[step], group?.miners[step]]).toEqual([null, 0]);
        continue;
      }
      const sum = both
        .map((rows) => mean(rows.map(({ values }) => values.hashrateThs ?? 0)))
        .reduce((total, value) => total + value, 0);
      expect(group?.miners[step]).toBe(2);
      expect(group?.hashrate_ths[step]).toBeCloseTo(sum, 2);
      expect(group?.efficiency_jth[step]).toBeCloseTo((group?.power_w[step] ?? 0) / sum, 1);
    }
  });

  it('tells groups apart, and gives one alone', async () => {
    const keys = async (query: Record<string, string>) =>
      (await ask({ resolution: 'hour', ...query })).groups.map(({ key }) => key);
    expect(await keys({ by: 'zone' })).toEqual(['A', 'B']);
    expect(await keys({ by: 'zone', key: 'B' })).toEqual(['B']);
    expect(await keys({ by: 'zone', key: 'C' })).toEqual([]);
    expect(await keys({ by: 'customer' })).toEqual(['c-2']);
    expect(await keys({ by: 'model' })).toEqual(['Antminer S19']);
  });
});

describe('availability', () => {
  const ask = async (query: Record<string, string>) => {
    const request = availabilityQuery.parse({ site_id: '7', from: utc(0), to: utc(minutes), ...query });
    return availabilityAnswer.parse(
      known(
        await availabilityOf(daysOfMiners(world, zone))(
          { siteId: 7, timeZone: zone },
          request,
          registeredFacts,
          nowMs,
        ),
      ),
    ).columns;
  };
  const windowsUp = minutes / 5 - 2 - 12;

  it('tells outages from planned stops and from silence, over midnight', async () => {
    expect(await ask({ by: 'miner', miner_id: 'm-01' })).toEqual({
      key: ['m-01'],
      miners: [1],
      availability_pct: [expect.closeTo((100 * (windowsUp - 6)) / windowsUp, 2)],
      up_hours: [expect.closeTo((windowsUp - 6) / 12, 2)],
      down_hours: [0.5],
      planned_hours: [1],
      // The rest of both days, of which one has 23 hours, and the ten silent minutes.
      unknown_hours: [expect.closeTo(24 + 23 - minutes / 60 + 1 / 6, 2)],
      outages: [1],
      mttr_minutes: [30],
      mtbf_hours: [expect.closeTo((windowsUp - 6) / 12, 2)],
      longest_outage_minutes: [30],
    });
  });

  it('adds miners up by site, zone, model and customer, and sorts', async () => {
    const site = await ask({});
    expect([site.key, site.miners, site.outages, site.down_hours]).toEqual([['site'], [2], [1], [0.5]]);
    expect((await ask({ by: 'customer' })).key).toEqual(['c-2']);
    expect((await ask({ by: 'miner', zone_id: 'B' })).key).toEqual(['m-02']);
    expect((await ask({ by: 'miner', sort: 'availability_pct', order: 'desc' })).key).toEqual([
      'm-02',
      'm-01',
    ]);
    expect((await ask({ by: 'miner', sort: 'mttr_minutes', limit: '1' })).key).toEqual(['m-01']);
  });
});

describe('an export', () => {
  const registered = ['m-01', 'm-02'].map(
    (minerId): RegisteredMiner => ({
      minerId,
      vendor: 'antminer',
      model: '=HYPERLINK("x")',
      zoneId: minerId === 'm-01' ? 'A' : 'B',
      gatewayId: 'gw-1',
      ratedHashrateThs: 100,
      ratedPowerW: 3000,
    }),
  );
  const make = async (
    tier: ExportTier,
    format: ExportFormat,
    chosen: { miner_id?: string[]; zone_id?: string } = {},
  ) =>
    makeExport({ readMiners: async () => registered, source: exportSource(tierReaders(world, zone)) })(
      orderOf(site, { tier, format, from: utc(0), to: utc(minutes), ...chosen }, chosen.miner_id),
      'direct',
    );

  it.each(['raw', '5min', 'daily'] as const)(
    'of the %s tier says in Parquet what it says in CSV',
    async (tier) => {
      const csv = known(await make(tier, 'csv'));
      const parquet = known(await make(tier, 'parquet'));
      const [header = '', ...lines] = Buffer.from(csv.bytes).toString('utf8').trimEnd().split('\r\n');
      const { buffer, byteOffset, byteLength } = parquet.bytes;
      const rows = await parquetReadObjects({
        file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer,
      });
      expect(rows).toHaveLength(lines.length);
      expect(Object.keys(rows[0] ?? {})).toEqual(header.split(','));
      const cell = (value: unknown) => {
        if (value === null || value === undefined) return '';
        if (value instanceof Date) return value.toISOString();
        const text = String(value);
        return text.startsWith('=') ? `"'${text.replaceAll('"', '""')}"` : text;
      };
      expect(rows.map((row) => Object.values(row).map(cell).join(','))).toEqual(lines);
    },
  );

  it('has the documented names, every window and only the miners asked for', async () => {
    const { bytes, rows, fileName } = known(await make('5min', 'csv', { zone_id: 'B' }));
    const [header, first] = Buffer.from(bytes).toString('utf8').split('\r\n');
    expect(fileName).toBe('telemetry-site-7-5min-2027-03-14-2027-03-14.csv');
    expect(rows).toBe(minutes / 5 - 2);
    expect(header).toContain('at,samples,hashing_samples,avg_hashrate_ths,min_hashrate_ths');
    expect(first).toContain(`m-02,B,"'=HYPERLINK(""x"")",,2027-03-14T01:00:00.000Z,5,5,102,100,104,5`);
    expect(known(await make('daily', 'csv', { miner_id: ['m-01'] })).rows).toBe(2);
  });

  it('refuses what is too large or nobody’s', async () => {
    expect(refusal(await make('raw', 'csv', { zone_id: 'Z' }))).toBe('No miner of this site fits');
    const many = Array.from({ length: 200 }, (_, at) => `m-${at}`);
    expect(refusal(await make('5min', 'csv', { miner_id: many }))).toMatch(
      /^from: 200 miners .* the limit is 25000\..* POST \/api\/v1\/telemetry\/exports$/,
    );
  });
});
