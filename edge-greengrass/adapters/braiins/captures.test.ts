import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture, dataPath } from '../../test-kit/captures.ts';
import { fieldsOf, listOf } from '../values.ts';
import {
  graphqlFan,
  graphqlState,
  graphqlTarget,
  parseGraphqlPools,
  parseGraphqlValues,
} from './graphql-answers.ts';
import {
  fanDutyPct,
  parseRestErrors,
  parseRestPools,
  parseRestValues,
  restFan,
  restState,
  restTarget,
} from './rest-answers.ts';

const of = (version: string) => dataPath('captures', 'braiins', version);
const [v21, v2503, v2511] = ['v21_09', 'v25_03', 'v25_11'].map(of);
const dataOf = (folder: string, name: string) => fieldsOf(capture(folder, name).data);

/** Expected values are worked out by hand from the recorded answers. */
describe('a recorded S19 XP under Braiins OS 25.11, by REST', () => {
  it.skipIf(!v2511)('tells all that the pages hold', () => {
    const at = (name: string) => capture(v2511 ?? '', name);
    const pages = {
      details: at('miner_details'),
      stats: at('miner_stats'),
      boards: at('miner_hw_hashboards'),
      cooling: at('cooling_state'),
      configuration: at('configuration_miner'),
    };
    const values = parseRestValues(pages);
    expect(values).toMatchObject({
      powerW: 2_472,
      powerLimitW: 3_031,
      inletTempC: 42,
      chipTempC: 71.5,
      boardTempC: 56.5,
      board1ChipTempC: 71.5,
      board2ChipTempC: 69.5,
      board1Chips: 110,
      fan1Rpm: 5_879,
      fan2Rpm: 5_819,
      fan3Rpm: 5_909,
      fan4Rpm: 5_909,
      fanDutyPct: 100,
      acceptedShares: 5_048,
      rejectedShares: 10,
      staleShares: 0,
      uptimeS: 21_448,
    });
    expect(values.hashrateThs).toBeCloseTo(121.0154090279, 9);
    expect(values.expectedHashrateThs).toBeCloseTo(119.967846104142, 9);
    expect(values.board1HashrateThs).toBeCloseTo(44.37260535253, 9);
    expect(values.voltageV).toBeCloseTo(12.6061, 3);
    expect(values).not.toHaveProperty('hardwareErrors');
    expect(restState(pages.details, values.hashrateThs)).toBe('hashing');
    expect(restTarget(pages.configuration)).toEqual({ watts: 3_031 });
    expect(restFan(pages.configuration, fanDutyPct(pages.cooling))).toBeUndefined();
  });

  it.skipIf(!v2511)('has two pools, and a history of errors of which none is of now', () => {
    const groups: unknown = JSON.parse(readFileSync(join(v2511 ?? '', 'pools.json'), 'utf8'));
    const pools = parseRestPools(listOf(groups));
    expect(pools.values).toEqual({ poolsAlive: 2, activePool: 0 });
    expect(pools.pools[1]).toEqual({ url: 'stratum+tcp://example.pool2.com:3333', user: 'asic_rs.test' });
    const errors = capture(v2511 ?? '', 'miner_errors');
    expect(parseRestErrors(errors, Date.parse('2026-04-17T00:00:00Z'))).toEqual([]);
    expect(parseRestErrors(errors, Date.parse('2026-04-01T23:25:00Z'))).toEqual(['V2']);
    expect(parseRestErrors(errors, Date.parse('2026-02-25T00:44:00Z'))).toEqual(['H2']);
  });
});

