import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inWaves, mostWaiting, nextStep, nothingMade, type Target, waveAt, wavesOf } from './batch.ts';

const sizes = fc.option(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }), { nil: undefined });

test('waves hold every miner once, and each takes from all gateways in turn', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 120 }), sizes, (gateways, asked) => {
      const targets = gateways.map((gateway, index): Target => [`m${index}`, `gw${gateway}`]);
      const waves = wavesOf(targets.length, asked);
      expect(waves.reduce((sum, size) => sum + size, 0)).toBe(targets.length);
      expect(waves.every((size) => size > 0)).toBe(true);
      const ordered = inWaves(targets, waves);
      expect(ordered.toSorted()).toEqual(targets.toSorted());
      const first = ordered.slice(0, waves[0]);
      const all = new Set(gateways).size;
      expect(new Set(first.map(([, gateway]) => gateway)).size).toBe(Math.min(all, first.length));
    }),
    { numRuns: 200 },
  );
});

/** Plays a batch against miners that fail or not, as its driver would. */
const play = (
  miners: number,
  waveSizes: number[],
  concurrency: number,
  maxFailed: number,
  maxFailedPct: number,
  fails: readonly boolean[],
  order: readonly number[],
  deliveryMs: number,
) => {
  const unsent: number[] = [];
  const open: number[] = [];
  const batch = {
    deliveryMs,
    miners,
    waveSizes,
    concurrency,
    maxFailed,
    maxFailedPct,
    ...nothingMade,
  };
  for (let turn = 0; ; turn++) {
    const next = nextStep(batch);
    if (next.step === 'stop' || next.step === 'finish') return { batch, ended: next.step };
    if (next.step === 'make') {
      const before = waveAt(waveSizes, batch.made);
      expect(next.most).toBeGreaterThan(0);
      expect(batch.made + next.most).toBeLessThanOrEqual(before.end);
      for (let at = 0; at < next.most; at++) unsent.push(batch.made + at);
      // A wave begins only when the one before has ended.
      if (batch.made === before.start) expect(batch.open).toBe(0);
      batch.made += next.most;
    } else if (unsent.length > 0 && (open.length === 0 || turn % 3 === 0)) {
      open.push(...unsent.splice(0, 30));
    } else {
      expect(open.length).toBeGreaterThan(0);
      const [one] = open.splice((order[turn % order.length] ?? 0) % open.length, 1);
      if (fails[(one ?? 0) % fails.length]) batch.failed += 1;
      else batch.completed += 1;
    }
    batch.waiting = unsent.length;
    batch.open = unsent.length + open.length;
    expect(batch.open).toBeLessThanOrEqual(concurrency);
    expect(batch.waiting).toBeLessThanOrEqual(mostWaiting(deliveryMs));
    expect(batch.made).toBeLessThanOrEqual(miners);
  }
};

test('whatever fails and in whatever order: never over a cap, never a wave early, and at its end done or stopped', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 120 }),
      sizes,
      fc.integer({ min: 1, max: 90 }),
      fc.nat(20),
      fc.integer({ min: 0, max: 100 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 30_000, max: 60_000 }),
      (miners, asked, concurrency, maxFailed, pct, fails, order, deliveryMs) => {
        const waves = wavesOf(miners, asked);
        const { batch, ended } = play(miners, waves, concurrency, maxFailed, pct, fails, order, deliveryMs);
        if (ended === 'finish') {
          expect(batch).toMatchObject({ made: miners, open: 0 });
          expect(batch.failed).toBeLessThanOrEqual(maxFailed);
        } else {
          const tooMany = batch.failed > maxFailed;
          const badWave = batch.open === 0 && (batch.failed / batch.made) * 100 > pct;
          expect(tooMany || badWave).toBe(true);
          // Of what was still to come, nothing was begun: at most the cap stood open when the last failure came.
          if (tooMany) expect(batch.failed).toBe(maxFailed + 1);
        }
      },
    ),
    { numRuns: 500 },
  );
});
