import type { Clock } from '../shared/clock.ts';
import type { DeliveryRef } from './delivery-repository.ts';

type Due = DeliveryRef & { readonly due_sk: string };
export type SweepDeps = {
  readonly listDue: (nowMs: number, most: number) => Promise<readonly Due[]>;
  readonly postpone: (due: Due, untilMs: number) => Promise<boolean>;
  readonly requestAttempt: (ref: DeliveryRef, delayMs: number) => Promise<void>;
  readonly clock: Clock;
};

const atOnce = 100;
const mostInRun = 2_000;
/** If nothing came of an attempt that was asked for, it is asked for again after so long. */
const againMs = 5 * 60_000;

/** Asks for the attempts that are due and for which no message waits in the queue. Answers how many. */
export const sweep =
  ({ listDue, postpone, requestAttempt, clock }: SweepDeps) =>
  async (): Promise<number> => {
    let asked = 0;
    while (asked < mostInRun) {
      const nowMs = clock.nowMs();
      const due = await listDue(nowMs, atOnce);
      await Promise.all(
        due.map(async (one) => {
          const { siteId, webhookId, deliveryId } = one;
          if (await postpone(one, nowMs + againMs))
            await requestAttempt({ siteId, webhookId, deliveryId }, 0);
        }),
      );
      asked += due.length;
      if (due.length < atOnce) return asked;
    }
    return asked;
  };
