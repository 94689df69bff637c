import { describe, expect, it } from 'vitest';
import { boardSerials, fanOf, parseErrors, parsePools, parseValues, stateOf } from './parse-answers.ts';

const board = (serial: string, index: number, ths: number, temps: readonly number[]) => ({
  index,
  serial_number: serial,
  hashrate: { value: ths, unit: 'TH/s' },
  temperature: { inlet: 30 + index, outlet: 60 + index, average: 50, unit: '°C' },
  voltage: { value: 16.2, unit: 'V' },
  asics: { temperature: { unit: '°C', values: temps } },
});
const mining = {
  'mining-status': {
    status: 'DegradedMining',
    ideal_hashrate_ghs: 112_000,
    power_target_watts: 3_120,
    power_usage_watts: 3_100,
    hw_errors: 100,
    reboot_uptime_s: 521,
    average_asic_temp_c: 60,
  },
};

describe('answers of a Proto Rig', () => {
  it('mix GH/s and TH/s; boards keep their places by serial number when one is lost', () => {
    const serials = boardSerials({
      'hardware-info': {
        'hashboards-info': [
          { slot: 4, hb_sn: 'C' },
          { slot: 1, hb_sn: 'A' },
          { slot: 3, hb_sn: 'B' },
          { slot: 6, hb_sn: 'D' },
        ],
      },
    });
    expect(serials).toEqual(['A', 'B', 'C', 'D']);
    const telemetry = {
      miner: { hashrate: { value: 95.5, unit: 'TH/s' }, power: { value: 3_250, unit: 'W' } },
      hashboards: [board('C', 4, 31.8, [72.5, 73]), board('A', 1, 31.9, [70]), board('D', 6, 31.8, [80, 0])],
    };
    const cooling = {
      'cooling-status': {
        speed_percentage: 55,
        fans: [
          { slot: 2, rpm: 1_200 },
          { slot: 1, rpm: 0 },
        ],
      },
    };
    expect(parseValues({ mining, telemetry, cooling }, serials)).toEqual({
      hashrateThs: 95.5,
      expectedHashrateThs: 112,
      powerW: 3_250,
      powerLimitW: 3_120,
      board1HashrateThs: 31.9,
      board3HashrateThs: 31.8,
      board1ChipTempC: 70,
      board3ChipTempC: 73,
      chipTempC: 80,
      boardTempC: 66,
      inletTempC: 31,
      voltageV: 16.2,
      fan1Rpm: 0,
      fan2Rpm: 1_200,
      fanDutyPct: 55,
      hardwareErrors: 100,
      uptimeS: 521,
    });
  });

  it('do without what a page does not say, and without a unit that is not the document’s', () => {
    expect(parseValues({ mining, telemetry: {}, cooling: {} }, [])).toMatchObject({
      powerW: 3_100,
      chipTempC: 60,
    });
    const odd = { miner: { hashrate: { value: 95_500, unit: 'GH/s' } } };
    expect(parseValues({ mining: {}, telemetry: odd, cooling: {} }, [])).toEqual({});
  });

  it('have a word for each state; an unknown one is judged by what it hashes', () => {
    const at = (status: unknown) => ({ 'mining-status': { status } });
    expect(stateOf(at('Mining'), 90)).toBe('hashing');
    expect(stateOf(at('NoPools'), 0)).toBe('idle');
    expect(stateOf(at('PoweringOn'), 0)).toBe('booting');
    expect(stateOf(at('Stopped'), undefined)).toBe('stopped');
    expect(stateOf(at('Error'), 0)).toBe('fault');
    expect(stateOf(at('Dancing'), 90)).toBe('hashing');
    expect(stateOf(at('constructor'), 0)).toBe('idle');
  });

  it('list pools by priority, and errors bare or under a name, by word or number', () => {
    const pools = [
      { url: 'b', user: 'u', priority: 1, status: 'Idle', accepted: 1, rejected: 0 },
      { url: 'a', user: 'u', priority: 0, status: 'Active', accepted: 5, rejected: 2 },
      { url: 'c', user: 'u', priority: 2, status: 'Dead', accepted: 0, rejected: 0 },
    ];
    expect(parsePools({ pools })).toEqual({
      pools: [
        { url: 'a', user: 'u' },
        { url: 'b', user: 'u' },
        { url: 'c', user: 'u' },
      ],
      values: { acceptedShares: 6, rejectedShares: 2, poolsAlive: 2, activePool: 0 },
    });
    const list = [{ error_code: 'FanSlow' }, { error_code: 1024 }, { error_code: 'FanSlow' }, {}];
    expect(parseErrors({ fields: {}, list })).toEqual(['FanSlow', '1024']);
    expect(parseErrors({ fields: { errors: list }, list: [] })).toEqual(['FanSlow', '1024']);
    expect(parseErrors({ fields: {}, list: [] })).toEqual([]);
  });

  it('tell how the fans are steered', () => {
    const at = (fan_mode: string) => ({ 'cooling-status': { fan_mode, speed_percentage: 75 } });
    expect(fanOf(at('Auto'))).toBe('auto');
    expect(fanOf(at('Manual'))).toBe(75);
    expect(fanOf(at('Off'))).toBeUndefined();
  });
});
