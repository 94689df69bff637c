import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MinerOrder } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { listUnknown } from './command-lists.ts';
import { observeAgain, readCommands } from './command-repository.ts';
import { moveAll } from './move-commands.ts';
import { effectIn } from './observe-effect.ts';
import { resolveUnknown } from './resolve-unknown.ts';
import { dispatchOne, proposal, siteId, startControl, startMs, type TestControl } from './test-control.ts';

let control: TestControl;
let live: MinerReading[] = [];
beforeEach(async () => {
  control = await startControl();
  live = [];
});
afterEach(() => control.close());

const minute = 60_000;
const resolve = () =>
  resolveUnknown({
    listUnknown: listUnknown(control.store),
    readCommands: readCommands(control.store),
    readLive: async () => live,
    moveAll: moveAll(control.store),
    observeAgain: observeAgain(control.store),
    clock: control.store.clock,
  })();
const lost = async (order: MinerOrder, minerId = 'gw1_m1') => {
  const proposed = await control.propose(proposal(minerId, { order, approvals: ['user:5', 'user:6'] }));
  if (!proposed.ok) throw new Error(proposed.failure.message);
  const { commandId } = proposed.value;
  await dispatchOne(control.dispatchDeps)(siteId, commandId);
  await control.answer({
    version: 1,
    commandId,
    siteId,
    gatewayId: 'gw1',
    atMs: startMs,
    outcome: 'unknown',
    detail: 'lost',
  });
  return commandId;
};
const reading = (
  afterMs: number,
  state: MinerReading['state'],
  values: MinerReading['values'] = {},
  minerId = 'gw1_m1',
): MinerReading => ({
  minerId,
  sampledAtMs: startMs + afterMs,
  state,
  values,
});
const disable: MinerOrder = { type: 'HASHING_DISABLE', params: {} };

test('later telemetry that shows the effect completes it, and nothing is written again', async () => {
  const id = await lost(disable);
  control.now.ms += minute;
  live = [reading(-1, 'stopped')];
  expect(await resolve()).toEqual({ settled: 0, left: 1 });
  control.now.ms += minute;
  live = [reading(90_000, 'stopped')];
  expect(await resolve()).toEqual({ settled: 1, left: 0 });
  expect(await control.read(id)).toMatchObject({ status: 'COMPLETED', after: { state: 'stopped' } });
  expect(control.published).toHaveLength(1);
  expect((await control.events()).slice(-2)).toEqual([
    'control.command.unknown',
    'control.command.completed',
  ]);
});

test('no effect fails it, but not before an effect had time to show', async () => {
  const id = await lost(disable);
  for (let passed = 1; passed < 15; passed++) {
    control.now.ms = startMs + passed * minute;
    live = [reading(passed * minute, 'hashing')];
    await resolve();
    expect((await control.read(id))?.status).toBe('UNKNOWN');
  }
  control.now.ms = startMs + 16 * minute;
  live = [reading(16 * minute, 'hashing')];
  await resolve();
  expect(await control.read(id)).toMatchObject({ status: 'FAILED', failure: { code: 'NO_EFFECT' } });
});

test('what telemetry cannot tell stays unknown, and is not looked at for ever', async () => {
  const id = await lost({ type: 'LED', params: { on: true } });
  for (const hours of [1, 25, 26]) {
    control.now.ms = startMs + hours * 60 * minute;
    live = [reading(hours * 60 * minute, 'hashing')];
    expect(await resolve()).toEqual({ settled: 0, left: hours > 25 ? 0 : 1 });
  }
  expect((await control.read(id))?.status).toBe('UNKNOWN');
});

test('an answer of the gateway and a look at once settle it once', async () => {
  const id = await lost(disable);
  control.now.ms += 2 * minute;
  live = [reading(90_000, 'stopped')];
  await Promise.all([
    resolve(),
    control.answer({
      version: 1,
      commandId: id,
      siteId,
      gatewayId: 'gw1',
      atMs: startMs,
      outcome: 'succeeded',
    }),
    resolve(),
  ]);
  expect((await control.events()).filter((type) => type === 'control.command.completed')).toHaveLength(1);
});

test.each<[string, MinerOrder, MinerReading, boolean | undefined]>([
  [
    'booted after the write',
    { type: 'MINER_RESTART', params: {} },
    reading(600_000, 'hashing', { uptimeS: 500 }),
    true,
  ],
  [
    'runs since before',
    { type: 'MINER_RESTART', params: {} },
    reading(600_000, 'hashing', { uptimeS: 5_000 }),
    false,
  ],
  ['does not say', { type: 'MINER_RESTART', params: {} }, reading(600_000, 'hashing'), undefined],
  ['is away', disable, reading(600_000, 'unreachable'), undefined],
  ['boots', { type: 'HASHING_ENABLE', params: {} }, reading(600_000, 'booting'), undefined],
  ['hashes', { type: 'HASHING_ENABLE', params: {} }, reading(600_000, 'hashing'), true],
  [
    'has the limit',
    { type: 'POWER_LIMIT', params: { limitW: 3_000 } },
    reading(1, 'hashing', { powerLimitW: 3_000 }),
    true,
  ],
  [
    'has another',
    { type: 'POWER_LIMIT', params: { limitW: 3_000 } },
    reading(1, 'hashing', { powerLimitW: 3_300 }),
    false,
  ],
  [
    'runs near it',
    { type: 'FREQUENCY_SET', params: { frequencyMhz: 500 } },
    reading(1, 'hashing', { frequencyMhz: 507 }),
    true,
  ],
])('telemetry of a miner that %s', (_, order, after, seen) => {
  expect(effectIn(order, after, startMs)).toBe(seen);
});
