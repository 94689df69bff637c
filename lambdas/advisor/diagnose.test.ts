import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertKinds } from '../../contracts/alert.ts';
import { minerStates, readingFieldNames } from '../../contracts/reading.ts';
import { alertKindOf, causes, diagnose, diagnoseTogether, leastConfidence } from './diagnose.ts';
import type { CauseCode, DiagnosisInput } from './diagnosis-input.ts';
import { causeCodes } from './diagnosis-input.ts';
import { diagnosisInput, gone, history, peers, reading, s19, startMs } from './test-readings.ts';

const hot = { chipTempC: 84 };
const noBoard2 = { board2HashrateThs: 0, board2Chips: 0, hashrateThs: 69.4, powerW: 2_080, chipTempC: 66 };

const cases: readonly [string, CauseCode, string, Partial<DiagnosisInput> & Pick<DiagnosisInput, 'kind'>][] =
  [
    [
      'a stopped fan, alert on the fan',
      'dead_fan',
      'power_off',
      { kind: 'fan_failure', recent: history('m-1', { values: { fan2Rpm: 0, ...hot } }) },
    ],
    [
      'a stopped fan, alert on the heat',
      'dead_fan',
      'power_off',
      { kind: 'overheating', recent: history('m-1', { values: { fan2Rpm: 0, ...hot } }) },
    ],
    [
      'a stopped fan and a firmware that gave up',
      'dead_fan',
      'power_off',
      {
        kind: 'hashrate_drop',
        recent: history('m-1', {
          state: 'fault',
          errorCodes: ['ERROR_FAN_LOST'],
          values: {
            fan2Rpm: 0,
            hashrateThs: 0,
            board1HashrateThs: 0,
            board2HashrateThs: 0,
            board3HashrateThs: 0,
            powerW: 120,
          },
        }),
      },
    ],
    [
      'a stopped fan of a Whatsminer with its code',
      'dead_fan',
      'power_off',
      {
        kind: 'fan_failure',
        recent: history('m-1', {
          errorCodes: ['110'],
          values: { fan1Rpm: 0, fan3Rpm: undefined, fan4Rpm: undefined },
        }),
      },
    ],
    [
      'dust',
      'clogged_filter',
      'adjust_fan',
      {
        kind: 'overheating',
        recent: history('m-1', {
          values: { ...hot, fan1Rpm: 5_600, fan2Rpm: 5_700, fan3Rpm: 5_600, fan4Rpm: 5_650, fanDutyPct: 80 },
        }),
      },
    ],
    [
      'dust with the fans at their limit',
      'clogged_filter',
      'manual_review',
      {
        kind: 'overheating',
        recent: history('m-1', {
          values: { ...hot, fan1Rpm: 6_000, fan2Rpm: 6_000, fan3Rpm: 6_000, fan4Rpm: 6_000, fanDutyPct: 100 },
        }),
      },
    ],
    [
      'a hot aisle',
      'hot_aisle',
      'curtail',
      {
        kind: 'overheating',
        recent: history('m-1', { values: { chipTempC: 91, inletTempC: 39 } }),
        peers: peers({ values: { chipTempC: 90, inletTempC: 38.5 } }),
        alertingMiners: 9,
      },
    ],
    [
      'a lost board',
      'hashboard_lost',
      'reboot',
      { kind: 'hashrate_drop', recent: history('m-1', { values: noBoard2 }) },
    ],
    [
      'a lost board that the firmware does not list any more',
      'hashboard_lost',
      'reboot',
      {
        kind: 'hashrate_drop',
        recent: history('m-1', {
          values: { ...noBoard2, board2HashrateThs: undefined, board2Chips: undefined },
        }),
      },
    ],
    [
      'a lost board, alert on the power',
      'hashboard_lost',
      'reboot',
      { kind: 'power_anomaly', recent: history('m-1', { values: noBoard2 }) },
    ],
    [
      'degrading chips',
      'chip_degradation',
      'adjust_frequency',
      {
        kind: 'hashrate_drop',
        recent: history('m-1', {
          values: { hashrateThs: 88, board3HashrateThs: 19, board3Chips: 96, hardwareErrors: 9_000 },
        }),
      },
    ],
    [
      'throttling',
      'thermal_throttling',
      'adjust_fan',
      {
        kind: 'hashrate_drop',
        recent: history('m-1', {
          values: {
            hashrateThs: 84,
            frequencyMhz: 440,
            chipTempC: 86,
            powerW: 2_500,
            board1HashrateThs: 28,
            board2HashrateThs: 28,
            board3HashrateThs: 28,
          },
        }),
      },
    ],
    [
      'a supply that draws too much',
      'power_supply',
      'manual_review',
      { kind: 'power_anomaly', recent: history('m-1', { values: { powerW: 3_700 } }) },
    ],
    [
      'a supply that the miner complains of',
      'power_supply',
      'manual_review',
      { kind: 'power_anomaly', recent: history('m-1', { errorCodes: ['206'], values: { powerW: 3_600 } }) },
    ],
    [
      'a pool that rejects',
      'pool_trouble',
      'switch_pool',
      {
        kind: 'hashrate_drop',
        recent: history('m-1', { values: { acceptedShares: 10_010, rejectedShares: 40 } }),
      },
    ],
    [
      'no pool alive',
      'pool_trouble',
      'switch_pool',
      { kind: 'hashrate_drop', recent: history('m-1', { values: { poolsAlive: 0 } }) },
    ],
    [
      'the zone off the network',
      'network_zone',
      'manual_review',
      {
        kind: 'offline',
        recent: [...history('m-1'), gone('m-1')],
        zone: Array.from({ length: 12 }, (_, index) => gone(`p-${index}`)),
        alertingMiners: 13,
      },
    ],
    [
      'one miner off the network',
      'single_offline',
      'manual_review',
      { kind: 'offline', recent: [...history('m-1'), gone('m-1')] },
    ],
    [
      'a hang',
      'hang',
      'reboot',
      {
        kind: 'hashrate_drop',
        recent: Array.from({ length: 13 }, (_, index) =>
          reading('m-1', {
            sampledAtMs: startMs + index * 10_000,
            values: {
              acceptedShares: 10_000,
              hashrateThs: 0,
              board1HashrateThs: 0,
              board2HashrateThs: 0,
              board3HashrateThs: 0,
              powerW: 350,
              chipTempC: 40,
            },
          }),
        ),
      },
    ],
    [
      'low power mode',
      'low_power_mode',
      'restore',
      {
        kind: 'hashrate_drop',
        recent: history('m-1', {
          mode: 'low',
          values: {
            powerLimitW: 2_000,
            hashrateThs: 76,
            powerW: 2_000,
            frequencyMhz: 420,
            board1HashrateThs: 25,
            board2HashrateThs: 25,
            board3HashrateThs: 25,
          },
        }),
      },
    ],
    [
      'a stop that we ordered ourselves',
      'low_power_mode',
      'alert_only',
      {
        kind: 'hashrate_drop',
        recent: history('m-1', {
          state: 'stopped',
          values: {
            hashrateThs: 0,
            powerW: 30,
            board1HashrateThs: 0,
            board2HashrateThs: 0,
            board3HashrateThs: 0,
            fan1Rpm: 0,
            fan2Rpm: 0,
            fan3Rpm: 0,
            fan4Rpm: 0,
            chipTempC: 30,
          },
        }),
        recentCommands: [{ type: 'HASHING_DISABLE', atMs: startMs }],
      },
    ],
    [
      'a sensor that lies',
      'sensor_fault',
      'manual_review',
      {
        kind: 'overheating',
        recent: history('m-1', {
          values: { chipTempC: 250, board1ChipTempC: 67, board2ChipTempC: 250, board3ChipTempC: 68 },
        }),
      },
    ],
    [
      'a miner that ramps up',
      'starting_up',
      'alert_only',
      {
        kind: 'hashrate_drop',
        recent: [
          reading('m-1', {
            state: 'booting',
            values: {
              uptimeS: 40,
              hashrateThs: 20,
              powerW: 1_200,
              board1HashrateThs: 7,
              board2HashrateThs: 7,
              board3HashrateThs: 6,
              acceptedShares: 0,
              rejectedShares: 0,
            },
          }),
        ],
      },
    ],
  ];

