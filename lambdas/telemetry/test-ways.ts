import type { BlockStore } from './block-store.ts';
import { memoryBlockStore } from './block-store.ts';
import { follow, type Schedule, type Step } from './test-schedules.ts';
import { bytesOfBlocks, newWorld, settle, type startTables } from './test-tiers.ts';
import { dayMs } from './windows.ts';

/** A clock that only the test moves. */
const movingClock = (startMs: number) => {
  let now = startMs;
  return {
    nowMs: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
};

class Crash extends Error {}

/** Calls that fail now and then: half of them before they have had their effect, half of them after it. */
const crashing = (seed: number) => {
  let state = seed;
  let isOn = false;
  const draw = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    const chance = isOn ? draw() : 1;
    if (chance < 0.02) throw new Crash('before');
    const done = await call();
    if (chance < 0.04) throw new Crash('after');
    return done;
  };
  return {
    around,
    /** Runs a step with failures; one of them ends the step. */
    attempt: async (step: () => Promise<unknown>) => {
      isOn = true;
      try {
        await step();
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      } finally {
        isOn = false;
      }
    },
  };
};

type Tables = Awaited<ReturnType<typeof startTables>>;

const follows = async (tables: Tables, of: Schedule, way: readonly Step[], seed: number) => {
  const { around, attempt } = crashing(seed);
  const memory = memoryBlockStore();
  const blocks: BlockStore = {
    put: (...given) => around(() => memory.put(...given)),
    putAll: (...given) => around(() => memory.putAll(...given)),
    get: (...given) => around(() => memory.get(...given)),
    remove: (...given) => around(() => memory.remove(...given)),
  };
  const clock = movingClock(of.startMs + 3.5 * dayMs);
  const { db } = tables;
  const failing = new Proxy(db, {
    get: (target, name) =>
      name === 'send'
        ? (command: Parameters<typeof db.send>[0]) => around(() => target.send(command))
        : Reflect.get(target, name),
  });
  const world = { ...newWorld(failing, await tables.newTable(), of.zone, clock.nowMs, blocks), clock };
  await follow(world, of, way, attempt);
  const found = new Map<string, string>();
  for (const untilDay of [7, 21]) {
    clock.advance(of.startMs + untilDay * dayMs - clock.nowMs());
    await settle(world, of.shards);
    for (const [key, bytes] of await bytesOfBlocks(world)) found.set(`day ${untilDay}: ${key}`, bytes);
  }
  return found;
};

/** The bytes of every block after each of a schedule's two ways, soon after the last batch and when ten days are over. In the second, calls fail. */
export const tryWays = async (tables: Tables, of: Schedule) =>
  [
    await follows(tables, of, of.ways[0], 0),
    await follows(tables, of, of.ways[1], of.batches.length),
  ] as const;
