import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMinersCsv } from './read-csv.ts';
import { startFleet } from './test-fleet.ts';

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.tables.close());

const header =
  'miner_id,vendor,model,serial_number,zone_id,gateway_id,customer_id,rated_hashrate_ths,rated_power_w,labels';

describe('a CSV of miners', () => {
  it('is read with quotes, marks, empty fields and labels', () => {
    const csv = `\ufeff${header}\r\nm-1,antminer,"Antminer ""S21"", hydro",,z1,gw-1,,200.5,3500, row 1 ; hot \r\n\r\n`;
    expect(readMinersCsv(csv)).toEqual({
      rows: 1,
      faults: [],
      miners: [
        {
          row: 1,
          miner: {
            miner_id: 'm-1',
            vendor: 'antminer',
            model: 'Antminer "S21", hydro',
            zone_id: 'z1',
            gateway_id: 'gw-1',
            rated_hashrate_ths: 200.5,
            rated_power_w: 3_500,
            labels: ['row 1', 'hot'],
          },
        },
      ],
    });
  });

  it.each([
    ['', 'miner_id', 'the column miner_id is missing'],
    ['miner_id,vendor,colour\n', 'colour', 'colour is not a known column'],
    [`${header},model\n`, 'model', 'the column model appears twice'],
    [`${header}\nm-1,"antminer`, '', 'line 2 is not CSV: a quote is not closed'],
    [`${header}\n${'x\n'.repeat(5_001)}`, '', 'the file has 5001 rows; the limit is 5000'],
  ])('that is none says why: %j', (csv, field, message) => {
    expect(readMinersCsv(csv).faults[0]).toMatchObject({ row: 0, field, message });
  });

  it('never breaks on any text, and accounts for every row', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 6 }), (lines) => {
        const { rows, miners, faults } = readMinersCsv([header, ...lines].join('\n'));
        const named = new Set(faults.map(({ row }) => row));
        if (!named.has(0)) expect(miners.length + named.size).toBe(rows);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an import', () => {
  const row = (id: string, site: { site_id: number }, change: Partial<Record<string, string>> = {}) => {
    const fields: Record<string, string | undefined> = {
      miner_id: id,
      vendor: 'antminer',
      model: 'Antminer S21',
      serial_number: '',
      zone_id: 'z1',
      gateway_id: `gw-${site.site_id}-1`,
      customer_id: 'acme',
      rated_hashrate_ths: '200',
      rated_power_w: '3500',
      labels: 'row 1',
      ...change,
    };
    return header
      .split(',')
      .map((name) => fields[name])
      .join(',');
  };
  const importing = (params: { site_id: number }, rows: readonly string[], more: object = {}) =>
    fleet.ask('importMiners', { params, body: { csv: [header, ...rows].join('\n'), ...more } });
  const total = async (params: { site_id: number }) => (await fleet.ask('listMiners', { params })).total;

  it('names every faulty row, and takes nothing in then unless it may', async () => {
    const params = await fleet.aSite();
    await fleet.ask('registerMiners', { params, body: { miners: [fleet.aMiner('m-0', params)] } });
    const rows = [
      row('m-1', params),
      row('m-2', params, { vendor: 'abacus', rated_power_w: '-3' }),
      row('m-1', params),
      row('m-3', params, { zone_id: 'nowhere' }),
      row('m-4', params, { customer_id: 'nobody' }),
      row('m-0', params),
      'm-5,antminer',
    ];
    const faults = [
      { row: 2, miner_id: 'm-2', field: 'vendor' },
      { row: 2, miner_id: 'm-2', field: 'rated_power_w' },
      { row: 3, miner_id: 'm-1', field: 'miner_id', message: 'stands in row 1 already' },
      { row: 4, miner_id: 'm-3', field: 'zone_id', message: 'nowhere is not one of this site, or archived' },
      { row: 5, miner_id: 'm-4', field: 'customer_id' },
      { row: 6, miner_id: 'm-0', field: 'miner_id', message: 'exists already, and otherwise than here' },
      { row: 7, miner_id: 'm-5', message: 'has 2 fields instead of 10' },
    ];
    const refused = await importing(params, rows);
    expect(refused).toMatchObject({ rows: 7, created: 0, unchanged: 0, errors: faults });
    expect(await total(params)).toBe(1);
    expect(await importing(params, rows, { partial: true })).toMatchObject({ created: 1, errors: faults });
    expect(await total(params)).toBe(2);
  });

  it('tries first, then takes in, then has nothing left to do', async () => {
    const params = await fleet.aSite();
    const rows = Array.from({ length: 205 }, (_, at) =>
      row(`m-${at}`, params, { zone_id: at % 2 ? 'z1' : 'z2' }),
    );
    expect(await importing(params, rows, { dry_run: true })).toMatchObject({ dry_run: true, created: 205 });
    expect(await total(params)).toBe(0);
    expect(await importing(params, rows, { reason: 'New rack' })).toMatchObject({ created: 205, errors: [] });
    expect(await total(params)).toBe(205);
    expect(await importing(params, rows)).toMatchObject({ created: 0, unchanged: 205, errors: [] });
    const { miner } = await fleet.ask('getMiner', { params: { ...params, miner_id: 'm-7' } });
    expect(miner).toMatchObject({ customer_id: 'acme', zone_id: 'z1', labels: ['row 1'], version: 1 });
  });

  it('loses and doubles nothing when two take in the same file at once', async () => {
    const params = await fleet.aSite();
    const rows = Array.from({ length: 120 }, (_, at) => row(`m-${at}`, params));
    const outcomes = await Promise.all([importing(params, rows), importing(params, rows)]);
    const created = outcomes.reduce((sum, one) => sum + one.created, 0);
    expect(created).toBe(120);
    expect(await total(params)).toBe(120);
    for (const one of outcomes) expect(one.created + one.unchanged + one.errors.length).toBe(120);
  });
});