describe('the rule base', () => {
  it.each(cases)('recognises %s', (_, code, action, part) => {
    const { hypotheses, canTell } = diagnose(diagnosisInput(part));
    expect({
      best: hypotheses[0]?.code,
      canTell,
      ranked: hypotheses.map(({ code, confidence }) => [code, confidence]),
    }).toMatchObject({ best: code, canTell: true });
    expect(hypotheses[0]?.action.type).toBe(action);
  });

  it('has a recognised case for every cause', () => {
    expect(new Set(cases.map(([, code]) => code))).toEqual(new Set(causeCodes));
    expect(causes.map(({ code }) => code)).toEqual(causeCodes);
  });

  it('quotes the figures it used', () => {
    const { hypotheses } = diagnose(
      diagnosisInput({ kind: 'overheating', recent: history('m-1', { values: { fan2Rpm: 0, ...hot } }) }),
    );
    const said = hypotheses[0]?.evidence.map(({ en }) => en).join('; ');
    expect(said).toContain('Fan 2 turns at 0 rpm');
    expect(said).toContain('84.0 °C');
    expect(said).toContain('median of 68.0 °C');
    expect(hypotheses[0]?.evidence.map(({ zh }) => zh).join('；')).toContain('风扇 2 转速 0 RPM');
  });
});

