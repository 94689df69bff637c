import type { EdgeBus } from '../bus/edge-bus.ts';
import type { Log } from '../log.ts';
import type { Outbox } from './outbox.ts';
import type { Pace } from './pace.ts';

type Deps = {
  readonly outbox: Outbox;
  readonly bus: EdgeBus;
  readonly inFlight: number;
  readonly pace: Pace;
  readonly log: Log;
};

/**
 * Sends the outbox: in order, at once, at most `inFlight` unacknowledged. After a failed publish it starts over from the oldest,
 * so nothing is lost and little is sent twice.
 */
export const startOutboxSender = ({ outbox, bus, inFlight, pace, log }: Deps) => {
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let retry: NodeJS.Timeout | undefined;

  const sendSome = async () => {
    const items = outbox.next(inFlight);
    const sent = await Promise.allSettled(
      items.map(({ topic, payload }) => {
        pace.spend(topic, payload);
        return bus.publish(topic, payload);
      }),
    );
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
      .catch(() => log('error', 'outbox_failed'))
      .finally(() => {
        running = undefined;
        if (again && !retry && bus.isUp()) wake();
      });
  };

  const unlisten = bus.onChange((up) => up && wake());
  return {
    wake,
    stop: async () => {
      stopped = true;
      clearTimeout(retry);
      unlisten();
      await running;
    },
  };
};
