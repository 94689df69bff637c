import { describe, expect, it } from 'vitest';
import { parsePools, parseValues, stateOf, uptimeSeconds } from './parse-answers.ts';

describe('answers of VNish', () => {
  it('hold uptimes with and without days', () => {
    expect(['10 days, 18:00', '1 day, 0:01', '0:06', 'soon', undefined].map(uptimeSeconds)).toEqual([
      928_800,
      86_460,
      360,
      undefined,
      undefined,
    ]);
  });

  it('are in the unit that the machine names; millivolts are volts; a lost board leaves its place empty', () => {
    const chain = (id: number) => ({
      id,
      frequency: 500 + id,
      voltage: 13_700,
      hashrate_rt: 31_000 + id,
      pcb_temp: { min: 40, max: 60 + id },
      chip_temp: { min: 50, max: 70 + id },
    });
    const summary = {
      miner: {
        hr_realtime: 62_004,
        hr_nominal: 95_000,
        power_consumption: 2_100,
        hw_errors: 7,
        chains: [chain(1), chain(3)],
        cooling: {
          fan_duty: 70,
          fans: [
            { id: 0, rpm: 5_000 },
            { id: 1, rpm: 0 },
          ],
        },
      },
    };
    expect(parseValues({ hr_measure: 'GH/s', system: { uptime: '0:01' } }, summary)).toEqual({
      hashrateThs: expect.closeTo(62.004, 6),
      expectedHashrateThs: 95,
      powerW: 2_100,
      boardTempC: 63,
      chipTempC: 73,
      board1HashrateThs: expect.closeTo(31.001, 6),
      board3HashrateThs: expect.closeTo(31.003, 6),
      board1ChipTempC: 71,
      board3ChipTempC: 73,
      frequencyMhz: 502,
      voltageV: expect.closeTo(13.7, 6),
      fan1Rpm: 5_000,
      fan2Rpm: 0,
      fanDutyPct: 70,
      hardwareErrors: 7,
      uptimeS: 60,
    });
    expect(parseValues({ hr_measure: 'kSol/s' }, summary)).not.toHaveProperty('hashrateThs');
  });

  it('hold the chips that hash, and of boards in water what flows in', () => {
    // A board of an S21+ Hydro under 1.2.8, as TheGarmr/hass-miner keeps it: 94 chips as they should be, 1 that is slow.
    const hydro = {
      id: 1,
      hashrate_rt: 138_615.55,
      pcb_temp: { min: 29, max: 49 },
      chip_temp: { min: 29, max: 49 },
      chip_statuses: { red: 0, orange: 1, grey: 94 },
      inlet_water_temp: 29,
      outlet_water_temp: 39,
    };
    // A board of an S19j Pro under 1.2.0-rc5 that does not hash yet.
    const starting = { ...hydro, hashrate_rt: 0, chip_statuses: { red: 126, orange: 0, grey: 0 } };
    const chains = [hydro, { ...starting, id: 2, inlet_water_temp: 31 }, { id: 3 }];
    const values = parseValues({ hr_measure: 'GH/s' }, { miner: { chains } });
    expect(values).toMatchObject({ board1Chips: 95, board2Chips: 0, inletTempC: 31, boardTempC: 49 });
    expect(values).not.toHaveProperty('board3Chips');
  });

  it('are no temperatures where they are zeros', () => {
    // What an S19 under 1.2.6 answers that does not get as far as its boards (“VNish API Documentation”).
    const none = { min: 0, max: 0 };
    const miner = { hr_realtime: 0, pcb_temp: none, chip_temp: none, power_consumption: 0, chains: [] };
    expect(parseValues({ hr_measure: 'GH/s' }, { miner })).toEqual({ hashrateThs: 0, powerW: 0 });
  });

  it.each([
    ['mining', 'hashing'],
    ['auto_tuning', 'hashing'],
    ['paused', 'stopped'],
    ['failed', 'fault'],
    ['broken', 'fault'],
    ['a word of tomorrow', 'idle'],
  ])('that say %s are of a machine that is %s', (miner_state, state) => {
    expect(stateOf({ miner_state }, 0)).toBe(state);
  });

  it('leave out the pool of the firmware’s fee', () => {
    const pool = (url: string, status: string, pool_type = 'Pool') => ({
      url,
      user: 'u',
      status,
      pool_type,
      accepted: 10,
      rejected: 1,
      stale: 2,
    });
    const pools = [
      pool('a:1', 'offline'),
      pool('b:1', 'active'),
      pool('c:1', 'working'),
      pool('d:1', 'working', 'DevFee'),
    ];
    expect(parsePools({ miner: { pools } })).toEqual({
      pools: ['a', 'b', 'c'].map((host) => ({ url: `stratum+tcp://${host}:1`, user: 'u' })),
      values: { acceptedShares: 30, rejectedShares: 3, staleShares: 6, poolsAlive: 2, activePool: 1 },
    });
  });
});
