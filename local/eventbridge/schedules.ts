import type { DatabaseSync } from 'node:sqlite';
import { parseSchedule, type Schedule } from './schedule-expression.ts';

/** What the schedules need of time, so that a test can pass it. */
export type ScheduleClock = {
  readonly nowMs: () => number;
  readonly wake: (afterMs: number, run: () => void) => () => void;
};

export const systemScheduleClock: ScheduleClock = {
  nowMs: () => Date.now(),
  wake: (afterMs, run) => {
    const timer = setTimeout(run, afterMs).unref();
    return () => clearTimeout(timer);
  },
};

export type ScheduleSpec = {
  readonly name: string;
  readonly expression: string;
  readonly timeZone?: string | undefined;
  readonly startsAtMs?: number | undefined;
  readonly endsAtMs?: number | undefined;
  /** Stores the firing; called within the transaction that remembers it. */
  readonly fire: (atMs: number) => void;
};

const longestSleepMs = 60_000;

/**
 * Fires schedules when due. Creation and last firing are kept, so a rate keeps its rhythm over a restart. What came due
 * while nothing ran is skipped, except a one-time `at()`, which fires late rather than never.
 */
export const openSchedules = (
  database: DatabaseSync,
  atomically: (work: () => void) => void,
  afterFiring: () => void,
  clock = systemScheduleClock,
) => {
  database.exec(
    'CREATE TABLE IF NOT EXISTS schedules (name TEXT PRIMARY KEY, expression TEXT NOT NULL, anchor_at INTEGER NOT NULL, fired_at INTEGER)',
  );
  const read = database.prepare('SELECT expression, anchor_at, fired_at FROM schedules WHERE name = ?');
  const write = database.prepare(
    'INSERT OR REPLACE INTO schedules (name, expression, anchor_at, fired_at) VALUES (?, ?, ?, ?)',
  );
  const fired = database.prepare('UPDATE schedules SET fired_at = ? WHERE name = ?');
  const entries = new Map<
    string,
    { readonly spec: ScheduleSpec; readonly schedule: Schedule; nextAtMs: number | undefined }
  >();
  let cancel = () => {};
  let running = false;

  const following = (schedule: Schedule, spec: ScheduleSpec, afterMs: number) => {
    const atMs = schedule.nextAfter(Math.max(afterMs, (spec.startsAtMs ?? 0) - 1));
    return atMs !== undefined && atMs <= (spec.endsAtMs ?? Number.POSITIVE_INFINITY) ? atMs : undefined;
  };

  /** Throws InvalidScheduleError. */
  const add = (spec: ScheduleSpec) => {
    const now = clock.nowMs();
    const stored = read.get(spec.name);
    const kept = stored?.expression === spec.expression ? stored : undefined;
    const anchorMs = kept ? Number(kept.anchor_at) : now;
    const schedule = parseSchedule(spec.expression, anchorMs, spec.timeZone);
    if (!kept) write.run(spec.name, spec.expression, anchorMs, null);
    const isOnce = spec.expression.trim().startsWith('at(');
    const lastMs = isOnce ? Number(kept?.fired_at ?? anchorMs) : now;
    entries.set(spec.name, { spec, schedule, nextAtMs: following(schedule, spec, lastMs) });
    arm();
  };

  const arm = () => {
    if (!running) return;
    cancel();
    const next = Math.min(
      ...[...entries.values()].map(({ nextAtMs }) => nextAtMs ?? Number.POSITIVE_INFINITY),
    );
    if (next === Number.POSITIVE_INFINITY) return;
    cancel = clock.wake(Math.min(longestSleepMs, Math.max(0, next - clock.nowMs())), run);
  };

  const run = () => {
    const now = clock.nowMs();
    const due = [...entries.values()].filter(({ nextAtMs }) => nextAtMs !== undefined && nextAtMs <= now);
    if (due.length > 0)
      atomically(() => {
        for (const { spec, nextAtMs } of due) {
          spec.fire(nextAtMs ?? now);
          fired.run(now, spec.name);
        }
      });
    for (const entry of due) entry.nextAtMs = following(entry.schedule, entry.spec, now);
    if (due.length > 0) afterFiring();
    arm();
  };

  return {
    add,
    begin: () => {
      running = true;
      arm();
    },
    close: () => {
      running = false;
      cancel();
    },
  };
};