describe('humility', () => {
  it.each(alertKinds)('cannot tell why a healthy miner raised %s', (kind) => {
    const { canTell, hypotheses, summary } = diagnose(diagnosisInput({ kind }));
    expect({
      kind,
      canTell,
      ranked: hypotheses.map(({ code, confidence }) => [code, confidence]),
    }).toMatchObject({ canTell: false });
    expect(summary.en).toContain('do not tell');
  });

  it('does not blame one miner for the heat of its zone', () => {
    const zoneHot = peers({ values: { chipTempC: 90, inletTempC: 38.5 } });
    const { hypotheses } = diagnose(
      diagnosisInput({
        kind: 'overheating',
        recent: history('m-1', { values: { chipTempC: 91, inletTempC: 39 } }),
        peers: zoneHot,
      }),
    );
    expect(hypotheses[0]?.code).toBe('hot_aisle');
    expect(hypotheses.find(({ code }) => code === 'clogged_filter')?.confidence ?? 0).toBeLessThan(
      leastConfidence,
    );
  });

  it('says that it cannot tell without peers or readings', () => {
    const { canTell } = diagnose(diagnosisInput({ kind: 'overheating', recent: [], peers: [], zone: [] }));
    expect(canTell).toBe(false);
  });
});

it('finds the common cause of an incident', () => {
  const zoneHot = peers({ values: { chipTempC: 90, inletTempC: 38.5 } });
  const inputs = ['m-1', 'm-2', 'm-3'].map((id) =>
    diagnosisInput({
      kind: 'overheating',
      miner: s19(id),
      recent: history(id, { values: { chipTempC: 91, inletTempC: 39 } }),
      peers: zoneHot,
      alertingMiners: 3,
    }),
  );
  expect(diagnoseTogether(inputs)).toMatchObject({
    canTell: true,
    hypotheses: [{ rank: 1, code: 'hot_aisle' }, {}, {}],
  });
});

const unwanted = /\?|undefined|NaN/;

it('never fails, and ranks at most three hypotheses between 0.02 and 0.97, whatever miners say', () => {
  const anyReading = fc.record({
    minerId: fc.constant('m-1'),
    sampledAtMs: fc.nat(),
    state: fc.constantFrom(...minerStates),
    // What the text quotes of a miner must not itself be what the text must not hold.
    errorCodes: fc.array(
      fc.string({ minLength: 1, maxLength: 8 }).filter((code) => !unwanted.test(code)),
      { maxLength: 3 },
    ),
    values: fc.dictionary(
      fc.constantFrom(...readingFieldNames),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    ),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...alertKinds),
      fc.array(anyReading, { maxLength: 6 }),
      fc.array(anyReading, { maxLength: 6 }),
      (kind, recent, others) => {
        const { hypotheses, canTell } = diagnose(
          diagnosisInput({ kind, recent, peers: others, zone: others }),
        );
        expect(hypotheses.length).toBeLessThanOrEqual(3);
        expect(hypotheses.map(({ rank }) => rank)).toEqual(hypotheses.map((_, index) => index + 1));
        for (const { confidence, evidence } of hypotheses) {
          expect(confidence).toBeGreaterThanOrEqual(0.02);
          expect(confidence).toBeLessThanOrEqual(0.97);
          expect(evidence.length).toBeGreaterThan(0);
          for (const { en, zh } of evidence) expect(`${en}${zh}`).not.toMatch(unwanted);
        }
        expect(canTell).toBe((hypotheses[0]?.confidence ?? 0) >= leastConfidence);
      },
    ),
    { numRuns: 500 },
  );
});

it('knows the documented alert types and their synonyms', () => {
  expect(['hashrate_drop', 'offline', 'high_temperature'].map(alertKindOf)).toEqual([
    'hashrate_drop',
    'offline',
    'overheating',
  ]);
  expect(alertKindOf('constructor')).toBeUndefined();
});
