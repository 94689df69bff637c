import { setTimeout as pause } from 'node:timers/promises';
import {
  acceptedAnswer,
  ackAnswer,
  longestPollS,
  pollAnswer,
  receiptAnswer,
} from '../../contracts/api-edge.ts';
import { safetyEvent } from '../../contracts/command.ts';
import { responsesIn } from '../../contracts/command-messages.ts';
import { telemetryGone } from '../../contracts/telemetry-receipt.ts';
import { topics, uplinks } from '../../contracts/topics.ts';
import { type EdgeApi, RefusedByCloud } from '../cloud/edge-api.ts';
import type { Log } from '../log.ts';
import type { EdgeBus, Known } from './edge-bus.ts';

type Place = { readonly siteId: number; readonly gatewayId: string };
type Options = {
  readonly place: Place;
  readonly api: EdgeApi;
  /** Somebody asked for new credentials. */
  readonly onRotate: () => void;
  readonly log: Log;
  readonly waitS?: number;
  readonly retryMs?: number;
  /** How often it asks what is durable: as often as the cloud says so over MQTT. */
  readonly receiptMs?: number;
};
/** A line that is used while it is wanted: it polls then, and is down otherwise. */
export type HttpsBus = EdgeBus & { readonly want: (wanted: boolean) => void };

const mostRetryMs = 30_000;
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const jsonOf = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString('utf8'));

/**
 * The second path: the documented edge API. Commands are polled for and handed to the same receivers as those over MQTT; what the
 * gateway publishes goes to the route of its topic. Up while the polls are answered.
 */
export const httpsBus = (options: Options): HttpsBus => {
  const { place, api, onRotate, log, waitS = longestPollS, retryMs = 1_000, receiptMs = 60_000 } = options;
  let known = (): Known => ({ sequence: 0, haltEpoch: -1 });
  const receivers = new Map<string, (payload: Uint8Array) => Promise<void>>();
  const listeners = new Set<(up: boolean) => void>();
  let up = false;
  let wanted = false;
  let opened = false;
  let polling: { readonly ended: Promise<void>; readonly stop: () => void } | undefined;

  const setUp = (now: boolean) => {
    if (up === now) return;
    up = now;
    log('info', now ? 'second_line_up' : 'second_line_down');
    for (const listener of listeners) listener(now);
  };

  const deliver = async (topic: string, message: unknown) => {
    await receivers.get(topic)?.(bytesOf(message));
  };
  const pollOnce = async (waitS: number, signal: AbortSignal) => {
    const { sequence, haltEpoch } = known();
    const query = new URLSearchParams({
      after: `${sequence}`,
      wait_s: `${waitS}`,
      halt_epoch: `${haltEpoch}`,
    });
    const timeoutMs = (waitS + 10) * 1_000;
    const path = `commands/poll?${query}`;
    const { halt, commands, rotate } = await api.ask({ method: 'GET', path, timeoutMs, signal }, pollAnswer);
    if (halt) await deliver(topics.halt(place), halt);
    for (const envelope of commands) await deliver(topics.commandRequest(place), envelope);
    if (rotate) onRotate();
    return rotate;
  };

  const askReceipt = async (signal: AbortSignal) => {
    const { receipt } = await api.ask({ method: 'GET', path: 'telemetry/receipt', signal }, receiptAnswer);
    if (receipt) await deliver(topics.receipt(place), receipt);
  };

  const poll = async (signal: AbortSignal) => {
    let failures = 0;
    let receiptDueMs = performance.now() + receiptMs;
    while (!signal.aborted) {
      const again = await pollOnce(up ? waitS : 0, signal).catch((error: unknown) => {
        if (signal.aborted) return undefined;
        if (failures === 0)
          log('warn', 'poll_failed', { reason: error instanceof Error ? error.message : 'unknown' });
        return undefined;
      });
      if (signal.aborted) return;
      setUp(again !== undefined);
      if (up && performance.now() >= receiptDueMs) {
        receiptDueMs = performance.now() + receiptMs;
        await askReceipt(signal).catch(() => log('warn', 'receipt_not_read'));
      }
      failures = again === undefined ? failures + 1 : 0;
      // An asked-for rotation is answered at once until it is done: ask no more than every second meanwhile.
      const waitMs =
        again === undefined
          ? Math.min(mostRetryMs, retryMs * 2 ** Math.min(failures, 8))
          : again
            ? retryMs
            : 0;
      if (waitMs > 0)
        await pause(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  };

  const adjust = () => {
    if (opened && wanted && !polling) {
      const stopping = new AbortController();
      polling = { ended: poll(stopping.signal), stop: () => stopping.abort() };
    }
    if ((!opened || !wanted) && polling) {
      polling.stop();
      polling = undefined;
      setUp(false);
    }
  };

  /** What the cloud refuses for good would hold back all that waits behind it. */
  const unlessRefused = async (sending: Promise<unknown>) => {
    try {
      await sending;
    } catch (error) {
      if (!(error instanceof RefusedByCloud) || error.status === 401) throw error;
      log('warn', 'report_refused', { status: error.status, code: error.code });
    }
  };

  const send = async (topic: string, payload: Uint8Array) => {
    switch (topic) {
      case uplinks.telemetry(place):
        return api.ask({ method: 'POST', path: 'telemetry/ingest', bytes: payload }, acceptedAnswer);
      case uplinks.gone(place): {
        const json = telemetryGone.parse(jsonOf(payload));
        return api.ask({ method: 'POST', path: 'telemetry/gone', json }, acceptedAnswer);
      }
      case uplinks.safety(place): {
        const json = { events: [safetyEvent.parse(jsonOf(payload))] };
        return api.ask({ method: 'POST', path: 'events/safety/batch', json }, acceptedAnswer);
      }
      case uplinks.commandResponse(place): {
        for (const json of responsesIn(jsonOf(payload))) {
          const path = `commands/${encodeURIComponent(json.commandId)}/ack`;
          await unlessRefused(api.ask({ method: 'POST', path, json }, ackAnswer));
        }
        return;
      }
      default:
        throw new Error('nothing takes this on the second line');
    }
  };

  return {
    subscribe: (topic, receive) => void receivers.set(topic, receive),
    open: async () => {
      opened = true;
      adjust();
    },
    isUp: () => up,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    follow: (tell) => {
      known = tell;
    },
    want: (now) => {
      wanted = now;
      adjust();
    },
    publish: async (topic, payload) => {
      if (!up) throw new Error('the line is down');
      await unlessRefused(send(topic, payload));
    },
    close: async () => {
      const ending = polling?.ended;
      opened = false;
      adjust();
      await ending;
    },
  };
};
