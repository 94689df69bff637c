import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionTypes } from '../../contracts/api-advisor.ts';
import { gone, reading } from './test-readings.ts';
import { type TargetObservation, verifyEffect } from './verify-effect.ts';

const peersWell = { count: 8, hashrateThs: 104, chipTempC: 68, powerW: 3_068 };
const lost = reading('m-1', { values: { board2HashrateThs: 0, board2Chips: 0, hashrateThs: 69 } });
const off = {
  hashrateThs: 0,
  board1HashrateThs: 0,
  board2HashrateThs: 0,
  board3HashrateThs: 0,
  powerW: 25,
  chipTempC: 45,
};
const target = (part: Partial<TargetObservation>): TargetObservation => ({
  minerId: 'm-1',
  ratedHashrateThs: 104,
  ratedPowerW: 3_068,
  before: lost,
  peersBefore: peersWell,
  peersAfter: peersWell,
  ...part,
});
const verdict = (
  type: Parameters<typeof verifyEffect>[0]['type'],
  part: Partial<TargetObservation>,
  windowOver = true,
  params = {},
) => verifyEffect({ type, params }, [target(part)], windowOver).verdict;

describe('a restart for a lost board', () => {
  it('worked when the board is back and the hashrate is that of the peers', () => {
    const effect = verifyEffect({ type: 'reboot', params: {} }, [target({ after: reading('m-1') })], false);
    expect(effect).toMatchObject({ verdict: 'effective', score: 1 });
    expect(effect.evidence[0]?.en).toContain(
      '3 of 3 boards work (2 before), 104.0 TH/s against 104.0 TH/s of 8 untouched peers',
    );
  });
  it('is watched until the window is over', () => {
    expect(verdict('reboot', { after: lost }, false)).toBe('pending');
    expect(verdict('reboot', { after: undefined }, false)).toBe('pending');
  });
  it('had no effect when the board stays away', () =>
    expect(verdict('reboot', { after: lost })).toBe('no_effect'));
  it('has not worked while the miner still ramps up', () =>
    expect(verdict('reboot', { after: reading('m-1', { values: { hashrateThs: 80 } }) }, false)).toBe(
      'pending',
    ));
  it('made it worse when another board went', () =>
    expect(
      verdict('reboot', {
        after: reading('m-1', { values: { ...off, board1HashrateThs: 30, hashrateThs: 30 } }),
      }),
    ).toBe('worse'));
  it('made it worse when the miner is gone', () =>
    expect(verdict('reboot', { after: gone('m-1') })).toBe('worse'));
  it('stays open when nothing is heard', () =>
    expect(verdict('reboot', { after: undefined })).toBe('inconclusive'));
  it('is measured against the peers of now, not of then', () =>
    expect(
      verdict('reboot', {
        after: reading('m-1', { values: { hashrateThs: 80 } }),
        peersAfter: { ...peersWell, hashrateThs: 82 },
      }),
    ).toBe('effective'));
});

describe('a stop', () => {
  const before = reading('m-1', { values: { chipTempC: 84, fan2Rpm: 0 } });
  it('worked when it is stopped, quiet and cooler', () =>
    expect(verdict('power_off', { before, after: reading('m-1', { state: 'stopped', values: off }) })).toBe(
      'effective',
    ));
  it('had no effect when it hashes on', () =>
    expect(verdict('power_off', { before, after: before })).toBe('no_effect'));
  it('has not worked while it still draws power', () =>
    expect(
      verdict(
        'power_off',
        { before, after: reading('m-1', { state: 'stopped', values: { ...off, powerW: 900 } }) },
        false,
      ),
    ).toBe('pending'));
  it('made it worse when it hashes on and heats up', () =>
    expect(verdict('power_off', { before, after: reading('m-1', { values: { chipTempC: 92 } }) })).toBe(
      'worse',
    ));
});

describe('the others', () => {
  const before = reading('m-1', { values: { chipTempC: 84 } });
  it.each([
    ['adjust_fan', { before, after: reading('m-1', { values: { chipTempC: 78 } }) }, {}, 'effective'],
    [
      'adjust_fan',
      {
        before,
        after: reading('m-1', { values: { chipTempC: 80 } }),
        peersAfter: { ...peersWell, chipTempC: 64 },
      },
      {},
      'no_effect',
    ],
    ['adjust_fan', { before, after: reading('m-1', { values: { chipTempC: 90 } }) }, {}, 'worse'],
    [
      'adjust_frequency',
      { before, after: reading('m-1', { values: { frequencyMhz: 518 } }) },
      { frequency_mhz: 518 },
      'effective',
    ],
    ['adjust_frequency', { before, after: reading('m-1') }, { frequency_mhz: 500 }, 'no_effect'],
    [
      'curtail',
      { before, after: reading('m-1', { values: { powerW: 2_000 } }) },
      { mode: 'low' },
      'effective',
    ],
    ['curtail', { before, after: reading('m-1', { state: 'idle', values: off }) }, {}, 'effective'],
    ['curtail', { before, after: before }, { mode: 'low' }, 'no_effect'],
    ['restore', { before, after: reading('m-1') }, {}, 'effective'],
    [
      'power_on',
      { before: reading('m-1', { state: 'stopped', values: off }), after: reading('m-1') },
      {},
      'effective',
    ],
    [
      'switch_pool',
      { before, after: reading('m-1', { values: { acceptedShares: 10_050 } }) },
      {},
      'effective',
    ],
    ['switch_pool', { before, after: reading('m-1', { values: { poolsAlive: 0 } }) }, {}, 'no_effect'],
  ] as const)('%s %#', (type, part, params, expected) =>
    expect(verdict(type, part, true, params)).toBe(expected),
  );
});

it('is effective only when every target is, and always ends with the window', () => {
  const observations = fc.array(
    fc.constantFrom(
      target({ after: reading('m-1') }),
      target({ after: lost }),
      target({}),
      target({ after: gone('m-1') }),
    ),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...actionTypes), observations, (type, targets) => {
      expect(verifyEffect({ type, params: {} }, targets, true).verdict).not.toBe('pending');
      const all = verifyEffect({ type, params: {} }, targets, false).verdict === 'effective';
      expect(all).toBe(
        targets.every((one) => verifyEffect({ type, params: {} }, [one], false).verdict === 'effective'),
      );
    }),
  );
});
