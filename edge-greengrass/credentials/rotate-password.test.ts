import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConfiguredMiner, configuredMiner } from '../config.ts';
import { vaultOf } from '../sealing/disk-vault.ts';
import type { Clock } from '../state/pace.ts';
import { StateFile } from '../state/state-file.ts';
import type { LoginWay } from './login-way.ts';
import { newPassword } from './new-password.ts';
import { PasswordChanges } from './password-changes.ts';
import type { RotationOutcome } from './rotate-password.ts';
import { resolvePending, rotatePasswords } from './rotate-passwords.ts';

/** How a miner takes a new password. */
const manners = [
  'at once',
  'a second later',
  'refuses',
  'ignores',
  'loses the answer',
  'loses the order',
  'dies',
] as const;
type Manner = (typeof manners)[number];

class Crash extends Error {}

/** One miner, and one gateway that can stop before or after anything that it does to the disk or the miner. */
const bench = (manner: Manner, stopAt = Number.POSITIVE_INFINITY) => {
  let atMs = 1_000_000;
  let steps = 0;
  let isCrashing = true;
  const step = <T>(work: () => T): T => {
    if (isCrashing && ++steps === stopAt) throw new Crash();
    const result = work();
    if (isCrashing && ++steps === stopAt) throw new Crash();
    return result;
  };
  const clock: Clock = {
    nowMs: () => atMs,
    wait: async (ms) => {
      atMs += ms;
    },
  };
  const miner = {
    password: 'root',
    coming: undefined as { text: string; atMs: number } | undefined,
    isDead: false,
  };
  const current = () => {
    if (miner.coming && atMs >= miner.coming.atMs) {
      miner.password = miner.coming.text;
      miner.coming = undefined;
    }
    return miner.password;
  };
  const take = (text: string, afterMs = 0) => {
    miner.coming = { text, atMs: atMs + afterMs };
  };
  let wrongTries = 0;
  let writes = 0;
  const way: LoginWay = {
    check: async ({ password }) =>
      step(() => {
        if (miner.isDead) return 'unknown';
        if (password === current()) return 'accepted';
        wrongTries++;
        return 'refused';
      }),
    change: async (_, password) =>
      step(() => {
        writes++;
        if (manner === 'refuses') return { kind: 'refused', detail: 'no' } as const;
        if (manner === 'at once' || manner === 'loses the answer') take(password);
        if (manner === 'a second later') take(password, 1_000);
        if (manner === 'dies') {
          take(password, 500);
          miner.isDead = true;
        }
        return manner === 'loses the answer' || manner === 'loses the order' || manner === 'dies'
          ? ({ kind: 'lost', detail: 'no answer' } as const)
          : ({ kind: 'done' } as const);
      }),
    newPassword: () => newPassword(8),
  };
  const state = new StateFile(':memory:');
  const vault = vaultOf(new Uint8Array(32));
  const disk: { miners: readonly ConfiguredMiner[] } = {
    miners: [configuredMiner.parse({ minerId: 'm-1', vendor: 'antminer', host: '10.0.0.1' })],
  };
  class Stepping extends PasswordChanges {
    override prepare(...args: Parameters<PasswordChanges['prepare']>) {
      step(() => super.prepare(...args));
    }
    override settle(minerId: string) {
      step(() => super.settle(minerId));
    }
    override drop(minerIds: readonly string[]) {
      step(() => super.drop(minerIds));
    }
  }
  const changes = new Stepping(state, vault);
  const outcomes: RotationOutcome[] = [];
  const deps = () => ({
    miners: disk.miners,
    wayOf: () => way,
    changes,
    keep: async (miners: readonly ConfiguredMiner[]) =>
      step(() => {
        disk.miners = miners;
      }),
    clock,
    signal: new AbortController().signal,
    onOutcome: (_: string, outcome: RotationOutcome) => void outcomes.push(outcome),
  });
  return {
    miner,
    current,
    outcomes,
    counts: () => ({ wrongTries, writes, steps }),
    pending: () => new PasswordChanges(state, vault).all(),
    inventoryPassword: () => disk.miners[0]?.password ?? 'root',
    /** Every password that the gateway has sealed for this miner. */
    sealed: () => [
      disk.miners[0]?.password ?? 'root',
      ...changes.all().flatMap(({ from, to }) => [from.password, to.password]),
    ],
    rotate: () => rotatePasswords(new Set(['m-1']), deps()),
    /** The next start of the gateway, which nothing stops. */
    restart: async () => {
      isCrashing = false;
      miner.isDead = false;
      await resolvePending(deps());
    },
    close: () => state.close(),
  };
};

describe('a new password', () => {
  it.each([
    ['at once', 'changed'],
    ['a second later', 'changed'],
    ['loses the answer', 'changed'],
    ['refuses', 'kept'],
    ['ignores', 'kept'],
    ['loses the order', 'kept'],
    ['dies', 'unresolved'],
  ] as const)('of a miner that takes it so: %s, is %s', async (manner, outcome) => {
    const each = bench(manner);
    await each.rotate();
    expect(each.outcomes).toEqual([outcome]);
    expect(each.pending()).toHaveLength(outcome === 'unresolved' ? 1 : 0);
    if (outcome !== 'unresolved') expect(each.inventoryPassword()).toBe(each.current());
    expect(each.inventoryPassword() === 'root').toBe(outcome !== 'changed');
    expect(each.counts().wrongTries).toBeLessThanOrEqual(3);
    each.close();
  });

  it('is not written where the inventory’s own login is refused', async () => {
    const each = bench('at once');
    each.miner.password = 'somebody else’s';
    await each.rotate();
    expect(each.outcomes).toEqual(['not_let_in']);
    expect(each.counts()).toMatchObject({ writes: 0, wrongTries: 1 });
    each.close();
  });

  it('that is open is ended first, and only then replaced by another', async () => {
    const each = bench('dies');
    await each.rotate();
    each.miner.isDead = false;
    each.outcomes.length = 0;
    await each.rotate();
    expect(each.outcomes[0]).toBe('changed');
    expect(each.sealed()).toContain(each.current());
    each.close();
  });

  it('is random, of letters and digits that nobody confuses, and as long as asked', () => {
    const made = new Set(Array.from({ length: 500 }, () => newPassword(8)));
    expect(made.size).toBe(500);
    for (const password of made) expect(password).toMatch(/^[a-km-np-zA-HJ-NP-Z2-9]{8}$/);
  });
});

describe('whenever the gateway stops', () => {
  it('one of the sealed passwords lets in, and the next start finds out which', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...manners),
        fc.integer({ min: 1, max: 40 }),
        async (manner, stopAt) => {
          const each = bench(manner, stopAt);
          const stopped = await each.rotate().then(
            () => false,
            (error: unknown) => {
              if (error instanceof Crash) return true;
              throw error;
            },
          );
          expect(each.sealed()).toContain(each.current());
          if (each.miner.coming) expect(each.sealed()).toContain(each.miner.coming.text);
          await each.restart();
          expect(each.pending()).toEqual([]);
          expect(each.inventoryPassword()).toBe(each.current());
          expect(each.miner.coming).toBeUndefined();
          expect(each.counts().writes).toBeLessThanOrEqual(1);
          if (!stopped) expect(stopAt).toBeGreaterThan(each.counts().steps);
          each.close();
        },
      ),
      { numRuns: 400 },
    );
  });
});
