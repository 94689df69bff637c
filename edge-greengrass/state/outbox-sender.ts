import type { EdgeBus } from '../bus/edge-bus.ts';
import type { Log } from '../log.ts';
import type { Outbox, OutboxItem } from './outbox.ts';
import type { Pace } from './pace.ts';

type Deps = {
  readonly outbox: Outbox;
  readonly bus: EdgeBus;
  readonly inFlight: number;
  readonly pace: Pace;
  readonly log: Log;
  /** Topics of which several payloads that wait go out as fewer messages, in their order. */
  readonly join?: ReadonlyMap<string, Join>;
};
/** Payloads as messages, in their order, with how many of them each holds. */
type Join = (
  payloads: readonly Uint8Array[],
) => readonly { readonly payload: Uint8Array; readonly count: number }[];
type Message = { readonly topic: string; readonly payload: Uint8Array; readonly ids: readonly number[] };

/**
 * Sends the outbox: in order, at once, at most `inFlight` unacknowledged. After a failed publish it starts over from the oldest,
 * so nothing is lost and little is sent twice.
 */
export const startOutboxSender = ({ outbox, bus, inFlight, pace, log, join = new Map() }: Deps) => {
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let retry: NodeJS.Timeout | undefined;

  const sendSome = async () => {
    const messages = messagesOf(outbox.next(join.size > 0 ? inFlight * mostJoined : inFlight), join);
    const now = messages.slice(0, inFlight);
    const sent = await Promise.allSettled(
      now.map(({ topic, payload }) => {
        pace.spend(topic, payload);
        return bus.publish(topic, payload);
      }),
    );
    const acknowledged = now.filter((_, at) => sent[at]?.status === 'fulfilled');
    outbox.acknowledge(acknowledged.flatMap(({ ids }) => ids));
    return { more: now.length > 0, failed: acknowledged.length < now.length };
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

const mostJoined = 20;

/** The items as messages: those that follow each other on a topic that may be joined go together. */
const messagesOf = (items: readonly OutboxItem[], join: ReadonlyMap<string, Join>): Message[] => {
  const runs: OutboxItem[][] = [];
  for (const item of items) {
    const run = runs.at(-1);
    if (run && run.length < mostJoined && run[0]?.topic === item.topic && join.has(item.topic))
      run.push(item);
    else runs.push([item]);
  }
  return runs.flatMap((run) => {
    const topic = run[0]?.topic ?? '';
    const parts = join.get(topic)?.(run.map(({ payload }) => payload));
    if (!parts) return run.map(({ id, payload }) => ({ topic, payload, ids: [id] }));
    let from = 0;
    return parts.map(({ payload, count }) => {
      from += count;
      return { topic, payload, ids: run.slice(from - count, from).map(({ id }) => id) };
    });
  });
};
