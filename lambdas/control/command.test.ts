import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CommandStatus, commandStatuses } from '../../contracts/command.ts';
import { conditionOf, dueAt, finalStatuses, mayMove, type TransitionName, transitions } from './command.ts';

const names = Object.keys(transitions) as TransitionName[];

test('each transition is allowed by exactly this condition', () => {
  expect(Object.fromEntries(names.map((name) => [name, conditionOf(name)]))).toEqual({
    submit: 'attribute_exists(pk) AND #status IN (:from0)',
    approve: 'attribute_exists(pk) AND #status IN (:from0, :from1) AND expiresAtMs > :nowMs',
    deny: 'attribute_exists(pk) AND #status IN (:from0, :from1)',
    cancel: 'attribute_exists(pk) AND #status IN (:from0, :from1, :from2)',
    dispatch: 'attribute_exists(pk) AND #status IN (:from0) AND expiresAtMs > :nowMs',
    acknowledge: 'attribute_exists(pk) AND #status IN (:from0)',
    complete: 'attribute_exists(pk) AND #status IN (:from0, :from1, :from2)',
    fail: 'attribute_exists(pk) AND #status IN (:from0, :from1, :from2)',
    lose: 'attribute_exists(pk) AND #status IN (:from0, :from1)',
    expire: 'attribute_exists(pk) AND #status IN (:from0, :from1, :from2, :from3) AND dueAtMs <= :nowMs',
    giveUp: 'attribute_exists(pk) AND #status IN (:from0) AND dueAtMs <= :nowMs',
    rollBack: 'attribute_exists(pk) AND #status IN (:from0, :from1)',
  });
});

/** Written down apart from the code: what may follow each status. */
const successors: Record<CommandStatus, readonly CommandStatus[]> = {
  PENDING: ['PENDING_APPROVAL', 'APPROVED', 'DENIED', 'CANCELLED', 'EXPIRED'],
  PENDING_APPROVAL: ['APPROVED', 'DENIED', 'CANCELLED', 'EXPIRED'],
  APPROVED: ['DISPATCHED', 'CANCELLED', 'EXPIRED'],
  DISPATCHED: ['ACKNOWLEDGED', 'COMPLETED', 'FAILED', 'UNKNOWN', 'EXPIRED'],
  ACKNOWLEDGED: ['COMPLETED', 'FAILED', 'UNKNOWN'],
  UNKNOWN: ['COMPLETED', 'FAILED', 'ROLLED_BACK'],
  COMPLETED: ['ROLLED_BACK'],
  FAILED: [],
  DENIED: [],
  EXPIRED: [],
  CANCELLED: [],
  ROLLED_BACK: [],
};

test('no other change of status exists, and nothing leads out of a final one', () => {
  for (const status of commandStatuses) {
    const reached = names.filter((name) => transitions[name].from.some((from) => from === status));
    expect(new Set(reached.map((name) => transitions[name].to)), status).toEqual(new Set(successors[status]));
  }
  expect(commandStatuses.filter((status) => successors[status].length === 0).toSorted()).toEqual(
    finalStatuses.toSorted(),
  );
});

test('every path: allowed steps only, an end that stays, no dispatch after expiry, no expiry before it is due', () => {
  const step = fc.record({ name: fc.constantFrom(...names), waitMs: fc.nat(900_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(300_000), (steps, lifeMs) => {
      let nowMs = 1_000;
      const expiresAtMs = nowMs + lifeMs;
      let command: { status: CommandStatus; expiresAtMs: number; dueAtMs?: number } = {
        status: 'PENDING',
        expiresAtMs,
        dueAtMs: expiresAtMs,
      };
      for (const { name, waitMs } of steps) {
        nowMs += waitMs;
        if (!mayMove(command, name, nowMs)) continue;
        const { to } = transitions[name];
        expect(successors[command.status]).toContain(to);
        if (name === 'dispatch' || name === 'approve') expect(nowMs).toBeLessThan(expiresAtMs);
        if (to === 'EXPIRED') expect(nowMs).toBeGreaterThanOrEqual(expiresAtMs);
        const dueAtMs = dueAt(to, expiresAtMs, nowMs);
        command = { status: to, expiresAtMs, ...(dueAtMs !== undefined && { dueAtMs }) };
      }
      const { status } = command;
      if (finalStatuses.some((one) => one === status))
        for (const name of names) expect(mayMove(command, name, Number.MAX_SAFE_INTEGER)).toBe(false);
      else if (!['COMPLETED', 'UNKNOWN'].includes(status)) expect(command.dueAtMs).toBeDefined();
    }),
    { numRuns: 2_000 },
  );
});
