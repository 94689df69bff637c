import { type AttemptDeps, attemptLimit } from '../../lambdas/identity/attempts.ts';

type Counted = { taken: number; readonly endsAtMs: number };

/** Attempts and known browsers of every account, in memory: after a restart all browsers are strangers once. */
export const passwordAttempts = (nowMs: () => number = Date.now) => {
  const counts = new Map<string, Counted>();
  const devices = new Map<string, Set<string>>();
  const devicesOf = (email: string) =>
    devices.get(email) ?? devices.set(email, new Set()).get(email) ?? new Set<string>();
  return {
    of: (email: string): AttemptDeps => ({
      isKnownDevice: async (deviceHash) => devicesOf(email).has(deviceHash),
      take: async (from) => {
        if (counts.size > 10_000) counts.clear();
        const key = `${email} ${from}`;
        const counted = counts.get(key);
        if (!counted || counted.endsAtMs <= nowMs()) {
          counts.set(key, { taken: 1, endsAtMs: nowMs() + attemptLimit.windowMs });
          return true;
        }
        if (counted.taken >= attemptLimit.most) return false;
        counted.taken++;
        return true;
      },
      giveBack: async (from) => {
        const counted = counts.get(`${email} ${from}`);
        if (counted && counted.taken > 0) counted.taken--;
      },
    }),
    remember: (email: string, deviceHash: string) => {
      devicesOf(email).add(deviceHash);
    },
  };
};
