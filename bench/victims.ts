import type { InventoryEntry } from '../simulator/site/inventory.ts';

/**
 * Hands out miners to break so that each loop stays a loop of its own: three miners of a zone with the same symptom
 * within 30 s would be one incident, so the same symptom comes to a zone at most every 20 s.
 */
export const spareMiners = (
  miners: readonly Pick<InventoryEntry, 'minerId' | 'zoneId' | 'vendor'>[],
  nowMs: () => number,
  gapMs = 20_000,
) => {
  const left = [...miners.filter(({ vendor }) => vendor === 'antminer')];
  const lastOf = new Map<string, number>();
  return {
    left: () => left.length,
    /** A miner for a symptom, and when its zone may have it; undefined when all are used up. */
    take: (symptom: string): { readonly minerId: string; readonly notBeforeMs: number } | undefined => {
      const freeAt = (zoneId: string) => (lastOf.get(`${zoneId} ${symptom}`) ?? -gapMs) + gapMs;
      const best = left.toSorted((a, b) => freeAt(a.zoneId) - freeAt(b.zoneId))[0];
      if (!best) return undefined;
      left.splice(left.indexOf(best), 1);
      const notBeforeMs = Math.max(nowMs(), freeAt(best.zoneId));
      lastOf.set(`${best.zoneId} ${symptom}`, notBeforeMs);
      return { minerId: best.minerId, notBeforeMs };
    },
  };
};
