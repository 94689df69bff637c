import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MinerReading } from '../../contracts/reading.ts';
import { toColumns } from '../../contracts/telemetry-columns.ts';
import { applyColumns } from '../telemetry/apply-columns.ts';
import { emptyState } from '../telemetry/live-state.ts';
import { healthy, minerIds, s19 } from '../telemetry/test-batches.ts';
import type { MinerFacts } from './miner-facts.ts';

const startMs = Date.parse('2026-11-21T12:00:00.000Z');
const peers = minerIds(8);

type Values = MinerReading['values'];
type Step = {
  readonly values?: Values;
  readonly state?: MinerReading['state'];
  readonly mode?: MinerReading['mode'];
  readonly errorCodes?: string[];
  readonly gone?: boolean;
};

/** Runs one miner among eight healthy peers through sweeps, and lists what is found of it: `kind severity` or `-kind`. */
const run = (
  steps: readonly Step[],
  {
    facts = s19,
    everyS = 2,
    among = peers,
  }: { facts?: MinerFacts; everyS?: number; among?: readonly string[] } = {},
) => {
  let live = emptyState({ siteId: 1, gatewayId: 'gw', shard: 0 });
  const found: string[][] = [];
  const reasons: string[] = [];
  for (const [index, step] of steps.entries()) {
    const at = startMs + index * everyS * 1000;
    const base = healthy('m-x', at, step.values, step.state);
    const own: MinerReading = {
      ...base,
      ...(step.mode && { mode: step.mode }),
      ...(step.errorCodes && { errorCodes: step.errorCodes }),
    };
    const silent: MinerReading =
      step.state === 'unreachable'
        ? { minerId: 'm-x', sampledAtMs: at, state: 'unreachable', values: {} }
        : own;
    const readings = [...among.map((id) => healthy(id, at)), ...(step.gone ? [] : [silent])];
    const applied = applyColumns(live, toColumns(readings), at, (id) => (id === 'm-x' ? facts : s19));
    live = applied.live;
    const mine = applied.anomalies.filter(({ minerId }) => minerId === 'm-x');
    expect(applied.anomalies.length).toBe(mine.length);
    reasons.push(...mine.map(({ reason }) => reason.en));
    found.push([
      ...mine.map(({ kind, severity }) => `${kind} ${severity}`),
      ...applied.recoveries.map(({ kind }) => `-${kind}`),
    ]);
  }
  return { found, all: found.flat(), reasons };
};
const times = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step);
const well: Step = {};
const off: Step = {
  state: 'stopped',
  values: {
    hashrateThs: 0,
    powerW: 40,
    board1HashrateThs: 0,
    board2HashrateThs: 0,
    board3HashrateThs: 0,
    fan1Rpm: 0,
    fan2Rpm: 0,
    fan3Rpm: 0,
    fan4Rpm: 0,
    chipTempC: 30,
  },
};

