import { describe, expect, it } from 'vitest';
import { parseStats } from './parse-stats.ts';

/** As asic-rs and wright_telemetry describe the answer; three boards of which the second is off. */
const stats = {
  'PM State': 'Running',
  'Mining Mode': 'Normal',
  'MHS(Rated)': 226_000_000,
  'PSU Input Power': 3_504,
  'Power Limit': 3_500,
  'System Uptime': 27_942,
  Temp: 61,
  'Fan Count': 2,
  '0 Speed': 6_210,
  '0 PWM': 207,
  '1 Speed': 0,
  'Board Count': 3,
  '0 Online': true,
  '0 Chip Count': 153,
  '0 Bad Chip Count': 3,
  '0 Freq': 470.5,
  '0 Temp 0': 58,
  '0 Temp 1': 0,
  '0 Temp 2': 62,
  '0 MHS(Sample)': 75_123_456.78,
  '1 Online': false,
  '1 Chip Count': 153,
  '1 MHS(Sample)': 0,
  '2 Online': true,
  '2 Chip Count': 153,
  '2 MHS(Sample)': '74000000',
  'Error Code': '602 E001;602',
};

describe('stats of a Sealminer', () => {
  it('are in MH/s, watts and 255ths; a board that is off has no chips, a sensor that reads 0 is none', () => {
    const parsed = parseStats({ STATS: [stats] });
    expect(parsed?.state).toBe('hashing');
    expect(parsed?.mode).toBe('normal');
    expect(parsed?.errorCodes).toEqual(['602', 'E001']);
    expect(parsed?.values).toEqual({
      hashrateThs: expect.closeTo(149.12345678, 8),
      expectedHashrateThs: expect.closeTo(226, 9),
      board1HashrateThs: expect.closeTo(75.12345678, 8),
      board2HashrateThs: 0,
      board3HashrateThs: 74,
      board1Chips: 150,
      board2Chips: 0,
      board3Chips: 153,
      board1ChipTempC: 62,
      chipTempC: 62,
      boardTempC: 61,
      powerW: 3_504,
      powerLimitW: 3_500,
      fan1Rpm: 6_210,
      fan2Rpm: 0,
      fanDutyPct: expect.closeTo(81.176, 3),
      frequencyMhz: 470.5,
      uptimeS: 27_942,
    });
  });

  it.each([
    ['stands still on purpose', { 'PM State': 'Suspend' }, 'stopped'],
    ['stands still with an error', { 'PM State': 'Protect', 'Error Code': 'E001' }, 'fault'],
    ['has just come up', { 'PM State': 'Init', 'System Uptime': 40 }, 'booting'],
    ['says that it runs', { 'PM State': 'Running' }, 'idle'],
  ])('of a miner that %s', (_what, said, state) => {
    const still = { ...stats, 'Error Code': '', ...said };
    for (const at of [0, 2]) Object.assign(still, { [`${at} MHS(Sample)`]: 0 });
    expect(parseStats({ STATS: [still] })?.state).toBe(state);
  });

  it('of nothing are none, and of a count that cannot be are bounded', () => {
    expect(parseStats({})).toBeUndefined();
    expect(parseStats({ STATS: [{ 'Board Count': 1e9, 'Fan Count': -4, '0 Speed': 1 }] })?.values).toEqual(
      {},
    );
  });
});
