import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveQuery } from '../../contracts/api-telemetry.ts';
import { type MinerReading, minerStates } from '../../contracts/reading.ts';
import { toColumns } from '../../contracts/telemetry-columns.ts';
import { pageOfLive } from './get-live.ts';
import { type LiveTable, liveTableOf } from './live-table.ts';

const facts = (minerId: string) =>
  minerId.endsWith('0')
    ? undefined
    : {
        vendor: 'antminer',
        model: 'Antminer S21',
        zoneId: `zone-${Number(minerId.slice(2)) % 3}`,
        customerId: Number(minerId.slice(2)) % 2 === 0 ? 'acme' : undefined,
        ratedHashrateThs: 200,
        ratedPowerW: 3500,
      };

const reading = fc.record({
  state: fc.constantFrom(...minerStates),
  hashrate: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
  chip: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
});
type Few = { state: MinerReading['state']; hashrate: number | undefined; chip: number | undefined };

const tableOf = (miners: readonly Few[]): LiveTable => {
  const readings = miners.map(
    ({ state, chip }, at): MinerReading => ({
      minerId: `m-${String(at).padStart(3, '0')}`,
      sampledAtMs: 1_700_000_000_000 + at,
      state,
      values: { ...(chip !== undefined && { chipTempC: chip }), powerW: 3000.25 },
    }),
  );
  const hashrateThs = Float64Array.from(miners, ({ hashrate }) => hashrate ?? Number.NaN);
  return liveTableOf(toColumns(readings), { hashrateThs, powerW: hashrateThs.map((of) => of * 18) }, facts);
};

const ask = (table: LiveTable, query: Record<string, string>) => {
  const page = pageOfLive(7, table, liveQuery.parse({ site_id: '7', ...query }), 1_700_000_000_000);
  if (!page.ok) throw new Error(page.failure.message);
  return page.value;
};

const few: Few[] = [
  { state: 'hashing', hashrate: 100, chip: 80 },
  { state: 'fault', hashrate: undefined, chip: 0 },
  { state: 'hashing', hashrate: 190, chip: 60 },
  { state: 'stopped', hashrate: 0, chip: undefined },
];

describe('the live list', () => {
  it('writes every column in its unit, and null where a miner did not say', () => {
    expect(ask(tableOf(few.slice(0, 2)), {})).toEqual({
      site_id: 7,
      generated_at: '2023-11-14T22:13:20.000Z',
      count: 2,
      total: 2,
      columns: {
        miner_id: ['m-000', 'm-001'],
        zone_id: [null, 'zone-1'],
        model: [null, 'Antminer S21'],
        customer_id: [null, null],
        state: ['hashing', 'fault'],
        sampled_at: ['2023-11-14T22:13:20.000Z', '2023-11-14T22:13:20.001Z'],
        hashrate_ghs: [100_000, null],
        expected_hashrate_ghs: [null, 200_000],
        hashrate_pct: [null, null],
        power_w: [3000.25, 3000.25],
        efficiency_jth: [18, null],
        chip_temp_c: [80, null],
        inlet_temp_c: [null, null],
        fan_rpm_min: [null, null],
        accepted_shares: [null, null],
        rejected_shares: [null, null],
      },
    });
  });

  it('filters by what the registry and the miner say', () => {
    const table = tableOf(few);
    const ids = (query: Record<string, string>) => ask(table, query).columns.miner_id;
    expect(ids({ state: 'fault,stopped' })).toEqual(['m-001', 'm-003']);
    expect(ids({ zone_id: 'zone-2' })).toEqual(['m-002']);
    expect(ids({ customer_id: 'acme' })).toEqual(['m-002']);
    expect(ids({ miner_id: 'm-003,m-999' })).toEqual(['m-003']);
    expect(ids({ miner_prefix: 'm-00' })).toHaveLength(4);
    expect(ids({ min: 'chip_temp_c:61' })).toEqual(['m-000']);
    expect(ids({ max: 'hashrate_pct:95' })).toEqual(['m-002', 'm-003']);
    expect(ids({ min: 'hashrate_ghs:1', max: 'chip_temp_c:70', state: 'hashing' })).toEqual(['m-002']);
  });

  it('gives the columns that were asked for', () => {
    expect(Object.keys(ask(tableOf(few), { fields: 'power_w,state' }).columns)).toEqual([
      'miner_id',
      'state',
      'power_w',
    ]);
  });

  it('puts miners without the figure last, either way', () => {
    const table = tableOf(few);
    const sorted = (order: string) => ask(table, { sort: 'hashrate_ghs', order }).columns.miner_id;
    expect(sorted('asc')).toEqual(['m-003', 'm-000', 'm-002', 'm-001']);
    expect(sorted('desc')).toEqual(['m-002', 'm-000', 'm-003', 'm-001']);
  });

  it('shows every miner once on the pages together, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(reading, { maxLength: 40 }),
        fc.constantFrom('miner_id', 'sampled_at', 'hashrate_ghs', 'chip_temp_c', 'efficiency_jth'),
        fc.constantFrom('asc', 'desc'),
        fc.integer({ min: 1, max: 9 }),
        (miners, sort, order, limit) => {
          const table = tableOf(miners);
          const whole = ask(table, { sort, order }).columns.miner_id;
          const paged: string[] = [];
          let cursor: string | undefined;
          do {
            const page = ask(table, { sort, order, limit: String(limit), ...(cursor && { cursor }) });
            expect(page.total).toBe(miners.length);
            paged.push(...page.columns.miner_id);
            cursor = page.next_cursor;
          } while (cursor !== undefined);
          expect(paged).toEqual(whole);
          expect(whole.toSorted()).toEqual(table.minerId);
        },
      ),
    );
  });

  it.each([
    ['state', 'asleep', 'state: "asleep" Invalid option'],
    ['min', 'noise:3', 'min: "noise:3" must be figure:number, with one of hashrate_ghs'],
    ['min', 'power_w:x', 'min: "power_w:x" must be figure:number, such as chip_temp_c:85'],
    ['limit', '10001', 'limit'],
    ['sort', 'zone_id', 'sort'],
    ['miner_id', Array(201).fill('m').join(), 'miner_id: names 201 values; the limit is 200'],
  ])('refuses %s=%s, naming the field', (name, value, message) => {
    const parsed = liveQuery.safeParse({ site_id: '7', [name]: value });
    const issue = parsed.error?.issues[0];
    expect(`${issue?.path.join('.')}: ${issue?.message}`).toContain(message);
  });
});
