import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { Log } from '../log.ts';
import type { EdgeBus } from './edge-bus.ts';
import { type IpcConnection, openIpc } from './ipc-connection.ts';
import { nucleus } from './nucleus.ts';

const iotMessage = z.object({
  message: z.object({ topicName: z.string(), payload: z.base64().default('') }),
});
type Options = {
  readonly publishMs: number;
  readonly log: Log;
  readonly env?: NodeJS.ProcessEnv;
  readonly reconnectMs?: number;
};

/**
 * The line through the Greengrass nucleus: only PublishToIoTCore and SubscribeToIoTCore, which nucleus lite has too. The nucleus acknowledges a publish when it has taken it into its own spool; a command counts as
 * received when it reaches this process, so the journal alone guards what follows.
 */
export const greengrassBus = ({ publishMs, log, env, reconnectMs = 2_000 }: Options): EdgeBus => {
  const address = nucleus(env);
  const receivers = new Map<string, (payload: Uint8Array) => Promise<void>>();
  const listeners = new Set<(up: boolean) => void>();
  const stopping = new AbortController();
  let ipc: IpcConnection | undefined;
  let looping: Promise<void> | undefined;

  const setLine = (next: IpcConnection | undefined) => {
    ipc = next;
    log('info', next ? 'line_up' : 'line_down');
    for (const listener of listeners) listener(next !== undefined);
  };

  const take = (payload: unknown) => {
    const parsed = iotMessage.safeParse(payload);
    if (!parsed.success) return log('warn', 'message_not_understood');
    const { topicName, payload: body } = parsed.data.message;
    receivers
      .get(topicName)?.(Buffer.from(body, 'base64'))
      .catch((error: unknown) =>
        log('error', 'message_not_taken', { reason: error instanceof Error ? error.name : 'unknown' }),
      );
  };

  const connectOnce = async () => {
    const opened = await openIpc(address.socketPath, address.authToken);
    if (stopping.signal.aborted) return opened.close();
    try {
      for (const topicName of receivers.keys())
        await opened.subscribe('SubscribeToIoTCore', { topicName, qos: '1' }, take);
      setLine(opened);
      await opened.closed;
    } finally {
      opened.close();
      if (ipc) setLine(undefined);
    }
  };

  const keepConnected = async () => {
    while (!stopping.signal.aborted) {
      await connectOnce().catch((error: unknown) =>
        log('warn', 'nucleus', { reason: error instanceof Error ? error.message : 'unknown' }),
      );
      await pause(reconnectMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  return {
    subscribe: (topic, receive) => void receivers.set(topic, receive),
    open: async () => {
      looping ??= keepConnected();
    },
    isUp: () => ipc !== undefined,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: async (topicName, payload) => {
      if (!ipc) throw new Error('the line is down');
      const order = { topicName, qos: '1', payload: Buffer.from(payload).toString('base64') };
      const timer = new AbortController();
      const late = pause(publishMs, undefined, { signal: timer.signal }).then(() =>
        Promise.reject(new Error('no acknowledgement in time')),
      );
      try {
        await Promise.race([ipc.call('PublishToIoTCore', order), late]);
      } finally {
        timer.abort();
        late.catch(() => undefined);
      }
    },
    close: async () => {
      stopping.abort();
      ipc?.close();
      await looping;
    },
  };
};
