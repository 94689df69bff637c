import { describe, expect, it } from 'vitest';
import { errorCodesOf } from './error-codes.ts';

const fans = (words: readonly string[]) => words.map((status, id) => ({ id, rpm: 0, status }));
const summary = (states: readonly string[], cooling = {}) => ({
  miner: { chains: states.map((state, at) => ({ id: at + 1, status: { state } })), cooling },
});

describe('what VNish says is wrong', () => {
  it('is its failure, where it has one', () => {
    // An S19 under 1.2.6, `GET /status` (“VNish API Documentation”).
    const failed = {
      miner_state: 'failure',
      miner_state_time: 1,
      description: 'Failed to parse miner configuration',
      failure_code: 1002,
    };
    expect(errorCodesOf(failed, { miner: { chains: [], cooling: { fan_num: 0, fans: [] } } })).toEqual([
      '1002',
    ]);
    expect(errorCodesOf({ miner_state: 'mining', failure_code: 0 }, summary(['mining']))).toEqual([]);
    expect(errorCodesOf({ miner_state: 'starting' }, { miner: null })).toEqual([]);
  });

  it('is a board that failed or is gone, but none that was switched off', () => {
    expect(
      errorCodesOf({ miner_state: 'mining' }, summary(['mining', 'failure', 'Disconnected', 'disabled'])),
    ).toEqual(['chain#2:failure', 'chain#3:disconnected']);
  });

  it('is a lost fan by its number in the logs, but in oil and while the mining stands', () => {
    const lost = { fans: fans(['ok', 'lost', 'ok', 'lost']), settings: { mode: { name: 'auto' } } };
    const mining = { miner_state: 'mining' };
    expect(errorCodesOf(mining, summary([], lost))).toEqual(['fan#2:lost', 'fan#4:lost']);
    expect(errorCodesOf({ miner_state: 'stopped' }, summary([], lost))).toEqual([]);
    for (const name of ['immersion', 'immers'])
      expect(errorCodesOf(mining, summary([], { ...lost, settings: { mode: { name } } })), name).toEqual([]);
  });

  it('is no more than a reading holds', () => {
    const many = { miner_state: 'mining', failure_code: 1002 };
    expect(errorCodesOf(many, summary(Array.from({ length: 40 }, () => 'failure')))).toHaveLength(32);
  });
});
