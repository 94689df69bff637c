import { expect, it } from 'vitest';
import { soak } from './soak.ts';

it('sweeps on while miners fail and recover and the line comes and goes, and leaves nothing open', async () => {
  const found = await soak(
    { miners: 60, minutes: 0.3, intervalMs: 1_000, seed: 5 },
    () => {},
    () => {},
  );
  expect(found.faults).toBeGreaterThan(10);
  expect(found.batches).toBeGreaterThan(10);
  expect(found).toMatchObject({ leakedSockets: 0, lost: 0 });
  expect(found.sweeps).toBeGreaterThan(5);
}, 180_000);
