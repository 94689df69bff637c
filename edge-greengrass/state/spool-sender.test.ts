import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../../contracts/telemetry-batch.ts';
import type { EdgeBus } from '../bus/edge-bus.ts';
import { logNothing } from '../log.ts';
import { batcher } from '../polling/batcher.ts';
import { place } from '../test-kit/memory-bus.ts';
import { virtualClock } from '../test-kit/virtual-clock.ts';
import { pace, unpaced } from './pace.ts';
import { Spool } from './spool.ts';
import { startSpoolSender } from './spool-sender.ts';
import { StateFile } from './state-file.ts';

const startMs = 5_666_667 * 300_000;
const minuteMs = 60_000;

/** A line that notes when each publish came; `trip` of them at a time are on their way for `roundTripMs`. */
const aLine = (clock: ReturnType<typeof virtualClock>, { roundTripMs = 100 } = {}) => {
  const listeners = new Set<(up: boolean) => void>();
  const published: { atMs: number; bytes: number; sequence: number; createdAtMs: number; payload: string }[] =
    [];
  let up = false;
  let flying = 0;
  let mostFlying = 0;
  const bus: EdgeBus = {
    subscribe: () => undefined,
    open: async () => undefined,
    close: async () => undefined,
    isUp: () => up,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: async (topic, payload) => {
      const decoded = decodeBatch(payload);
      if (!decoded.ok) throw new Error(decoded.detail);
      const { sequence, createdAtMs } = decoded.batch;
      published.push({
        atMs: clock.nowMs(),
        bytes: payload.length + topic.length,
        sequence,
        createdAtMs,
        payload: Buffer.from(payload).toString('base64'),
      });
      mostFlying = Math.max(mostFlying, ++flying);
      await clock.wait(roundTripMs, new AbortController().signal);
      flying--;
      if (!up) throw new Error('the line went down');
    },
  };
  return {
    bus,
    published,
    mostFlying: () => mostFlying,
    setUp: (next: boolean) => {
      up = next;
      for (const listener of listeners) listener(next);
    },
  };
};

const aGateway = ({
  limits = { publishesPerS: 80, bytesPerS: 380 * 1_024 },
  inFlight = 16,
  paced = true,
} = {}) => {
  const clock = virtualClock(startMs);
  const line = aLine(clock);
  const spool = new Spool(new StateFile(':memory:'), startMs);
  const sender = startSpoolSender({
    spool,
    bus: line.bus,
    topic: 't',
    inFlight,
    pace: paced ? pace(limits, clock) : unpaced,
    clock,
    log: logNothing,
    freshMs: 3 * minuteMs,
    backlogEvery: 4,
    resendMs: 15 * minuteMs,
  });
  const pack = batcher({ spool, place, maxBytes: 120 * 1_024, spoolBytes: 1e9, nowMs: clock.nowMs });
  const sweep = (miners = 5) =>
    pack(
      0,
      Array.from({ length: miners }, (_, at) => ({
        minerId: `m-${at}`,
        sampledAtMs: clock.nowMs(),
        state: 'hashing' as const,
        values: { hashrateThs: Math.random() * 200, powerW: Math.random() * 4_000 },
      })),
    );
  return { clock, line, spool, sender, sweep };
};

/** The most in any second that begins with a publish. */
const mostInASecond = (
  published: readonly { atMs: number; bytes: number }[],
  of: (bytes: number) => number,
) =>
  Math.max(
    ...published.map(({ atMs }, first) => {
      let sum = 0;
      for (let at = first; at < published.length; at++) {
        const one = published[at];
        if (!one || one.atMs >= atMs + 1_000) break;
        sum += of(one.bytes);
      }
      return sum;
    }),
  );

describe('the sender of the spool', () => {
  it('keeps within the publishes, bytes and unacknowledged messages of a connection, and sends all in order', async () => {
    for (const { miners, bytesPerS } of [
      { miners: 3, bytesPerS: 380 * 1_024 },
      { miners: 300, bytesPerS: 8 * 1_024 },
    ]) {
      const { clock, line, spool, sender, sweep } = aGateway({ limits: { publishesPerS: 80, bytesPerS } });
      for (let minute = 0; minute < 200; minute++) {
        sweep(minute % 10 === 0 || miners === 3 ? miners : 1);
        clock.advance(minuteMs);
      }
      clock.advance(60 * minuteMs);
      line.setUp(true);
      await clock.run(sender.drained());
      expect(spool.waitingCount).toBe(0);
      const sequences = line.published.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      expect(new Set(sequences).size).toBe(sequences.length);
      expect(mostInASecond(line.published, () => 1)).toBeLessThanOrEqual(96);
      const largest = Math.max(...line.published.map(({ bytes }) => bytes));
      expect(mostInASecond(line.published, (bytes) => bytes)).toBeLessThanOrEqual(bytesPerS + largest);
      expect(line.mostFlying()).toBeLessThanOrEqual(16);
      await sender.stop();
    }
  });

  it('sends what is fresh before a backlog of days, and the backlog meanwhile', async () => {
    const { clock, line, sender, sweep } = aGateway({ limits: { publishesPerS: 1, bytesPerS: 380 * 1_024 } });
    for (let minute = 0; minute < 600; minute++) {
      sweep();
      clock.advance(minuteMs);
    }
    line.setUp(true);
    const delays: number[] = [];
    for (let minute = 0; minute < 5; minute++) {
      const [sequence] = sweep().sequences;
      const madeMs = clock.nowMs();
      sender.wake();
      await clock.until(madeMs + minuteMs);
      const sent = line.published.find((one) => one.sequence === sequence);
      delays.push((sent?.atMs ?? Number.POSITIVE_INFINITY) - madeMs);
    }
    expect(Math.max(...delays)).toBeLessThan(12_000);
    const backlog = line.published.filter(({ createdAtMs }) => createdAtMs < startMs + 590 * minuteMs);
    expect(backlog.length).toBeGreaterThan(200);
    const order = backlog.map(({ sequence }) => sequence);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    await clock.run(sender.stop());
  });

  it('gives the backlog its share where the line is too thin for both', async () => {
    const { clock, line, sender, sweep } = aGateway({
      limits: { publishesPerS: 1, bytesPerS: 380 * 1_024 },
      inFlight: 1,
    });
    for (let at = 0; at < 100; at++) sweep();
    clock.advance(10 * minuteMs);
    line.setUp(true);
    for (let second = 0; second < 40; second++) {
      for (let at = 0; at < 5; at++) sweep();
      sender.wake();
      await clock.until(clock.nowMs() + 1_000);
    }
    const old = line.published.filter(({ createdAtMs }) => createdAtMs === startMs).length;
    expect(old / line.published.length).toBeGreaterThan(0.2);
    expect(old / line.published.length).toBeLessThan(0.35);
    await clock.run(sender.stop());
  });

  it('sends the same bytes under a sequence, however often the line breaks', async () => {
    const { clock, line, spool, sender, sweep } = aGateway({ paced: false });
    for (let at = 0; at < 300; at++) sweep();
    for (let at = 0; at < 20; at++) {
      line.setUp(true);
      await clock.until(clock.nowMs() + 150);
      line.setUp(false);
      await clock.until(clock.nowMs() + 5_000);
    }
    line.setUp(true);
    await clock.run(sender.drained());
    expect(spool.waitingCount).toBe(0);
    const bySequence = Map.groupBy(line.published, ({ sequence }) => sequence);
    expect(bySequence.size).toBe(300);
    for (const copies of bySequence.values())
      expect(new Set(copies.map(({ payload }) => payload)).size).toBe(1);
    await sender.stop();
  });
});
