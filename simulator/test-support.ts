import { connect, type Socket } from 'node:net';
import type { InventoryEntry } from './site/inventory.ts';
import { type SimulatedSite, type SiteOptions, startSite } from './site/simulated-site.ts';

/** A site whose simulated time passes only when a test says so, and whose miners' clocks stand where it sets them. */
export type ManualSite = SimulatedSite & {
  readonly pass: (simulatedS: number) => void;
  readonly clock: { nowMs: number };
  readonly one: (model: InventoryEntry['model']) => InventoryEntry & { readonly rpcPort: number };
};

export const startManualSite = async (options: Partial<SiteOptions> = {}): Promise<ManualSite> => {
  let steadyMs = 0;
  const clock = { nowMs: 1_760_000_001_234 };
  const site = await startSite({
    miners: 5,
    seed: 11,
    speed: 1,
    ...options,
    steadyMs: () => steadyMs,
    nowMs: () => clock.nowMs,
  });
  return {
    ...site,
    clock,
    pass: (simulatedS) => {
      steadyMs += simulatedS * 1000;
    },
    one: (model) => {
      const found = site.inventory().find((entry) => entry.model === model);
      if (!found) throw new Error(`the site has no ${model}`);
      return { ...found, rpcPort: found.rpcPort ?? 0 };
    },
  };
};

export type Conversation = { readonly bytes: Buffer; readonly ended: 'end' | 'reset' | 'timeout' };

/** Sends bytes and collects what comes back until the other side ends, resets, `until` is met, or patience runs out. */
export const converse = (
  port: number,
  chunks: readonly (string | Buffer)[],
  options: { until?: (bytes: Buffer) => boolean; patienceMs?: number; halfClose?: boolean } = {},
): Promise<Conversation> =>
  new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const socket: Socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    const finish = (ended: Conversation['ended']) => {
      clearTimeout(patience);
      socket.destroy();
      resolve({ bytes, ended });
    };
    const patience = setTimeout(() => finish('timeout'), options.patienceMs ?? 5000);
    socket.on('error', () => finish('reset'));
    socket.on('end', () => finish('end'));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (options.until?.(bytes)) finish('timeout');
    });
    socket.on('connect', () => {
      for (const chunk of chunks) socket.write(chunk);
      if (options.halfClose) socket.end();
    });
  });

/** One request, one answer, ended by a NUL. */
export const ask = async (port: number, request: string): Promise<string> => {
  const { bytes } = await converse(port, [request], { until: (received) => received.includes(0) });
  return bytes.toString('utf8').replace(/\0$/, '');
};

/** One HTTP request to a simulated miner: its status, and its body, parsed where it is JSON. */
export const web = async (
  port: number,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH',
  path: string,
  options: { body?: unknown; headers?: Readonly<Record<string, string>>; patienceMs?: number } = {},
): Promise<{ readonly status: number; readonly body: unknown }> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { connection: 'close', 'content-type': 'application/json', ...options.headers },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    signal: AbortSignal.timeout(options.patienceMs ?? 5000),
  });
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: text };
  }
};

/** What stands at a path of a parsed answer, or undefined. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
