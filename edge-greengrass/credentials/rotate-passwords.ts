import type { ConfiguredMiner } from '../config.ts';
import { loginOf } from '../discovery/likely-logins.ts';
import { Semaphore } from '../io/semaphore.ts';
import type { Clock } from '../state/pace.ts';
import type { LoginWay } from './login-way.ts';
import { type PasswordChanges, withSettled } from './password-changes.ts';
import { type RotationOutcome, resolveChange, rotatePassword } from './rotate-password.ts';

type Deps = {
  readonly miners: readonly ConfiguredMiner[];
  readonly wayOf: (miner: ConfiguredMiner) => LoginWay | undefined;
  readonly changes: PasswordChanges;
  /** Seals the whole inventory. */
  readonly keep: (miners: readonly ConfiguredMiner[]) => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly atOnce?: number;
  readonly onOutcome?: (minerId: string, outcome: RotationOutcome) => void;
};

/** Of a firmware that does otherwise than thought, a few miners are enough to find out. */
const mostUnresolved = 3;

/** Puts the passwords that hold into the inventory, and forgets the changes only when that is on the disk. */
const takeOver = async (miners: readonly ConfiguredMiner[], { changes, keep }: Deps) => {
  const settled = changes.all().filter(({ phase }) => phase === 'settled');
  if (settled.length === 0) return miners;
  const after = withSettled(miners, settled);
  await keep(after);
  changes.drop(settled.map(({ minerId }) => minerId));
  return after;
};

/**
 * Ends what an earlier run or a crash left open: asks each such miner which of its two passwords holds. Returns the inventory after it; writes
 * nothing to any miner.
 */
export const resolvePending = async (deps: Deps): Promise<readonly ConfiguredMiner[]> => {
  const { miners, wayOf, changes, onOutcome } = deps;
  const byId = new Map(miners.map((miner) => [miner.minerId, miner]));
  await Promise.all(
    changes.all().map(async (change) => {
      const miner = byId.get(change.minerId);
      const way = miner && wayOf(miner);
      if (!way) return;
      const outcome = await resolveChange(change, way, deps);
      onOutcome?.(change.minerId, outcome);
    }),
  );
  return takeOver(miners, deps);
};

/**
 * New passwords for the selected miners, a few at a time. What was left open before is ended first. Stops asking further miners once three did
 * not let in with either of their passwords. Returns the inventory after it, which is sealed.
 */
export const rotatePasswords = async (
  selected: ReadonlySet<string>,
  deps: Deps,
): Promise<{ readonly miners: readonly ConfiguredMiner[]; readonly stopped: boolean }> => {
  const { wayOf, signal, atOnce = 8, onOutcome } = deps;
  const miners = await resolvePending(deps);
  const lanes = new Semaphore(atOnce);
  let unresolved = 0;
  let left = false;
  await Promise.all(
    miners
      .filter(({ minerId }) => selected.has(minerId))
      .map((miner) =>
        lanes.run(async () => {
          if (signal.aborted || unresolved >= mostUnresolved) {
            left = true;
            return;
          }
          const way = wayOf(miner);
          const outcome = way ? await rotatePassword(miner.minerId, loginOf(miner), way, deps) : 'no_way';
          if (outcome === 'unresolved') unresolved++;
          onOutcome?.(miner.minerId, outcome);
        }),
      ),
  );
  return { miners: await takeOver(miners, deps), stopped: left };
};
