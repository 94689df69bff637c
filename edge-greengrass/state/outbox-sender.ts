import type { EdgeBus } from '../bus/edge-bus.ts';
import type { Log } from '../log.ts';
import type { Lane, Outbox } from './outbox.ts';

type Deps = { readonly outbox: Outbox; readonly bus: EdgeBus; readonly inFlight: number; readonly log: Log };

/**
 * Sends one lane of the outbox: in order, at most `inFlight` unacknowledged at once. After a failed publish it starts
 * over from the oldest, so nothing is lost and little is sent twice; readers tell repeats by the batch's sequence.
 */
export const startSender = (lane: Lane, { outbox, bus, inFlight, log }: Deps) => {
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let retry: NodeJS.Timeout | undefined;
  const idle = new Set<() => void>();

  const sendSome = async () => {
    const items = outbox.next(lane, 0, inFlight);
    const sent = await Promise.allSettled(items.map(({ topic, payload }) => bus.publish(topic, payload)));
    const acknowledged = items.filter((_, at) => sent[at]?.status === 'fulfilled');
    outbox.acknowledge(acknowledged.map(({ id }) => id));
    return { more: items.length > 0, failed: acknowledged.length < items.length };
  };

  const run = async () => {
    while (!stopped && bus.isUp()) {
      again = false;
      const { more, failed } = await sendSome();
      if (failed) {
        if (bus.isUp() && !stopped)
          retry ??= setTimeout(() => {
            retry = undefined;
            wake();
          }, 1_000);
        return;
      }
      if (!more && !again) return;
    }
  };

  const wake = () => {
    again = true;
    if (running || stopped || !bus.isUp()) return;
    running = run()
      .catch(() => log('error', 'outbox_failed', { lane }))
      .finally(() => {
        running = undefined;
        if (outbox.count(lane) === 0) for (const tell of idle.values()) tell();
        else if (again && !retry && bus.isUp()) wake();
      });
  };

  const unlisten = bus.onChange((up) => up && wake());
  return {
    wake,
    /** Resolves when nothing waits for an acknowledgement any more. */
    drained: (): Promise<void> =>
      outbox.count(lane) === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            const tell = () => {
              idle.delete(tell);
              resolve();
            };
            idle.add(tell);
            wake();
          }),
    stop: async () => {
      stopped = true;
      clearTimeout(retry);
      unlisten();
      await running;
    },
  };
};
