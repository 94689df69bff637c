import { afterAll, beforeAll, expect, it } from 'vitest';
import { operations } from './support/api-samples.ts';
import { collectPools, type Pools } from './tenancy/pools.ts';
import { runTrial } from './tenancy/trial.ts';
import { openWorld, type World } from './tenancy/world.ts';

/** A short trial with a seed of its own; `npm run test:tenancy -- --count 50000` is the long one. */
let world: World;
let pools: Pools;
beforeAll(async () => {
  world = await openWorld(() => {});
  pools = await collectPools(world);
}, 300_000);
afterAll(() => world?.close());

it('shows nobody what is somebody else’s and lets nobody change it, on every route', async () => {
  const count = 4 * operations.length;
  const { requests, faults, changes, routes } = await runTrial(world, pools, { seed: 20_261_121, count });
  expect({ faults, changes }).toEqual({ faults: [], changes: [] });
  expect(requests).toBe(count);
  expect(routes.filter((route) => route.requests < 4)).toEqual([]);
}, 300_000);
