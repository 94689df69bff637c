import { describe, expect, it } from 'vitest';
import { judgementsOf as parseErrors } from '../summary-judgements.ts';
import { chipsOf, fanOf, modeOf, parsePools, parseStats } from './parse-stats.ts';

const chain = (index: number, rate: number, temps: readonly string[]) => ({
  index,
  rate_real: rate,
  asic_num: rate > 0 ? 204 : 0,
  temp_chip: temps,
  temp_pcb: [47, 46, 67, 66],
  freq_avg: 62_000,
});

describe('answers of an Elphapex', () => {
  it('count Scrypt in MH/s and chips in thousandths of a degree, as text, empty where no sensor is', () => {
    const answer = {
      STATS: [
        {
          rate_unit: 'MH/s',
          rate_5s: 11_531.88,
          rate_ideal: 14_229,
          elapsed: 357_352,
          chain: [
            chain(0, 3_553.5, ['47125', '50500', '', '']),
            chain(1, 0, ['0', '', '', '']),
            chain(3, 3_543.63, ['46500', '49062', '', '']),
          ],
          fan: ['5340', '5400', '0'],
        },
      ],
    };
    expect(parseStats(answer)).toEqual({
      hashrateThs: expect.closeTo(0.01153188, 10),
      expectedHashrateThs: expect.closeTo(0.014229, 10),
      board1HashrateThs: expect.closeTo(0.0035535, 10),
      board2HashrateThs: 0,
      board1ChipTempC: 50.5,
      board1Chips: 204,
      board2Chips: 0,
      chipTempC: 50.5,
      boardTempC: 67,
      fan1Rpm: 5_340,
      fan2Rpm: 5_400,
      fan3Rpm: 0,
      uptimeS: 357_352,
    });
    expect(chipsOf(answer)).toBe(408);
    expect(parseStats({ STATS: [{ rate_unit: 'GH/s', rate_5s: 14 }] })).toEqual({
      hashrateThs: expect.closeTo(0.014, 10),
    });
    expect(parseStats({ STATUS: { STATUS: 'E' } })).toBeUndefined();
  });

  it('judge by letters: what is not well is an error, what is not judged is absent', () => {
    const summary = (status: unknown) => ({ SUMMARY: [{ status }] });
    const word = (status: string, type: string, code = 0) => ({ status, type, msg: '', code });
    expect(parseErrors(summary([word('s', 'rate'), word('e', 'fans', 1), word('w', 'temp')]))).toEqual([
      'fans:1',
      'temp:0',
    ]);
    expect(parseErrors(summary([]))).toEqual([]);
    expect(parseErrors({ SUMMARY: [] })).toBeUndefined();
  });

  it('name the pool in use by its priority only', () => {
    const pool = (priority: number, status: string, accepted: number) => ({
      url: `stratum+tcp://${priority}`,
      priority,
      status,
      accepted,
      rejected: 1,
      stale: 0,
    });
    expect(
      parsePools({ POOLS: [pool(0, 'Unreachable', 7), pool(2, 'Alive', 1), pool(1, 'Alive', 2)] }),
    ).toEqual({ acceptedShares: 10, rejectedShares: 3, staleShares: 0, poolsAlive: 2, activePool: 2 });
    expect(parsePools({})).toEqual({});
  });

  it.each([
    [0, 'normal'],
    ['1', 'sleep'],
    [3, 'low'],
    [-1000, 'sleep'],
    ['-100', 'low'],
    [7, undefined],
    ['', undefined],
  ])('work mode %s is %s', (number, mode) => expect(modeOf({ 'fc-work-mode': number })).toBe(mode));

  it('say whether somebody set the fans', () => {
    expect(fanOf({ 'fc-fan-ctrl': false, 'fc-fan-pwm': '80' })).toBe('auto');
    expect(fanOf({ 'fc-fan-ctrl': 'true', 'fc-fan-pwm': '80' })).toBe(80);
    expect(fanOf({})).toBeUndefined();
  });
});