describe('detection', () => {
  it.each<[string, Step[], string[][]]>([
    ['a critical chip at the first sample', [well, { values: { chipTempC: 97 } }], [[], ['overheating P1']]],
    [
      'a warm chip at the second sample',
      [well, ...times(2, { values: { chipTempC: 92 } })],
      [[], [], ['overheating P2']],
    ],
    [
      'a warm chip that gets critical, at once',
      [...times(2, { values: { chipTempC: 92 } }), { values: { board2ChipTempC: 98 } }],
      [[], ['overheating P2'], ['overheating P1']],
    ],
    ['the firmware’s own word for heat', [{ errorCodes: ['ERROR_TEMP_TOO_HIGH'] }], [['overheating P1']]],
    [
      'a board sensor where chips say nothing',
      [{ values: { chipTempC: -1, boardTempC: 83 } }],
      [['overheating P1']],
    ],
    ['a standing fan at the second sample', times(2, { values: { fan3Rpm: 0 } }), [[], ['fan_failure P2']]],
    [
      'a fan fault that the firmware names, at once',
      [{ values: { fan3Rpm: 0 }, errorCodes: ['ERROR_FAN_LOST'] }],
      [['fan_failure P2']],
    ],
    ['a fan far behind its siblings', times(2, { values: { fan1Rpm: 2_100 } }), [[], ['fan_failure P2']]],
    [
      'all fans standing',
      times(2, { values: { fan1Rpm: 0, fan2Rpm: 0, fan3Rpm: 0, fan4Rpm: 0 } }),
      [[], ['fan_failure P1']],
    ],
    [
      'a board without chips, at once',
      [{ values: { hashrateThs: 63.3, powerW: 2_200, board2HashrateThs: 0, board2Chips: 0 } }],
      [['hashrate_drop P2']],
    ],
    [
      'a board that hashes nothing, at the second sample',
      times(2, { values: { hashrateThs: 63.3, powerW: 2_200, board2HashrateThs: 0 } }),
      [[], ['hashrate_drop P2']],
    ],
    [
      'a third less hashrate',
      times(2, { values: { hashrateThs: 60, powerW: 2_200 } }),
      [[], ['hashrate_drop P2']],
    ],
    [
      'a hang: reachable, hashing nothing',
      times(2, { state: 'idle', values: { hashrateThs: 0, powerW: 300 } }),
      [[], ['hashrate_drop P1']],
    ],
    [
      'a miner that wastes energy against its peers',
      times(2, { values: { powerW: 4_400 } }),
      [[], ['power_anomaly P2']],
    ],
    ['a meter that cannot be right', times(3, { values: { powerW: 1_200 } }), [[], [], ['power_anomaly P3']]],
  ])('finds %s', (_, steps, expected) => {
    expect(run(steps).found).toEqual(expected);
  });

  it('quotes the figures it compared', () => {
    expect(run(times(2, { values: { fan3Rpm: 0 } })).reasons).toEqual([
      'Fan3 at 0 rpm while the other fans turn at 5020 rpm.',
    ]);
    expect(run(times(2, { values: { hashrateThs: 60 } })).reasons[0]).toBe(
      'Hashrate 60 TH/s is 37% below the expected 95 TH/s. 9 peers (Antminer S19, zone A) run at 100% of theirs.',
    );
  });

  it('recovers with hysteresis: only well below the limit, and only twice in a row', () => {
    const at = (chipTempC: number): Step => ({ values: { chipTempC } });
    const { found } = run([at(97), at(88), at(84), at(88), at(84), at(84), at(84)]);
    expect(found).toEqual([['overheating P1'], [], [], [], [], ['-overheating'], []]);
  });

  it('tells of a lasting anomaly once a minute', () => {
    const { found } = run(times(62, { values: { chipTempC: 99 } }));
    expect(found.flatMap((one, index) => (one.length > 0 ? [index] : []))).toEqual([0, 30, 60]);
  });

  it('finds a miner that does not answer, after two sweeps and longer than a restart, and when it is back', () => {
    const { found } = run([well, ...times(24, { state: 'unreachable' }), well]);
    expect(found.flatMap((one, index) => one.map((what) => [index, what]))).toEqual([
      [24, 'offline P2'],
      [25, '-offline'],
    ]);
    expect(run([well, ...times(2, { state: 'unreachable' })], { everyS: 60 }).all).toEqual(['offline P2']);
  });

  it('finds a miner that its gateway does not mention any more', () => {
    const { all } = run([well, ...times(4, { gone: true }), well], { everyS: 60 });
    expect(all).toEqual(['offline P2', 'offline P2', '-offline']);
  });

  it.each<[string, Step[]]>([
    ['a healthy miner', times(40, well)],
    ['one bad sample', [well, { values: { fan1Rpm: 0 } }, well, { values: { hashrateThs: 10 } }, well]],
    [
      'a miner that was stopped, and its start',
      [
        well,
        ...times(30, off),
        ...times(5, { state: 'booting', values: off.values ?? {} }),
        ...[0, 10, 25, 40, 60, 80, 90].map(
          (hashrateThs): Step => ({ values: { hashrateThs, powerW: 300 + hashrateThs * 30 } }),
        ),
        ...times(5, well),
      ],
    ],
    ['sleep mode', [well, ...times(10, { ...off, state: 'hashing', mode: 'sleep' })]],
    [
      'a reboot',
      [
        well,
        ...times(8, { state: 'unreachable' }),
        ...[5, 15, 25].map(
          (uptimeS): Step => ({ state: 'idle', values: { hashrateThs: 0, powerW: 200, uptimeS } }),
        ),
        ...[35, 45, 55].map(
          (uptimeS): Step => ({ values: { hashrateThs: uptimeS, powerW: uptimeS * 34, uptimeS } }),
        ),
        { values: { uptimeS: 65 } },
      ],
    ],
    [
      'a new power limit',
      [
        well,
        ...times(10, { values: { powerLimitW: 2_500, powerW: 3_250 } }),
        ...times(10, {
          values: { powerLimitW: 2_500, powerW: 2_450, hashrateThs: 76, expectedHashrateThs: 76 },
        }),
      ],
    ],
    [
      'low mode without an expectation',
      times(5, { mode: 'low', values: { hashrateThs: 60, expectedHashrateThs: 0, powerW: 1_700 } }),
    ],
  ])('says nothing of %s', (_, steps) => {
    expect(run(steps).all).toEqual([]);
  });

  it('says nothing of a miner that takes its time to start, and speaks when it never gets there', () => {
    const starting = (uptimeS: number): Step => ({ values: { uptimeS, hashrateThs: 50, powerW: 1_700 } });
    expect(run([100, 160, 220, 400, 590].map(starting), { everyS: 60 }).all).toEqual([]);
    expect(run([100, 590, 650, 710].map(starting), { everyS: 60 }).all).toContain('hashrate_drop P2');
  });

  it('never throws, never finds before its time, and never recovers what it did not find, whatever the figures', () => {
    const value = fc.option(fc.double({ min: -100, max: 10_000, noNaN: true }), { nil: undefined });
    const values = fc.record({
      hashrateThs: value,
      powerW: value,
      chipTempC: value,
      fan1Rpm: value,
      fan2Rpm: value,
      powerLimitW: value,
      uptimeS: value,
      board1HashrateThs: value,
      expectedHashrateThs: value,
      boardTempC: value,
    });
    const step = fc.record({
      values,
      state: fc.constantFrom('hashing', 'idle', 'stopped', 'booting', 'fault', 'unreachable' as const),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const open = new Set<string>();
        const clean = steps.map(
          (one): Step => ({
            state: one.state,
            values: Object.fromEntries(Object.entries(one.values).filter(([, v]) => v !== undefined)),
          }),
        );
        for (const what of run(clean, { among: [] }).all) {
          const kind = what.replace(/^-/, '').replace(/ P\d$/, '');
          if (what.startsWith('-')) expect(open.delete(kind)).toBe(true);
          else open.add(kind);
        }
      }),
      { numRuns: 200 },
    );
  });
});
