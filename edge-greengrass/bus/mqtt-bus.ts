import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { MqttConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { GatewayCertificate, KeyRing } from '../state/key-ring.ts';
import type { EdgeBus } from './edge-bus.ts';

type Options = {
  /** `mqtts://host:port`, or `mqtt://` in tests. */
  readonly url: string;
  /** The gateway's id: its thing name and its MQTT client id. */
  readonly clientId: string;
  readonly tls?: Pick<IClientOptions, 'ca' | 'cert' | 'key'>;
  /** Certificates to connect with, the newest first: one that is refused gives way to the next. */
  readonly certificates?: Certificates;
  readonly publishMs: number;
  readonly log: Log;
  readonly reconnectMs?: number;
};
type Certificates = {
  readonly list: () => readonly GatewayCertificate[];
  /** Called when the broker has taken one. */
  readonly worked: (certificateId: string) => void;
};
/** A line that can be told to connect anew, with the newest certificate. */
export type MqttBus = EdgeBus & { readonly renew: () => void };

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
export const mqttBus = (options: Options): MqttBus => {
  const { url, clientId, tls, certificates, publishMs, log, reconnectMs = 2_000 } = options;
  const receivers = new Map<string, (payload: Uint8Array) => Promise<void>>();
  const listeners = new Set<(up: boolean) => void>();
  const pending = new Set<(reason: Error) => void>();
  let opened = false;
  let up = false;
  let toldOfFailure = false;
  let toldReason: string | undefined;
  /** Which of the certificates is tried, and which one this connection was begun with. */
  let turn = 0;
  let used: GatewayCertificate | undefined;

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

  const takeCertificate = () => {
    const all = certificates?.list() ?? [];
    used = all[turn % Math.max(1, all.length)];
    if (used) Object.assign(client.options, { cert: used.certificatePem, key: used.keyPem });
  };
  const setUp = (now: boolean) => {
    if (now && used) {
      turn = 0;
      certificates?.worked(used.certificateId);
    }
    if (up === now) return;
    up = now;
    toldReason = undefined;
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
  client.on('reconnect', takeCertificate);
  client.on('close', () => {
    if (!up) turn++;
    if (!up && !toldOfFailure) log('warn', 'line_not_opened');
    toldOfFailure = !up;
    setUp(false);
  });
  // Every attempt of days without a line fails alike.
  client.on('error', (error) => {
    const reason = 'code' in error ? String(error.code) : error.name;
    if (reason !== toldReason) log('warn', 'line_error', { reason });
    toldReason = reason;
  });

  return {
    subscribe: (topic, receiver) => void receivers.set(topic, receiver),
    open: async () => {
      opened = true;
      takeCertificate();
      client.connect();
    },
    renew: () => {
      turn = 0;
      if (opened) client.reconnect();
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

/** The line of a gateway with keys of its own: TLS both ways, with whichever of its certificates the broker takes. */
export const mqttBusWithKeys = (keys: KeyRing, caPath: string, publishMs: number, log: Log): MqttBus => {
  const { mqtt, gatewayId } = keys.held;
  return mqttBus({
    url: `mqtts://${mqtt.host}:${mqtt.port}`,
    clientId: gatewayId,
    tls: { ca: readFileSync(caPath) },
    certificates: {
      list: () => keys.held.certificates,
      worked: (certificateId) => keys.certificateWorked(certificateId),
    },
    publishMs,
    log,
  });
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
