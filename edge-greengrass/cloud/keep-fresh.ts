import { credentialsStatus } from '../../contracts/api-edge.ts';
import type { Log } from '../log.ts';
import type { KeyRing } from '../state/key-ring.ts';
import type { Clock } from '../state/pace.ts';
import { type EdgeApi, RefusedByCloud } from './edge-api.ts';
import { rotateKeys } from './rotate.ts';

type Deps = {
  readonly keys: KeyRing;
  readonly api: EdgeApi;
  readonly clock: Clock;
  readonly log: Log;
  /** There is a new certificate: connect with it. */
  readonly renewed: () => void;
  readonly signal: AbortSignal;
  /** How often the cloud is asked whether somebody wants new credentials, where nothing else tells. */
  readonly checkMs?: number;
  readonly retryMs?: number;
};

const hourMs = 3_600_000;

/**
 * Keeps the gateway's credentials fresh: replaces them at two thirds of their life, and when somebody asks for it. A failed attempt is
 * made again, later and later, up to an hour apart; the old credentials count meanwhile.
 */
export const keepFresh = (deps: Deps) => {
  const { keys, api, clock, log, renewed, signal, checkMs = hourMs, retryMs = 5_000 } = deps;
  let failures = 0;
  let asked = false;
  let wake = () => {};

  const askStatus = () => api.ask({ method: 'GET', path: 'credentials', signal }, credentialsStatus);
  const isDue = async () => asked || keys.held.rotateAtMs <= clock.nowMs() || (await askStatus()).rotate;
  const round = async () => {
    if (!(await isDue())) return;
    await rotateKeys(keys, api);
    asked = false;
    log('info', 'credentials_replaced');
    renewed();
    // The first use of the new token makes the new set count; should this one be lost, the next request is it.
    await askStatus();
  };
  /** Undefined after a round that went well. */
  const failureOf = (work: Promise<void>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error instanceof RefusedByCloud ? error.code : 'unreachable'),
    );
  const nap = async (ms: number) => {
    const woken = new AbortController();
    wake = () => woken.abort();
    await clock.wait(ms, AbortSignal.any([signal, woken.signal]));
    wake = () => {};
  };

  const run = async () => {
    while (!signal.aborted) {
      const code = await failureOf(round());
      if (signal.aborted) return;
      failures = code === undefined ? 0 : failures + 1;
      if (code !== undefined) log(failures > 3 ? 'error' : 'warn', 'credentials_not_checked', { code });
      const dueMs = Math.max(1_000, keys.held.rotateAtMs - clock.nowMs());
      const backOffMs = Math.min(hourMs, retryMs * 2 ** Math.min(failures - 1, 10));
      if (failures > 0) await nap(backOffMs * (0.5 + Math.random() / 2));
      else if (!asked) await nap(Math.min(checkMs, dueMs));
    }
  };
  return {
    /** Somebody wants new credentials now. What failed just before takes its time. */
    wanted: () => {
      asked = true;
      if (failures === 0) wake();
    },
    ended: run(),
  };
};
