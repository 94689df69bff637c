import type { EdgeBus } from './edge-bus.ts';
import type { HttpsBus } from './https-bus.ts';

type Options = {
  readonly first: EdgeBus;
  readonly second: HttpsBus;
  /** `both`: the second line is used all the time. Otherwise once the first has been down for `afterMs`. */
  readonly use: 'both' | 'when_down';
  readonly afterMs: number;
};

/**
 * MQTT and HTTPS as one line: it is up while one of them is. A message goes over MQTT where that is up. Commands may come over both;
 * the gate takes each once.
 */
export const twoLines = ({ first, second, use, afterMs }: Options): EdgeBus => {
  const listeners = new Set<(up: boolean) => void>();
  const isUp = () => first.isUp() || second.isUp();
  let told = false;
  let timer: NodeJS.Timeout | undefined;
  let open = false;

  const watch = () => {
    clearTimeout(timer);
    timer = undefined;
    if (!open) return;
    if (use === 'both') second.want(true);
    else if (first.isUp()) second.want(false);
    else if (!second.isUp()) timer = setTimeout(() => second.want(true), afterMs);
  };
  const tell = () => {
    watch();
    if (isUp() === told) {
      // What waits on one line may go on over the other.
      if (told) for (const listener of listeners) listener(true);
      return;
    }
    told = !told;
    for (const listener of listeners) listener(told);
  };

  first.onChange(tell);
  second.onChange(tell);
  return {
    subscribe: (topic, receive) => {
      first.subscribe(topic, receive);
      second.subscribe(topic, receive);
    },
    open: async () => {
      open = true;
      await first.open();
      await second.open();
      watch();
    },
    follow: (known) => second.follow?.(known),
    isUp,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: (topic, payload) => (first.isUp() ? first : second).publish(topic, payload),
    close: async () => {
      open = false;
      watch();
      await Promise.all([first.close(), second.close()]);
    },
  };
};
