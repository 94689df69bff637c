import type { EdgeBus } from '../bus/edge-bus.ts';
import type { Log } from '../log.ts';
import type { Clock, Pace } from './pace.ts';
import type { Spool, Spooled } from './spool.ts';

type Deps = {
  readonly spool: Spool;
  readonly bus: EdgeBus;
  readonly topic: string;
  readonly inFlight: number;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly log: Log;
  /** What was made within this time is fresh. */
  readonly freshMs: number;
  /** Every how many-th publish is the backlog's though fresh batches wait. */
  readonly backlogEvery: number;
  readonly resendMs: number;
};

const retryMs = 1_000;
/** Few, so that a fresh batch waits for little that was chosen before it came. */
const handedAtOnce = 4;

/**
 * Sends the spool at the pace of the line. Fresh batches go first, so that alerts are of now while the backlog of days drains
 * behind them, oldest first; the backlog has its share even where the line is too thin for both. An acknowledgement only takes a
 * batch out of the waiting ones: `Spool` keeps it until the receipt.
 */
export const startSpoolSender = (deps: Deps) => {
  const { spool, bus, topic, inFlight, pace, clock, log, freshMs, backlogEvery, resendMs } = deps;
  const stopping = new AbortController();
  /** Handed to the line, until the acknowledgement is on the disk. */
  const held = new Set<number>();
  const idle = new Set<() => void>();
  let handed: Spooled[] = [];
  let acknowledged: number[] = [];
  let flying = 0;
  let turn = 0;
  let failed = false;
  let running: Promise<void> | undefined;
  let again = false;
  let tick = () => {};

  const settle = () => {
    if (acknowledged.length === 0) return;
    const sequences = acknowledged;
    acknowledged = [];
    spool.sent(sequences, clock.nowMs(), resendMs);
    for (const sequence of sequences) held.delete(sequence);
  };

  /** The next batches in the order of sending, marked as handed over in one transaction. */
  const refill = () => {
    settle();
    const freshFromMs = clock.nowMs() - freshMs;
    const take = (lane: 'fresh' | 'backlog') =>
      spool
        .waiting(lane, freshFromMs, handedAtOnce + held.size)
        .filter(({ sequence }) => !held.has(sequence));
    const [fresh, backlog] = [take('fresh'), take('backlog')];
    while (handed.length < handedAtOnce && fresh.length + backlog.length > 0) {
      const isBacklogs = fresh.length === 0 || (backlog.length > 0 && ++turn % backlogEvery === 0);
      const next = isBacklogs ? backlog.shift() : fresh.shift();
      if (next) handed.push(next);
    }
    spool.hand(handed.map(({ sequence }) => sequence));
    for (const { sequence } of handed) held.add(sequence);
  };

  const send = (sequence: number, payload: Uint8Array) => {
    flying++;
    pace.spend(topic, payload);
    bus
      .publish(topic, payload)
      .then(
        () => void acknowledged.push(sequence),
        () => {
          failed = true;
          held.delete(sequence);
        },
      )
      .finally(() => {
        flying--;
        tick();
      });
  };

  const landed = () =>
    new Promise<void>((resolve) => {
      tick = resolve;
    });

  const run = async () => {
    while (!stopping.signal.aborted && bus.isUp() && !failed) {
      if (handed.length === 0) refill();
      if (handed.length === 0 && flying === 0) return;
      if (handed.length === 0 || flying >= inFlight) {
        await landed();
        continue;
      }
      const waitMs = pace.waitMs();
      if (waitMs > 0) {
        await clock.wait(waitMs, stopping.signal);
        continue;
      }
      const next = handed.shift();
      const payload = next && spool.payload(next.sequence);
      if (next && payload) send(next.sequence, payload);
      else if (next) held.delete(next.sequence);
    }
  };

  /** What was handed over and not published may be taken again. */
  const putBack = async () => {
    for (const { sequence } of handed) held.delete(sequence);
    handed = [];
    while (flying > 0) await landed();
    settle();
  };

  const wake = () => {
    again = true;
    tick();
    if (running || stopping.signal.aborted || !bus.isUp()) return;
    again = false;
    running = (async () => {
      spool.requeueOverdue(clock.nowMs());
      await run();
      await putBack();
      if (failed && bus.isUp()) await clock.wait(retryMs, stopping.signal);
    })()
      .catch((error: unknown) =>
        log('error', 'spool_failed', { reason: error instanceof Error ? error.name : 'unknown' }),
      )
      .finally(() => {
        running = undefined;
        const retry = failed || again;
        failed = false;
        if (spool.waitingCount === 0) for (const tell of [...idle]) tell();
        else if (retry && !stopping.signal.aborted) wake();
      });
  };

  const unlisten = bus.onChange((up) => up && wake());
  return {
    wake,
    /** Resolves when the broker has acknowledged everything. */
    drained: (): Promise<void> =>
      spool.waitingCount === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            const tell = () => {
              idle.delete(tell);
              resolve();
            };
            idle.add(tell);
            wake();
          }),
    stop: async () => {
      stopping.abort();
      unlisten();
      await running;
    },
  };
};
