import { fail, failForNow, type Result, succeed } from '../shared/result.ts';

/** Wrong answers that a browser has before it must wait until the window has passed. */
export const attemptLimit = { most: 5, windowMs: 15 * 60 * 1000 } as const;

export type AttemptDeps = {
  /** Whether this browser has passed here before, as this user. */
  readonly isKnownDevice: (deviceHash: string) => Promise<boolean>;
  /** Counts an attempt before it is judged, so that many at once count each; false where none is left. */
  readonly take: (from: string) => Promise<boolean>;
  /** Gives one back that turned out right. */
  readonly giveBack: (from: string) => Promise<void>;
};

/** Browsers that have never passed here share one bucket. */
export const strangers = 'strangers';

/**
 * Slows down guessing without letting a guesser lock its victim out (OWASP, device cookies). A browser that has passed
 * before holds a device token and has attempts of its own; all others share one bucket per user. A stranger that uses up the
 * bucket shuts out strangers alone, for a while; the user's own browsers go on.
 *
 * `judge` is called once, if an attempt is left; its answer undefined counts as wrong.
 */
export const withAttempts =
  ({ isKnownDevice, take, giveBack }: AttemptDeps) =>
  async <T>(deviceHash: string | undefined, judge: () => Promise<T | undefined>): Promise<Result<T>> => {
    const from = deviceHash !== undefined && (await isKnownDevice(deviceHash)) ? deviceHash : strangers;
    if (!(await take(from)))
      return failForNow(
        'Too many wrong codes from here; wait a quarter of an hour',
        attemptLimit.windowMs / 1000,
      );
    const value = await judge();
    if (value === undefined) return fail('forbidden', 'This code is not right, or was used before');
    await giveBack(from);
    return succeed(value);
  };
