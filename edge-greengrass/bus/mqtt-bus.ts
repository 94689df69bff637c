import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { MqttConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { EdgeBus } from './edge-bus.ts';

type Options = {
  /** `mqtts://host:port`, or `mqtt://` in tests. */
  readonly url: string;
  /** The gateway's id: its thing name and its MQTT client id. */
  readonly clientId: string;
  readonly tls?: Pick<IClientOptions, 'ca' | 'cert' | 'key'>;
  readonly publishMs: number;
  readonly log: Log;
  readonly reconnectMs?: number;
};

const receiveOf =
  (receivers: ReadonlyMap<string, (payload: Uint8Array) => Promise<void>>) =>
  (packet: { readonly topic: string; readonly payload: string | Uint8Array }) =>
    receivers.get(packet.topic)?.(
      typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
    );

/**
 * MQTT 3.1.1 with a persistent session: the broker keeps commands for a gateway that is away, and a command is
 * acknowledged to it only when the receiver has it on the disk.
 */
export const mqttBus = ({ url, clientId, tls, publishMs, log, reconnectMs = 2_000 }: Options): EdgeBus => {
  const receivers = new Map<string, (payload: Uint8Array) => Promise<void>>();
  const listeners = new Set<(up: boolean) => void>();
  const pending = new Set<(reason: Error) => void>();
  let opened = false;
  let up = false;
  let toldOfFailure = false;

  const client: MqttClient = connect(url, {
    ...tls,
    clientId,
    protocolVersion: 4,
    clean: false,
    manualConnect: true,
    resubscribe: false,
    queueQoSZero: false,
    keepalive: 30,
    reconnectPeriod: reconnectMs,
    connectTimeout: 10_000,
  });
  const receive = receiveOf(receivers);
  client.handleMessage = (packet, done) => {
    Promise.resolve(receive(packet)).then(
      () => done(),
      (error: unknown) => {
        log('error', 'message_not_taken', { reason: error instanceof Error ? error.name : 'unknown' });
        client.reconnect();
      },
    );
  };

  const setUp = (now: boolean) => {
    if (up === now) return;
    up = now;
    log('info', now ? 'line_up' : 'line_down');
    if (!now) for (const reject of [...pending]) reject(new Error('the line went down'));
    for (const listener of listeners) listener(now);
  };
  const online = async () => {
    try {
      for (const topic of receivers.keys()) {
        const granted = await client.subscribeAsync(topic, { qos: 1 });
        if (granted.some(({ qos }) => qos > 1)) throw new Error('the broker refuses the subscription');
      }
      if (client.connected) setUp(true);
    } catch {
      log('error', 'subscription_refused');
    }
  };
  client.on('connect', () => void online());
  client.on('close', () => {
    if (!up && !toldOfFailure) log('warn', 'line_not_opened');
    toldOfFailure = !up;
    setUp(false);
  });
  client.on('error', (error) =>
    log('warn', 'line_error', { reason: 'code' in error ? String(error.code) : error.name }),
  );

  return {
    subscribe: (topic, receiver) => void receivers.set(topic, receiver),
    open: async () => {
      opened = true;
      client.connect();
    },
    isUp: () => up,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: (topic, payload) =>
      new Promise((resolve, reject) => {
        if (!up) return reject(new Error('the line is down'));
        const settle = (error?: Error | null) => {
          clearTimeout(timer);
          pending.delete(settle);
          if (error) reject(error);
          else resolve();
        };
        const timer = setTimeout(() => settle(new Error('no acknowledgement in time')), publishMs);
        pending.add(settle);
        client.publish(topic, Buffer.from(payload), { qos: 1 }, settle);
      }),
    close: async () => {
      if (!opened) return;
      await Promise.race([
        client.endAsync(false),
        new Promise((resolve) => setTimeout(resolve, 2_000).unref()),
      ]);
      client.end(true);
      setUp(false);
    },
  };
};

const readIdentity = ({ caPath, certPath, keyPath }: MqttConfig) => {
  try {
    const identity = { ca: readFileSync(caPath), cert: readFileSync(certPath), key: readFileSync(keyPath) };
    createSecureContext(identity);
    return identity;
  } catch {
    throw new Error('Configuration: mqtt.caPath, certPath and keyPath do not name a certificate and its key');
  }
};

/** The line of a gateway's configuration: TLS both ways, the certificate being the gateway's thing. */
export const mqttBusOf = (config: MqttConfig, clientId: string, publishMs: number, log: Log) =>
  mqttBus({
    url: `mqtts://${config.host}:${config.port}`,
    clientId,
    tls: readIdentity(config),
    publishMs,
    log,
  });
