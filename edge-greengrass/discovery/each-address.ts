import { setTimeout as pause } from 'node:timers/promises';

export type Pacing = {
  /** Addresses that are asked at the same time. */
  readonly atOnce: number;
  /** Addresses that are begun per second. */
  readonly perS: number;
};

const sliceMs = 20;
const mostTurns = 5;

/**
 * Goes over the addresses, `atOnce` at a time and `perS` a second at most, so that neither this machine's sockets nor a switch's or
 * router's tables run over. `work` answers false where it found this machine starved of sockets: such an address comes again, after a pause
 * for all, five times at most. Ends early, quietly, when the signal aborts.
 */
export const eachAddress = async (
  addresses: Iterable<string>,
  { atOnce, perS }: Pacing,
  work: (address: string) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> => {
  const source = addresses[Symbol.iterator]();
  const again: { readonly address: string; readonly turns: number }[] = [];
  const perSlice = (perS * sliceMs) / 1_000;
  let credit = Math.max(1, perSlice);
  let atMs = performance.now();
  let restUntilMs = 0;

  const turn = async () => {
    while (!signal.aborted) {
      const nowMs = performance.now();
      credit = Math.min(Math.max(1, perSlice), credit + ((nowMs - atMs) * perS) / 1_000);
      atMs = nowMs;
      const waitMs = Math.max(restUntilMs - nowMs, credit >= 1 ? 0 : ((1 - credit) * 1_000) / perS);
      if (waitMs <= 0) {
        credit -= 1;
        return true;
      }
      await pause(Math.max(1, waitMs), undefined, { signal }).catch(() => undefined);
    }
    return false;
  };
  /** One at a time takes its turn; the others stand behind it. */
  let queue: Promise<unknown> = Promise.resolve();
  const myTurn = () => {
    const mine = queue.then(turn);
    queue = mine;
    return mine;
  };

  const lane = async () => {
    for (;;) {
      const retried = again.pop();
      const next = retried ? undefined : source.next();
      const address = retried?.address ?? (next?.done === false ? next.value : undefined);
      if (address === undefined || !(await myTurn())) return;
      const turns = (retried?.turns ?? 0) + 1;
      if (!(await work(address)) && turns < mostTurns) {
        again.push({ address, turns });
        restUntilMs = performance.now() + 250 * turns;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
};
