import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MinerReading } from '../../contracts/reading.ts';
import type { MinerAdapter, MinerReadResult, ReadDepth } from '../adapters/miner-adapter.ts';
import { logNothing } from '../log.ts';
import type { Miner } from '../miners.ts';
import { virtualClock } from '../test-kit/virtual-clock.ts';
import { turnTaking } from '../turn-taking.ts';
import { type SweepSettings, sweeper } from './sweep.ts';

const settings: SweepSettings = {
  pollIntervalMs: 60_000,
  sweepMs: 30_000,
  spreadPct: 10,
  fullReadEverySweeps: 5,
  maxBackoffMs: 120_000,
};

/** How a miner behaves: how long it takes, and whether it answers at all. `hung` never lets go, not even when told to. */
type Manner =
  | { readonly kind: 'answers'; readonly tookMs: number; readonly errorCodes?: string[] }
  | { readonly kind: 'dead'; readonly tookMs: number }
  | { readonly kind: 'hung' };
type Ask = {
  readonly minerId: string;
  readonly depth: ReadDepth;
  readonly fromMs: number;
  toMs: number | undefined;
};

/** A site on a clock of its own: what was asked, and what was delivered when. */
const siteOf = (manners: readonly Manner[], options: { sockets?: number; shardSize?: number } = {}) => {
  const clock = virtualClock(1_000_000);
  const asks: Ask[] = [];
  const delivered: {
    readonly atMs: number;
    readonly shard: number;
    readonly readings: readonly MinerReading[];
  }[] = [];
  let [open, mostOpen] = [0, 0];
  const never = new AbortController().signal;
  const minerOf = (minerId: string, manner: () => Manner): Miner => {
    const read = async (depth: ReadDepth, signal?: AbortSignal): Promise<MinerReadResult> => {
      const ask: Ask = { minerId, depth, fromMs: clock.nowMs(), toMs: undefined };
      asks.push(ask);
      mostOpen = Math.max(mostOpen, ++open);
      const now = manner();
      const base = { minerId, sampledAtMs: clock.nowMs(), values: {} };
      if (now.kind === 'hung') await new Promise(() => {});
      else await clock.wait(now.tookMs, signal ?? never);
      open--;
      ask.toMs = clock.nowMs();
      if (signal?.aborted) return { reading: { ...base, state: 'unreachable' }, fault: 'aborted' };
      return now.kind === 'dead'
        ? { reading: { ...base, state: 'unreachable' }, fault: 'unreachable' }
        : {
            reading: {
              ...base,
              state: 'hashing',
              ...(depth === 'full' && now.kind === 'answers' && { errorCodes: now.errorCodes ?? [] }),
            },
          };
    };
    const unused = () => Promise.reject(new Error('not asked for in a sweep'));
    const identity = { vendor: 'antminer', model: 'S19', firmware: '1', apiVersion: '3.1' } as const;
    const adapter: MinerAdapter = {
      identify: async () => identity,
      read,
      snapshot: unused,
      execute: unused,
      readBack: unused,
      restore: unused,
      readRestored: unused,
    };
    return {
      minerId,
      configured: { minerId, vendor: 'antminer', host: '127.0.0.1', shedOrder: 100 },
      adapter,
      inTurn: turnTaking(),
      writing: turnTaking(),
      identity,
      failures: 0,
      nextAskMs: 0,
      unparseable: false,
      hashing: false,
    };
  };
  const now = [...manners];
  const miners = manners.map((first, at) => minerOf(`m-${at}`, () => now[at] ?? first));
  const size = options.shardSize ?? 1_000;
  const shards = new Map<number, readonly Miner[]>();
  for (let at = 0; at < miners.length; at += size) shards.set(at / size, miners.slice(at, at + size));
  const { sweep, flush } = sweeper({
    shards,
    sockets: options.sockets ?? 256,
    settings: () => settings,
    clock,
    nowMs: clock.nowMs,
    reports: { safety: () => {} },
    log: logNothing,
    deliver: (shard, readings) => delivered.push({ atMs: clock.nowMs(), shard, readings }),
    guard: () => {},
  });
  const stopping = new AbortController();
  return {
    asks,
    delivered,
    miners,
    clock,
    stopping,
    flush,
    mostOpen: () => mostOpen,
    sweep: () => clock.run(sweep(stopping.signal)),
    unswept: () => sweep(stopping.signal),
    setManner: (at: number, manner: Manner) => {
      now[at] = manner;
    },
    /** The rest of the interval. */
    rest: async (startMs: number) => {
      await clock.until(Math.max(clock.nowMs(), startMs + settings.pollIntervalMs));
    },
  };
};
const fast: Manner = { kind: 'answers', tookMs: 20 };
const dead: Manner = { kind: 'dead', tookMs: 2_000 };
const many = (count: number, manner: Manner) => Array.from({ length: count }, () => manner);
const sweeps = async (site: ReturnType<typeof siteOf>, count: number) => {
  const starts: number[] = [];
  for (let at = 0; at < count; at++) {
    const startMs = site.clock.nowMs();
    starts.push(startMs);
    await site.sweep();
    await site.rest(startMs);
  }
  return starts;
};

