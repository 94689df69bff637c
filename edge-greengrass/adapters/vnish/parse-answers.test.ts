import { describe, expect, it } from 'vitest';
import { parsePools, parseValues, uptimeSeconds } from './parse-answers.ts';

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
