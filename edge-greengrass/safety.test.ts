import { describe, expect, it } from 'vitest';
import type { MinerReading } from '../contracts/reading.ts';
import { limitsOf, overheat } from './safety.ts';

const at = (state: MinerReading['state'], values: MinerReading['values']): MinerReading => ({
  minerId: 'm',
  sampledAtMs: 1,
  state,
  values,
});
const limits = { chipTempC: 110, boardTempC: 105 };

describe('over-temperature', () => {
  it('takes the limits of the closest model name, else the default', () => {
    const [s19, pro] = [
      { chipTempC: 90, boardTempC: 80 },
      { chipTempC: 95, boardTempC: 85 },
    ];
    const table = { default: limits, models: { 'Antminer S19': s19, 'Antminer S19 Pro': pro } };
    expect(limitsOf(table, 'antminer s19')).toBe(s19);
    expect(limitsOf(table, 'Antminer S19 Pro Hyd.')).toBe(pro);
    expect(limitsOf(table, 'Whatsminer M50')).toBe(limits);
  });

  it('acts at the limit, on chip or board, and not on a miner that has stopped or says nothing', () => {
    expect(overheat(at('hashing', { chipTempC: 109.9, boardTempC: 104.9 }), limits)).toBeUndefined();
    expect(overheat(at('hashing', { chipTempC: 110 }), limits)).toMatch(/chip at 110/);
    expect(overheat(at('idle', { boardTempC: 106 }), limits)).toMatch(/board at 106/);
    expect(overheat(at('stopped', { chipTempC: 130 }), limits)).toBeUndefined();
    expect(overheat(at('hashing', {}), limits)).toBeUndefined();
  });
});
