import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minerReading } from '../../../contracts/reading.ts';
import { encodeBatch } from '../../../contracts/telemetry-batch.ts';
import { parseLooseJson } from '../../io/loose-json.ts';
import { fieldsOf } from '../values.ts';
import { confAfter, modeOf } from './miner-conf.ts';
import { parseStats } from './parse-stats.ts';

const flat =
  '{"STATUS":[{"STATUS":"S"}],"STATS":[{"BMMiner":"1.0.0","Type":"Antminer S19"}{"Elapsed":100,"GHS 5s":"95000.5","rate_unit":"GH",' +
  '"fan1":5000,"fan2":0,"temp_chip1":"60-61-0-0","temp_chip2":"0-0-0-0","chain_acn1":76,"chain_acn2":0,"chain_rate1":"47500.25","chain_rate2":"",' +
  '"chain_power":"3250 W","freq1":500,"frequency":500}],"id":1}';

describe('stats of an Antminer', () => {
  it('in the flat form, with its missing comma: a dead fan is zero, a board without sensors has no temperature', () => {
    const { values, model } = parseStats(fieldsOf(parseLooseJson(flat)));
    expect(model).toBe('Antminer S19');
    expect(values).toEqual({
      hashrateThs: expect.closeTo(95.0005, 9),
      powerW: 3250,
      chipTempC: 61,
      fan1Rpm: 5000,
      fan2Rpm: 0,
      frequencyMhz: 500,
      board1HashrateThs: expect.closeTo(47.50025, 9),
      board1ChipTempC: 61,
      board1Chips: 76,
      board2Chips: 0,
      uptimeS: 100,
    });
  });

  it('in the nested form of the web interface and of new_api', () => {
    const chain = (index: number, rate: number) => ({
      index,
      rate_real: rate,
      asic_num: 108,
      freq_avg: 490,
      temp_chip: [55, 58, 0, 0],
      temp_pcb: [50, 52],
    });
    const { values, model } = parseStats({
      INFO: { miner_version: 'uart', type: 'Antminer S21' },
      STATS: [
        {
          elapsed: 81,
          rate_5s: 200.1,
          rate_ideal: 200,
          rate_unit: 'TH/s',
          fan: [4000, 4100],
          watt: 3500,
          chain: [chain(0, 66), chain(2, 67)],
        },
      ],
    });
    expect(model).toBe('Antminer S21');
    expect(values).toMatchObject({
      hashrateThs: 200.1,
      expectedHashrateThs: 200,
      powerW: 3500,
      chipTempC: 58,
      boardTempC: 52,
      fan2Rpm: 4100,
      board1HashrateThs: 66,
      board3HashrateThs: 67,
      frequencyMhz: 490,
      uptimeS: 81,
    });
  });

  it('cut anywhere gives only figures that the whole one has', () => {
    const whole = parseStats(fieldsOf(parseLooseJson(flat))).values;
    for (let length = 1; length < flat.length; length++) {
      let values: typeof whole = {};
      try {
        values = parseStats(fieldsOf(parseLooseJson(flat.slice(0, length)))).values;
      } catch {
        continue;
      }
      const { chipTempC: _, ...exact } = values;
      expect(whole).toMatchObject(exact);
    }
  });

  it('of any content makes a reading that the telemetry format can carry', () => {
    const names = [
      'Elapsed',
      'GHS 5s',
      'rate_5s',
      'rate_unit',
      'fan1',
      'fan',
      'temp_chip1',
      'temp_pcb1',
      'chain_acn1',
      'chain_rate1',
      'chain',
      'index',
      'rate_real',
      'chain_power',
      'Type',
    ];
    const leaf = fc.oneof(
      fc.double(),
      fc.string(),
      fc.constant(null),
      fc.boolean(),
      fc.constantFrom('TH', 'MH/s', '1e300', '-1-2--3', '9'.repeat(400)),
    );
    const entry = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(leaf, fc.array(leaf), fc.array(fc.dictionary(fc.constantFrom(...names), leaf))),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, leaf)), (STATS) => {
        const reading = minerReading.parse({
          minerId: 'm',
          sampledAtMs: 1,
          state: 'idle',
          values: parseStats({ STATS }).values,
        });
        encodeBatch({
          siteId: 1,
          gatewayId: 'g',
          shard: 0,
          sequence: 1,
          createdAtMs: 1,
          readings: [reading],
        });
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('configuration of an Antminer', () => {
  it('keeps everything that the order does not name, in the type that the firmware reads back', () => {
    const pools = [{ url: 'a', user: 'b', pass: 'c' }];
    const asText = {
      'bitmain-work-mode': '0',
      'api-listen': true,
      'freq-level': '100',
      pools,
      other: { deep: 1 },
    };
    const stop = { type: 'HASHING_DISABLE', params: {} } as const;
    expect(confAfter(stop, asText, 500)).toMatchObject({
      'miner-mode': '1',
      'bitmain-work-mode': '1',
      'api-listen': true,
      pools,
      other: { deep: 1 },
    });
    expect(confAfter(stop, { ...asText, 'miner-mode': 0 }, 500)).toMatchObject({ 'miner-mode': 1 });
    expect(modeOf({ 'miner-mode': '5' })).toBe('sleep');
    expect(modeOf({ 'bitmain-work-mode': 3 })).toBe('low');
    expect(() => confAfter({ type: 'FREQUENCY_SET', params: { frequencyMhz: 450 } }, asText, 0)).toThrow(
      /present frequency/,
    );
  });
});
