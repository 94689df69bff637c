import { safetyEvent } from '../../contracts/command.ts';
import { responsesIn } from '../../contracts/command-messages.ts';
import { decodeBatch } from '../../contracts/telemetry-batch.ts';
import { telemetryGone } from '../../contracts/telemetry-receipt.ts';
import { uplinks } from '../../contracts/topics.ts';
import type { EdgeBus } from '../bus/edge-bus.ts';

export const place = { siteId: 7, gatewayId: 'gw-7' };
type Message = { readonly topic: string; readonly payload: Uint8Array };

/** A line that the test switches; it keeps what was published while it was up. */
export const memoryBus = (up = true) => {
  const receivers = new Map<string, (payload: Uint8Array) => Promise<void>>();
  const listeners = new Set<(up: boolean) => void>();
  const messages: Message[] = [];
  let line = up;
  let failNext = 0;
  const on = (topic: string) => messages.filter((message) => message.topic === topic);
  const json = (message: Message): unknown => JSON.parse(Buffer.from(message.payload).toString('utf8'));
  const bus: EdgeBus = {
    subscribe: (topic, receive) => void receivers.set(topic, receive),
    open: async () => {},
    isUp: () => line,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: async (topic, payload) => {
      if (!line) throw new Error('the line is down');
      if (failNext-- > 0) throw new Error('not acknowledged');
      messages.push({ topic, payload });
    },
    close: async () => {},
  };
  return {
    bus,
    messages,
    failNext: (count: number) => {
      failNext = count;
    },
    setUp: (next: boolean) => {
      line = next;
      for (const listener of listeners) listener(next);
    },
    deliver: (topic: string, payload: Uint8Array) =>
      receivers.get(topic)?.(payload) ?? Promise.reject(new Error('nobody listens')),
    responses: () => on(uplinks.commandResponse(place)).flatMap((message) => responsesIn(json(message))),
    safety: () => on(uplinks.safety(place)).map((message) => safetyEvent.parse(json(message))),
    gone: () => on(uplinks.gone(place)).flatMap((message) => telemetryGone.parse(json(message)).gone),
    batches: () =>
      on(uplinks.telemetry(place)).map(({ payload }) => {
        const decoded = decodeBatch(payload);
        if (!decoded.ok) throw new Error(decoded.detail);
        return decoded.batch;
      }),
  };
};
