import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBitaxeCsv, replay } from './replay.ts';
import { dataPath } from './test-kit/captures.ts';
import { memoryBus, place } from './test-kit/memory-bus.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterEach(() => rmSync(directory, { recursive: true }));
const file = (text: string) => {
  const path = join(directory, `${Math.random()}.csv`);
  writeFileSync(path, text);
  return path;
};
const older =
  'timestamp,miner_name,hashrate_th,power_w,temperature_c,vr_temperature_c,fan_speed_rpm,voltage_v,frequency_mhz,accepted_shares,rejected_shares,uptime_s,status';
const newer =
  'timestamp,miner_name,status,hashrate_th,expected_hashrate_th,power_w,core_voltage_actual_v,core_voltage_set_v';

describe('recordings of Bitaxe miners', () => {
  it('read in both layouts, times as UTC, with what an unreachable or silent miner did not say left out', () => {
    const first = file(
      `${older}\n2025-05-29T19:34:55.541710,Gamma-1,1.229,20.69,59.875,59,3385,1.133,610,137,0,445,ONLINE\n` +
        '2025-05-29T19:35:55.000000,Gamma-1,0,0,0,0,0,0,0,0,0,0,OFFLINE\n2025-05-29T19:36:55,Gamma-1,0,2.5,-1,0,0,0,0,0,0,3,ONLINE\n',
    );
    expect(readBitaxeCsv(first)).toEqual([
      {
        minerId: 'Gamma-1',
        sampledAtMs: Date.UTC(2025, 4, 29, 19, 34, 55, 541),
        state: 'hashing',
        values: {
          hashrateThs: 1.229,
          powerW: 20.69,
          chipTempC: 59.875,
          boardTempC: 59,
          fan1Rpm: 3385,
          voltageV: 1.133,
          frequencyMhz: 610,
          acceptedShares: 137,
          rejectedShares: 0,
          uptimeS: 445,
        },
      },
      {
        minerId: 'Gamma-1',
        sampledAtMs: Date.UTC(2025, 4, 29, 19, 35, 55),
        state: 'unreachable',
        values: {},
      },
      expect.objectContaining({
        state: 'idle',
        values: expect.not.objectContaining({ chipTempC: expect.anything() }),
      }),
    ]);
    const second = file(`${newer}\n2025-06-18T15:36:54.533654,Gamma-2,ONLINE,1.155,1.054,15.5,1.014,1.038\n`);
    expect(readBitaxeCsv(second)[0]?.values).toEqual({
      hashrateThs: 1.155,
      expectedHashrateThs: 1.054,
      powerW: 15.5,
      voltageV: 1.014,
    });
  });

  it('are refused with the line that does not fit', () => {
    expect(() => readBitaxeCsv(file('a,b\n1,2\n'))).toThrow(/no column timestamp/);
    expect(() => readBitaxeCsv(file(`${newer}\n2025-06-18T15:36:54,Gamma-2\n`))).toThrow(/:2: 2 cells/);
    expect(() => readBitaxeCsv(file(`${newer}\nyesterday,Gamma-2,ONLINE,1,1,1,1,1\n`))).toThrow(
      /:2: no timestamp/,
    );
  });

  it('go the way of live telemetry, in windows, oldest first, each acknowledged before the next', async () => {
    const rows = Array.from(
      { length: 60 },
      (_, at) => `2025-06-18T15:${String(59 - at).padStart(2, '0')}:00,G-${at % 3},ONLINE,${at + 1},1,15,1,1`,
    );
    const line = memoryBus();
    line.failNext(1);
    const progress: number[] = [];
    const result = await replay({
      bus: line.bus,
      ...place,
      files: [file(`${newer}\n${rows.join('\n')}\n`)],
      windowMs: 10 * 60_000,
      onProgress: ({ sent }) => progress.push(sent),
    });
    const batches = line.batches();
    expect(result).toEqual({
      readings: 60,
      batches: 6,
      firstMs: Date.UTC(2025, 5, 18, 15, 0),
      lastMs: Date.UTC(2025, 5, 18, 15, 59),
    });
    expect(progress).toEqual([10, 20, 30, 40, 50, 60]);
    const first = batches[0]?.sequence ?? 0;
    expect(batches.map(({ sequence }) => sequence - first)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(batches.map(({ previousSequence }) => previousSequence)).toEqual([
      0,
      ...batches.slice(0, -1).map(({ sequence }) => sequence),
    ]);
    const starts = batches.map(({ readings }) => Math.min(...readings.map(({ sampledAtMs }) => sampledAtMs)));
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  });
});

const recorded = dataPath('bitaxe');
describe.skipIf(!recorded)('the recordings of 2025', () => {
  it.each([
    ['gamma-2025-05-29.csv', 1485, 4, 1_748_547_295_541],
    ['gamma-2025-06-18.csv', 1062, 2, 1_750_261_014_533],
  ])('%s: every row becomes a reading of one of three miners', async (name, rows, offline, firstMs) => {
    const path = join(recorded ?? '', name);
    const readings = readBitaxeCsv(path);
    expect(readings).toHaveLength(rows);
    expect(readings.filter(({ state }) => state === 'unreachable')).toHaveLength(offline);
    expect(new Set(readings.map(({ minerId }) => minerId))).toEqual(
      new Set(['Gamma-1', 'Gamma-2', 'Gamma-3']),
    );
    expect(readings[0]?.sampledAtMs).toBe(firstMs);
    const line = memoryBus();
    await replay({ bus: line.bus, ...place, files: [path] });
    const arrived = line.batches().flatMap((batch) => batch.readings);
    const mean = (list: typeof readings) => {
      const known = list.flatMap(({ values }) => values.hashrateThs ?? []);
      return known.reduce((sum, value) => sum + value, 0) / known.length;
    };
    expect(arrived).toHaveLength(rows);
    expect(mean(arrived)).toBeCloseTo(mean(readings), 4);
  });
});