describe('a recorded S21 under Braiins OS 25.03, by GraphQL', () => {
  it.skipIf(!v2503)('tells all that the answers hold', () => {
    const [system, boards, pools] = ['gql_system', 'gql_boards', 'gql_pools'].map((name) =>
      dataOf(v2503 ?? '', name),
    );
    const values = parseGraphqlValues(system ?? {}, boards ?? {});
    expect(values).toMatchObject({
      powerW: 4_448,
      powerLimitW: 3_878,
      inletTempC: 39,
      boardTempC: 60,
      chipTempC: 75,
      board2ChipTempC: 73.5,
      board3ChipTempC: 72.5,
      board3Chips: 55,
      fan1Rpm: 6_418,
      fan4Rpm: 5_998,
      fanDutyPct: 100,
      voltageV: 12.945725,
      uptimeS: 96_949,
    });
    expect(values.hashrateThs).toBeCloseTo(251.2353307059, 9);
    expect(values.expectedHashrateThs).toBeCloseTo(259.19043918624, 9);
    expect(values.board1HashrateThs).toBeCloseTo(83.9181063386, 9);
    // (766.136363 + 768.068181 + 768.068181) / 3
    expect(values.frequencyMhz).toBeCloseTo(767.424242, 5);
    expect(graphqlState(system ?? {}, values.hashrateThs)).toBe('hashing');
    expect(parseGraphqlPools(pools ?? {})).toMatchObject({
      values: { acceptedShares: 10_781, rejectedShares: 24, poolsAlive: 2, activePool: 0 },
      pools: [{ url: 'stratum+tcp://example.pool.com:3333', user: 'asic_rs.test' }, {}],
    });
    expect(graphqlTarget(dataOf(v2503 ?? '', 'gql_tuning'))).toEqual({ watts: 3_878 });
  });
});

describe('a recorded S9 under Braiins OS 22.08, by GraphQL', () => {
  it.skipIf(!v21)('has boards named 6 to 8, two fans that stand, and two groups of pools', () => {
    const [system, boards, pools] = ['gql_system', 'gql_boards', 'gql_pools'].map((name) =>
      dataOf(v21 ?? '', name),
    );
    const values = parseGraphqlValues(system ?? {}, boards ?? {});
    expect(values).toMatchObject({
      powerW: 735,
      powerLimitW: 900,
      boardTempC: 75.375,
      chipTempC: 89.25,
      board1ChipTempC: 81.625,
      board2ChipTempC: 89.25,
      board3ChipTempC: 80,
      board1Chips: 63,
      fan1Rpm: 4_080,
      fan2Rpm: 5_580,
      fan3Rpm: 0,
      fan4Rpm: 0,
      uptimeS: 1_189,
    });
    const named = {
      ...system,
      bosminer: { info: { ...fieldsOf(fieldsOf(system?.bosminer).info), modelName: 'Antminer S9' } },
    };
    const ofAnS9 = parseGraphqlValues(named, boards ?? {});
    expect(ofAnS9).toMatchObject({ fan1Rpm: 4_080, fan2Rpm: 5_580 });
    expect(ofAnS9).not.toHaveProperty('fan3Rpm');
    expect(ofAnS9).not.toHaveProperty('fan4Rpm');
    expect(values.hashrateThs).toBeCloseTo(7.160208944956, 9);
    expect(values.expectedHashrateThs).toBeCloseTo(7.24240252323, 9);
    expect(values.frequencyMhz).toBeCloseTo(420.170944, 6);
    expect(values).not.toHaveProperty('inletTempC');
    expect(parseGraphqlPools(pools ?? {})?.values).toEqual({
      acceptedShares: 49,
      rejectedShares: 0,
      poolsAlive: 2,
      activePool: 0,
    });
  });

  it('keeps a board’s place when another is lost, and tells a stopped bosminer by its missing solver', () => {
    const solver = (name: string) => ({ name, realHashrate: { mhs5S: 3e6 } });
    const boards = { bosminer: { info: { workSolver: { childSolvers: [solver('6'), solver('8')] } } } };
    const values = parseGraphqlValues({ bosminer: { info: { workSolver: {} } } }, boards);
    expect(values).toMatchObject({ board1HashrateThs: 3, board3HashrateThs: 3 });
    expect(values).not.toHaveProperty('board2HashrateThs');
    const stopped = { bosminer: { info: { workSolver: null } } };
    expect(graphqlState(stopped, 0)).toBe('stopped');
    expect(parseGraphqlValues(stopped, stopped)).toEqual({ hashrateThs: 0 });
    const fans = (mode: string) => ({
      bosminer: { config: { tempControl: { mode }, fanControl: { speed: 55 } } },
    });
    expect([fans('AUTO'), fans('MANUAL'), fans('HYDRO')].map(graphqlFan)).toEqual(['auto', 55, undefined]);
  });
});
