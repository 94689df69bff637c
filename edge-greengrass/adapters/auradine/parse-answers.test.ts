import { describe, expect, it } from 'vitest';
import { type Answers, parseValues } from './parse-answers.ts';

const sensors = (...celsius: number[]) => celsius.map((Temperature, ID) => ({ ID, Temperature }));
const clocks = (...megahertz: number[]) => megahertz.map((Frequency, ID) => ({ ID, Frequency }));
const nothing = {};

/** Answers of AT1500 that 256foundation/asic-rs keeps (`auradine/src/test/json/v1`); it kept three chips of each board. */
const recorded: Answers = {
  summary: {
    SUMMARY: [
      {
        Elapsed: 56696,
        'MHS av': 7970630.042671183,
        'MHS 5s': 20599767.1774699,
        Accepted: 3310,
        Rejected: 1,
        'Hardware Errors': 0,
      },
    ],
  },
  devs: {
    DEVS: [6_800_000, 6_900_000, 7_000_000].map((rate, at) => ({ DEV: at + 1, ID: at + 1, 'MHS 5s': rate })),
  },
  temperature: {
    Temperature: [
      { ID: 0, Name: 'Control Board', BoardTemp: sensors(24.9375), ChipTemp: null },
      { ID: 1, BoardTemp: sensors(21.5, 20.5, 22.5, 41.5, 41), ChipTemp: sensors(45.827, 45.827, 45.029) },
      { ID: 2, BoardTemp: sensors(22, 21.5, 23, 43, 42.5), ChipTemp: sensors(44.431, 46.226, 48.221) },
      { ID: 3, BoardTemp: sensors(23, 22.5, 22, 47.5, 45), ChipTemp: sensors(51.412, 50.216, 50.216) },
    ],
  },
  fan: {
    Fan: [7_080, 7_020, 7_100, 7_020].map((Speed, at) => ({ ID: at + 1, Speed, Target: 7_000, Max: 7_700 })),
  },
  psu: {
    PSU: [{ VoutSet: '11.50V', Vin: '245.00V', Vout: '11.53V', PowerIn: '58.94W', PoutMax: '3452.00W' }],
  },
  mode: { Mode: [{ Mode: 'custom', Sleep: 'off', Ths: 160, Power: 2000 }] },
  frequency: {
    Frequency: [
      { ID: 1, ChipFrequency: clocks(281.25, 247.5, 268.75) },
      { ID: 2, ChipFrequency: clocks(327.5, 323.75, 328.75) },
      { ID: 3, ChipFrequency: clocks(391.25, 352.5, 166.25) },
    ],
  },
};

describe('answers of an Auradine', () => {
  it('are its figures', () => {
    expect(parseValues(recorded)).toEqual({
      hashrateThs: expect.closeTo(20.5998, 4),
      board1HashrateThs: expect.closeTo(6.8, 6),
      board2HashrateThs: expect.closeTo(6.9, 6),
      board3HashrateThs: expect.closeTo(7, 6),
      board1ChipTempC: 45.827,
      board2ChipTempC: 48.221,
      board3ChipTempC: 51.412,
      board1Chips: 3,
      board2Chips: 3,
      board3Chips: 3,
      chipTempC: 51.412,
      boardTempC: 47.5,
      powerW: 58.94,
      voltageV: 11.53,
      fan1Rpm: 7_080,
      fan2Rpm: 7_020,
      fan3Rpm: 7_100,
      fan4Rpm: 7_020,
      // 7,000 of 7,700.
      fanDutyPct: 91,
      // 2,687.5 of nine chips.
      frequencyMhz: expect.closeTo(298.6111, 4),
      acceptedShares: 3_310,
      rejectedShares: 1,
      hardwareErrors: 0,
      uptimeS: 56_696,
    });
  });

  it('tell no chips of a board that lists none, and count none that has no clock', () => {
    const Frequency = [
      { ID: 1, ChipFrequency: clocks(300, 0, 310) },
      { ID: 2, ChipFrequency: null },
    ];
    const values = parseValues({ ...recorded, frequency: { Frequency } });
    expect(values.board1Chips).toBe(2);
    expect(values).not.toHaveProperty('board2Chips');
    expect(parseValues({ ...recorded, frequency: nothing })).not.toHaveProperty('board1Chips');
  });

  it('tell the target that the tuner is at, and what flows into a machine cooled by water', () => {
    const tuned = (Tune: string, Mode = 'custom') =>
      parseValues({ ...recorded, mode: { Mode: [{ Mode, Sleep: 'off', Tune, Ths: 160, Power: 2000 }] } });
    expect(tuned('ths')).toMatchObject({ expectedHashrateThs: 160 });
    expect(tuned('ths')).not.toHaveProperty('powerLimitW');
    expect(tuned('power')).toMatchObject({ powerLimitW: 2_000 });
    expect(tuned('power')).not.toHaveProperty('expectedHashrateThs');
    expect(tuned('ths', 'eco')).not.toHaveProperty('expectedHashrateThs');
    const temperature = { Temperature: [{ ID: 0, InletTemp: 31.5, OutletTemp: 38, BoardTemp: sensors(40) }] };
    expect(parseValues({ ...recorded, temperature })).toMatchObject({ inletTempC: 31.5 });
  });
});
