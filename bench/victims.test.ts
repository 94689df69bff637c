import fc from 'fast-check';
import { expect, it } from 'vitest';
import { spareMiners } from './victims.ts';

const site = (zones: number, each: number) =>
  Array.from({ length: zones * each }, (_, index) => ({
    minerId: `m-${index}`,
    zoneId: `zone-${index % zones}`,
    vendor: index % 2 === 0 || zones % 2 === 0 ? ('antminer' as const) : ('whatsminer' as const),
  }));

it('breaks each Antminer once, and no zone three times within 30 s', () => {
  const zones = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(
      zones,
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.integer({ min: 0, max: 9_000 })),
      (many, each, waits) => {
        const miners = site(many, each);
        let nowMs = 1_000_000;
        const spare = spareMiners(miners, () => nowMs);
        const broken: { minerId: string; zone: string; atMs: number }[] = [];
        for (let at = 0; ; at++) {
          nowMs += waits[at % Math.max(1, waits.length)] ?? 0;
          const taken = spare.take('fan');
          if (!taken) break;
          expect(taken.notBeforeMs).toBeGreaterThanOrEqual(nowMs);
          const miner = miners.find(({ minerId }) => minerId === taken.minerId);
          broken.push({ minerId: taken.minerId, zone: miner?.zoneId ?? '', atMs: taken.notBeforeMs });
        }
        expect(new Set(broken.map(({ minerId }) => minerId)).size).toBe(
          miners.filter(({ vendor }) => vendor === 'antminer').length,
        );
        for (const { zone, atMs } of broken)
          expect(
            broken.filter((other) => other.zone === zone && other.atMs >= atMs && other.atMs <= atMs + 30_000)
              .length,
          ).toBeLessThan(3);
      },
    ),
  );
});
