import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { type GatewayConfig, parseGatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { type IpcConnection, openIpc } from './ipc-connection.ts';
import { nucleus } from './nucleus.ts';

const configuration = z.object({ value: z.looseObject({ gateway: z.unknown() }) });

const read = async (ipc: IpcConnection): Promise<GatewayConfig> => {
  const answer = configuration.parse(await ipc.call('GetConfiguration', { keyPath: [] }));
  return parseGatewayConfig(answer.value.gateway);
};

/** `gateway` of the component's configuration. Throws an Error that names every faulty field. */
export const readComponentConfig = async (env?: NodeJS.ProcessEnv): Promise<GatewayConfig> => {
  const { socketPath, authToken } = nucleus(env);
  const ipc = await openIpc(socketPath, authToken);
  try {
    return await read(ipc);
  } finally {
    ipc.close();
  }
};

type Options = {
  readonly onChange: () => void;
  readonly log: Log;
  readonly env?: NodeJS.ProcessEnv;
  readonly reconnectMs?: number;
  readonly settleMs?: number;
};

/**
 * Calls when the nucleus says that the component's configuration has changed, by SubscribeToConfigurationUpdate, which nucleus and
 * nucleus lite have (github.com/aws-greengrass/aws-greengrass-lite, docs/spec/library/ipc_commands). A deployment changes one key
 * after the other, so what follows within `settleMs` counts as one change; nucleus lite also tells of what stayed the same. After every
 * new connection it calls as well, since the nucleus may have changed the configuration while it could not be heard.
 */
export const watchComponentConfig = ({
  onChange,
  log,
  env,
  reconnectMs = 5_000,
  settleMs = 1_000,
}: Options) => {
  const address = nucleus(env);
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let ipc: IpcConnection | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
  };

  const listenOnce = async (isFirst: boolean) => {
    const opened = await openIpc(address.socketPath, address.authToken);
    ipc = opened;
    try {
      if (stopping.signal.aborted) return;
      await opened.subscribe('SubscribeToConfigurationUpdate', { keyPath: [] }, changed);
      if (!isFirst) changed();
      await opened.closed;
    } finally {
      opened.close();
    }
  };
  const listen = async () => {
    for (let first = true; !stopping.signal.aborted; first = false) {
      await listenOnce(first).catch((error: unknown) =>
        log('warn', 'config_watch', { reason: error instanceof Error ? error.message : 'unknown' }),
      );
      await pause(reconnectMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const listening = listen();
  return {
    close: async () => {
      stopping.abort();
      clearTimeout(timer);
      ipc?.close();
      await listening;
    },
  };
};
