import { operations } from '../support/api-samples.ts';
import { type Attempt, attemptAt } from './generate.ts';
import { type Fault, judge } from './judge.ts';
import type { Attacker } from './people.ts';
import type { Pools } from './pools.ts';
import { changesOf, takeSnapshot } from './snapshot.ts';
import { settled, type World } from './world.ts';

export type RouteCount = {
  readonly operation: string;
  readonly route: string;
  requests: number;
  /** With at least one name of somebody else in a place that the route reads. */
  foreign: number;
  readonly statuses: Record<string, number>;
  faults: number;
};
export type Outcome = {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  readonly routes: readonly RouteCount[];
  readonly faults: readonly Fault[];
  /** Items of others that changed, by phase. */
  readonly changes: readonly { readonly phase: string; readonly item: string }[];
};

/** Whoever is nobody any more tries nothing, so a trial without this attacker is void. */
const lostRights = async ({ client }: World, { name, headers }: Attacker): Promise<Fault[]> => {
  const path = name.endsWith('gateway') ? '/api/edge/v1/credentials' : '/api/v1/sites';
  const { status, text } = await client.send({ method: 'GET', path, headers });
  const what = 'has lost its rights, so that its requests tried nothing';
  return status === 200
    ? []
    : [{ index: -1, operation: 'none', attacker: name, what, request: `GET ${path}`, status, answer: text }];
};

const atOnce = 6;

/** Sends so many requests, phase by phase, and looks after each phase at what must be untouched. */
export const runTrial = async (
  world: World,
  pools: Pools,
  { seed, count, first = 0 }: { readonly seed: number; readonly count: number; readonly first?: number },
  onProgress: (done: number) => void = () => {},
): Promise<Outcome> => {
  const routes = new Map<string, RouteCount>(
    operations.map(({ id, method, path }) => [
      id,
      { operation: id, route: `${method} ${path}`, requests: 0, foreign: 0, statuses: {}, faults: 0 },
    ]),
  );
  const faults: Fault[] = [];
  const changes: { phase: string; item: string }[] = [];
  const startMs = performance.now();
  let done = 0;
  const take = async (attempt: Attempt) => {
    const received = await world.client.send(attempt.sent);
    const found = judge(world, attempt, received);
    faults.push(...found);
    const route = routes.get(attempt.operation.id);
    if (route) {
      route.requests += 1;
      if (attempt.foreign.some(({ where }) => where !== 'header' && where !== 'extra')) route.foreign += 1;
      route.statuses[received.status] = (route.statuses[received.status] ?? 0) + 1;
      route.faults += found.length;
    }
    onProgress(++done);
  };
  for (const [at, { name, attackers, untouched }] of world.phases.entries()) {
    const from = first + Math.floor((count * at) / world.phases.length);
    const to = first + Math.floor((count * (at + 1)) / world.phases.length);
    const check = async () => {
      for (const attacker of attackers) faults.push(...(await lostRights(world, attacker)));
    };
    await check();
    const before = takeSnapshot(world);
    let next = from;
    const worker = async () => {
      while (next < to) await take(attemptAt(seed, next++, attackers, pools));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await settled(world.runtime);
    await check();
    for (const item of changesOf(world, untouched, before, takeSnapshot(world)))
      changes.push({ phase: name, item });
  }
  return {
    seed,
    requests: done,
    seconds: (performance.now() - startMs) / 1_000,
    routes: [...routes.values()],
    faults,
    changes,
  };
};
