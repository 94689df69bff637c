import { expect, it } from 'vitest';
import { type LoopStep, loopSteps } from '../contracts/api-advisor.ts';
import { measuresOf } from './loop-measures.ts';

const note = { en: 'a step', zh: '一步' };
const noon = Date.parse('2026-01-27T12:00:00.000Z');
const loop = (after: Partial<Record<LoopStep, number>>, approvedAtMs?: number) => ({
  approvedAtMs: approvedAtMs === undefined ? undefined : noon + approvedAtMs,
  loop: {
    batch_received_at: new Date(noon).toISOString(),
    steps: loopSteps.flatMap((step) => {
      const ms = after[step];
      return ms === undefined ? [] : [{ step, at: new Date(noon + ms).toISOString(), note }];
    }),
  },
});

it('measures from the moments that the aims name', () => {
  const byRule = loop({ detect: 100, recommend: 500, approve: 600, acknowledge: 900 });
  const byPeople = loop({ detect: 300, recommend: 400, approve: 2_000, acknowledge: 2_500 }, 2_100);
  const cutShort = loop({ detect: 200 });
  expect(measuresOf([byRule, byPeople, cutShort]).map(({ ms }) => [ms.n, ms.p50, ms.max])).toEqual([
    [3, 200, 300],
    [2, 100, 400],
    [1, 400, 400],
    [1, 300, 300],
  ]);
});