describe('a sweep', () => {
  it('keeps its promises whatever the miners do', async () => {
    const manner = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('answers' as const),
          tookMs: fc.integer({ min: 1, max: 900 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('answers' as const),
          tookMs: fc.integer({ min: 1_000, max: 40_000 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('dead' as const),
          tookMs: fc.integer({ min: 1, max: 5_000 }),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'hung' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(manner, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 24 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.tuple(fc.nat(59), manner), { maxLength: 12 }),
        async (manners, sockets, shardSize, changes) => {
          const site = siteOf(manners, { sockets, shardSize });
          for (let round = 0; round < 8; round++) {
            const startMs = site.clock.nowMs();
            const before = site.delivered.length;
            const { asked, skipped, unreachable, tookMs } = await site.sweep();
            // Over by its deadline, and what was counted adds up.
            expect(tookMs).toBeLessThanOrEqual(settings.sweepMs + 250);
            expect(asked + skipped).toBe(manners.length);
            expect(unreachable).toBeLessThanOrEqual(asked);
            // A batch holds a miner's readings once each, and a shard has one batch a sweep.
            const now = site.delivered.slice(before);
            expect(new Set(now.map(({ shard }) => shard)).size).toBe(now.length);
            for (const { readings } of now) expect(new Set(readings).size).toBe(readings.length);
            const change = changes[round];
            if (change) site.setManner(change[0] % manners.length, change[1]);
            await site.rest(startMs);
          }
          site.flush();
          expect(site.mostOpen()).toBeLessThanOrEqual(sockets);
          // Never two asks of one miner at once, in one sweep or over two.
          for (const { minerId } of site.miners) {
            const own = site.asks.filter((ask) => ask.minerId === minerId);
            for (const [at, ask] of own.entries())
              expect(own[at + 1]?.fromMs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(
                ask.toMs ?? Number.POSITIVE_INFINITY,
              );
          }
          // What was read was delivered, each reading once.
          const out = site.delivered.flatMap(({ readings }) => readings);
          expect(new Set(out).size).toBe(out.length);
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  it('reads everyone who answers in time, every time, beside more dead ones than a sweep can wait for', async () => {
    const site = siteOf([...many(400, dead), ...many(200, fast)], { sockets: 16 });
    await sweeps(site, 2);
    const before = site.asks.length;
    await sweeps(site, 4);
    const asks = site.asks.slice(before);
    for (const { minerId } of site.miners.slice(400))
      expect(asks.filter((ask) => ask.minerId === minerId)).toHaveLength(4);
  });

  it('gives dead miners the others’ seats once those have answered', async () => {
    const site = siteOf([...many(400, dead), ...many(20, fast)], { sockets: 16 });
    await sweeps(site, 2);
    const before = site.asks.length;
    await sweeps(site, 1);
    const deadAsked = site.asks.length - before - 20;
    // Fifteen seats of two seconds each for thirty seconds; a quarter of them alone would be 45.
    expect(deadAsked).toBeGreaterThan(150);
    expect(site.mostOpen()).toBeLessThanOrEqual(16);
  });

  it('does not let slow and dead miners keep the others’ batch back, and sends their readings after', async () => {
    const site = siteOf([
      ...many(90, fast),
      ...many(8, dead),
      ...many(2, { kind: 'answers', tookMs: 9_000 }),
    ]);
    await sweeps(site, 1);
    const startMs = site.clock.nowMs();
    await site.sweep();
    const [batch] = site.delivered.filter(({ atMs }) => atMs >= startMs);
    const waitedMs = (batch?.atMs ?? 0) - startMs;
    const spreadMs = 100 * 3;
    expect(waitedMs).toBeLessThanOrEqual(spreadMs + 20 + 2 * 2_500 + 200);
    expect(batch?.readings.filter(({ state }) => state === 'hashing').length).toBeGreaterThanOrEqual(90);
    site.flush();
    const slow = site.delivered
      .flatMap(({ readings }) => readings)
      .filter(({ minerId }) => minerId === 'm-98');
    expect(slow).toHaveLength(2);
  });

  it('asks who does not answer at growing intervals up to the limit, and everyone again who does', async () => {
    const site = siteOf([dead, fast]);
    const starts = await sweeps(site, 12);
    const asked = site.asks.filter(({ minerId }) => minerId === 'm-0').map(({ fromMs }) => fromMs);
    const gaps = asked.slice(1).map((atMs, at) => atMs - (asked[at] ?? 0));
    expect(asked.length).toBeLessThan(starts.length);
    for (const gap of gaps) expect(gap).toBeLessThanOrEqual(settings.maxBackoffMs + settings.pollIntervalMs);
    site.setManner(0, fast);
    await sweeps(site, 3);
    const before = site.asks.length;
    await sweeps(site, 2);
    expect(site.asks.slice(before).filter(({ minerId }) => minerId === 'm-0')).toHaveLength(2);
  });

  it('reads everything at first, then every fifth time, a fifth of the miners in each sweep', async () => {
    const site = siteOf(many(1_000, fast));
    await sweeps(site, 11);
    const full = (minerId: string) =>
      site.asks.filter((ask) => ask.minerId === minerId).map(({ depth }) => depth === 'full');
    for (const { minerId } of site.miners) {
      const depths = full(minerId);
      expect(depths[0]).toBe(true);
      expect(depths.slice(1).filter(Boolean)).toHaveLength(2);
      expect(depths.slice(1, 6).filter(Boolean)).toHaveLength(1);
    }
    const perSweep = Array.from(
      { length: 10 },
      (_, at) => site.miners.filter(({ minerId }) => full(minerId)[at + 1]).length,
    );
    for (const count of perSweep) expect(Math.abs(count - 200)).toBeLessThan(50);
  });

  it('reads everything of a miner that names a fault in each sweep, until it names none', async () => {
    const site = siteOf([{ kind: 'answers', tookMs: 40, errorCodes: ['fans:1'] }]);
    const depths = () => site.asks.splice(0).map(({ depth }) => depth);
    await sweeps(site, 6);
    expect(depths()).toEqual(Array.from({ length: 6 }, () => 'full'));
    site.setManner(0, fast);
    await sweeps(site, 6);
    const [first, ...others] = depths();
    expect(first).toBe('full');
    expect(others.toSorted()).toEqual(['core', 'core', 'core', 'core', 'full']);
  });

  it('spreads its asks over the beginning of the interval, each miner at its own place', async () => {
    const site = siteOf(many(1_000, fast), { shardSize: 250 });
    const [firstMs = 0, secondMs = 0] = await sweeps(site, 2);
    const placeIn = (startMs: number) =>
      new Map(
        site.asks
          .filter(({ fromMs }) => fromMs >= startMs && fromMs < startMs + settings.pollIntervalMs)
          .map(({ minerId, fromMs }) => [minerId, fromMs - startMs]),
      );
    expect(placeIn(secondMs)).toEqual(placeIn(firstMs));
    const spreadMs = Math.min((settings.pollIntervalMs * settings.spreadPct) / 100, 1_000 * 3);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const atMs of placeIn(firstMs).values()) {
      expect(atMs).toBeLessThan(spreadMs);
      const at = Math.floor((10 * atMs) / spreadMs);
      tenths[at] = (tenths[at] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 100)).toBeLessThan(45);
  });

  it('refuses to begin beside another', async () => {
    const site = siteOf([fast]);
    const first = site.unswept();
    await expect(site.unswept()).rejects.toThrow('under way');
    await site.clock.run(first);
    await expect(site.sweep()).resolves.toMatchObject({ asked: 1 });
  });

  it('ends at once when the gateway stops', async () => {
    const site = siteOf(many(20, { kind: 'answers', tookMs: 20_000 }));
    const startMs = site.clock.nowMs();
    const sweeping = site.unswept();
    await site.clock.until(startMs + 7_000);
    site.stopping.abort();
    await site.clock.run(sweeping);
    expect(site.clock.nowMs() - startMs).toBeLessThanOrEqual(7_000 + 250);
  });
});
