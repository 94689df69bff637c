import type { Login } from '../discovery/found-machine.ts';
import type { Clock } from '../state/pace.ts';
import type { LoginWay } from './login-way.ts';
import type { PasswordChange, PasswordChanges } from './password-changes.ts';

/**
 * `changed`: the new password lets in. `kept`: the old one does, and the new one is forgotten. `unresolved`: neither did, or the miner could not be
 * asked; both stay sealed. `not_let_in`: the inventory's own login does not work, so nothing was written. `no_way`: the firmware has none.
 */
export type RotationOutcome = 'changed' | 'kept' | 'unresolved' | 'not_let_in' | 'no_way';

type Deps = {
  readonly changes: PasswordChanges;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** After the write, when the new password is tried: an Antminer takes a second to put it in place. Few tries lock nobody out. */
const triesAfterMs = [1_500, 4_000, 10_000] as const;
/** Before this has passed since the write, an old password that still lets in proves nothing. */
export const settleMs = 15_000;

/**
 * Finds out which of the two passwords of a change holds, and says so on the disk. Writes nothing to the miner. The old one counts only when the
 * new one has had its time.
 */
export const resolveChange = async (
  change: PasswordChange,
  way: LoginWay,
  { changes, clock, signal }: Deps,
  isRefused = false,
): Promise<RotationOutcome> => {
  const { minerId, from, to, atMs } = change;
  if (change.phase === 'settled') return 'changed';
  const checkNew = async () => {
    if ((await way.check(to, signal)) !== 'accepted') return false;
    changes.settle(minerId);
    return true;
  };
  if (!isRefused) {
    for (const afterMs of triesAfterMs) {
      await clock.wait(Math.max(0, atMs + afterMs - clock.nowMs()), signal);
      if (signal.aborted) return 'unresolved';
      if (await checkNew()) return 'changed';
      if (clock.nowMs() >= atMs + settleMs) break;
    }
    await clock.wait(Math.max(0, atMs + settleMs - clock.nowMs()), signal);
    if (signal.aborted) return 'unresolved';
  }
  if ((await way.check(from, signal)) !== 'accepted') return (await checkNew()) ? 'changed' : 'unresolved';
  changes.drop([minerId]);
  return 'kept';
};

/**
 * Gives a miner a new password. Both passwords are sealed on the disk before the miner hears of the new one, and until one of them has let in
 * afterwards; so whenever this stops, the miner can be logged in to with one of the two.
 */
export const rotatePassword = async (
  minerId: string,
  from: Login,
  way: LoginWay,
  deps: Deps,
): Promise<RotationOutcome> => {
  const { changes, clock, signal } = deps;
  const pending = changes.all().find((change) => change.minerId === minerId);
  if (pending) return resolveChange(pending, way, deps);
  if (!way.change) return 'no_way';
  if ((await way.check(from, signal)) !== 'accepted' || signal.aborted) return 'not_let_in';
  const to = { username: from.username, password: way.newPassword() };
  const atMs = clock.nowMs();
  changes.prepare(minerId, from, to, atMs);
  const { kind } = await way.change(from, to.password);
  const prepared: PasswordChange = { minerId, phase: 'prepared', from, to, atMs };
  return resolveChange(prepared, way, deps, kind === 'refused');
};
