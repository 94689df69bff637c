import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Retrier } from './definition.ts';
import { createEngine, type Engine } from './engine.ts';
import { openExecutionStore } from './execution-store.ts';
import { matchesError, StateError } from './state-error.ts';
import { machineOf } from './test-machines.ts';
import type { Timekeeper } from './timekeeper.ts';

/** Time that jumps to the next timer as soon as nothing else is left to do. */
const instantTime = (): Timekeeper => {
  let nowMs = 1_700_000_000_000;
  const timers = new Set<{ atMs: number; callback: () => void }>();
  return {
    nowMs: () => nowMs,
    at: (atMs, callback) => {
      const timer = { atMs, callback };
      timers.add(timer);
      setImmediate(() => {
        if (!timers.delete(timer)) return;
        nowMs = Math.max(nowMs, atMs);
        callback();
      });
      return () => void timers.delete(timer);
    },
  };
};

const attempts: { atMs: number }[] = [];
const time = instantTime();
let engine: Engine;
let failures: string[] = [];
let jitter = 0.5;
beforeAll(() => {
  engine = createEngine({
    store: openExecutionStore(join(mkdtempSync(join(tmpdir(), 'retry-')), 'executions.sqlite')),
    time,
    random: () => jitter,
    log: () => {},
    callResource: async () => {
      attempts.push({ atMs: time.nowMs() });
      const error = failures.shift();
      if (error !== undefined) throw new StateError(error, 'again');
      return 'done';
    },
  });
  engine.begin();
});
afterAll(() => engine.close());

const names = ['A', 'B', 'States.Timeout'] as const;
const matching = [...names, 'States.ALL', 'States.TaskFailed'] as const;
const retrier = fc.record(
  {
    ErrorEquals: fc.uniqueArray(fc.constantFrom(...matching), { minLength: 1, maxLength: 2 }),
    IntervalSeconds: fc.integer({ min: 1, max: 20 }),
    MaxAttempts: fc.integer({ min: 0, max: 4 }),
    BackoffRate: fc.constantFrom(1, 1.5, 2, 3),
    MaxDelaySeconds: fc.integer({ min: 21, max: 60 }),
    JitterStrategy: fc.constantFrom<'FULL' | 'NONE'>('FULL', 'NONE'),
  },
  { requiredKeys: ['ErrorEquals'] },
);

/** What the language says, told otherwise: a list of pauses, and whether it ends well. */
const expected = (retriers: readonly Partial<Retrier>[], errors: readonly string[]) => {
  const left = retriers.map(({ MaxAttempts = 3 }) => MaxAttempts);
  const pause = retriers.map(({ IntervalSeconds = 1 }) => IntervalSeconds);
  const pausesMs: number[] = [];
  for (const error of errors) {
    const index = retriers.findIndex(({ ErrorEquals = [] }) => matchesError(ErrorEquals, error));
    const { BackoffRate = 2, MaxDelaySeconds = Infinity, JitterStrategy } = retriers[index] ?? {};
    if (index < 0 || left[index] === 0) return { pausesMs, succeeds: false };
    const fullSeconds = Math.min(pause[index] ?? 0, MaxDelaySeconds);
    pausesMs.push(Math.round(fullSeconds * (JitterStrategy === 'FULL' ? jitter : 1) * 1000));
    left[index] = (left[index] ?? 0) - 1;
    pause[index] = (pause[index] ?? 0) * BackoffRate;
  }
  return { pausesMs, succeeds: true };
};

test('retries and their pauses obey the definition', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(retrier, { maxLength: 3 }),
      fc.array(fc.constantFrom(...names), { maxLength: 7 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (Retry, errors, random) => {
        run += 1;
        jitter = random;
        failures = [...errors];
        attempts.length = 0;
        const arn = `arn:aws:states:us-east-1:000000000000:stateMachine:m${run}`;
        const definition = JSON.stringify(
          machineOf({
            A: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: {}, Retry, End: true },
          }),
        );
        engine.define({ arn, name: `m${run}`, definition, createdMs: 0 });
        const execution = engine.start(arn, '{}').arn;
        const deadline = Date.now() + 10_000;
        while (engine.store.byArn(execution)?.status === 'RUNNING' && Date.now() < deadline)
          await new Promise((resolve) => setImmediate(resolve));
        const told = expected(Retry, errors);
        expect(engine.store.byArn(execution)?.status).toBe(told.succeeds ? 'SUCCEEDED' : 'FAILED');
        expect(attempts.slice(1).map(({ atMs }, index) => atMs - (attempts[index]?.atMs ?? 0))).toEqual(
          told.pausesMs,
        );
      },
    ),
    { numRuns: 200 },
  );
});
