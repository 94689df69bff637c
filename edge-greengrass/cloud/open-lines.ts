import type { EdgeBus } from '../bus/edge-bus.ts';
import { httpsBus } from '../bus/https-bus.ts';
import { mqttBusWithKeys } from '../bus/mqtt-bus.ts';
import { twoLines } from '../bus/two-lines.ts';
import type { CloudConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { realClock } from '../real-clock.ts';
import type { KeyRing } from '../state/key-ring.ts';
import { edgeApi } from './edge-api.ts';
import { keepFresh } from './keep-fresh.ts';

type Options = {
  readonly cloud: CloudConfig;
  readonly keys: KeyRing;
  readonly publishMs: number;
  readonly log: Log;
  readonly nowMs?: () => number;
  readonly checkMs?: number;
  /** How often the second line asks what is durable. */
  readonly receiptMs?: number;
};

/**
 * The lines of a gateway with keys of its own: MQTT, HTTPS beside or behind it, and what keeps its credentials fresh while the line is
 * open. Closing the line ends all of it.
 */
export const openLines = ({
  cloud,
  keys,
  publishMs,
  log,
  nowMs = Date.now,
  checkMs,
  receiptMs,
}: Options): EdgeBus => {
  const stopping = new AbortController();
  const api = edgeApi(cloud.url, keys);
  const first = mqttBusWithKeys(keys, cloud.caPath, publishMs, log);
  let fresh: ReturnType<typeof keepFresh> | undefined;
  const second = httpsBus({
    place: keys.held,
    api,
    onRotate: () => fresh?.wanted(),
    log,
    ...(receiptMs !== undefined && { receiptMs }),
  });
  const line =
    cloud.use === 'never' ? first : twoLines({ first, second, use: cloud.use, afterMs: cloud.afterMs });
  return {
    ...line,
    open: async () => {
      fresh = keepFresh({
        keys,
        api,
        clock: realClock(nowMs),
        log,
        renewed: first.renew,
        signal: stopping.signal,
        ...(checkMs !== undefined && { checkMs }),
      });
      await line.open();
    },
    close: async () => {
      stopping.abort();
      await line.close();
      await fresh?.ended;
    },
  };
};
