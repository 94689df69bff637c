import { randomUUID } from 'node:crypto';
import { createServer, TLSSocket } from 'node:tls';
import { Aedes, type Client, type PublishPacket } from 'aedes';
import type { IotMeter } from '../metering/meter-iot.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import type { Action, Asker } from './policy.ts';
import type { Claimant, ProvisioningAnswer } from './provisioning.ts';
import { isProvisioningAnswer, isProvisioningCall } from './provisioning-topics.ts';
import type { SessionStore } from './session-store.ts';
import type { Message } from './sql-evaluate.ts';
import { destinationOf, topicFault } from './topic-filter.ts';

type BrokerParts = {
  readonly port: number;
  readonly authority: CertificateAuthority;
  readonly sessions: SessionStore;
  /** Whether the certificate is registered and active. */
  readonly isActive: (certificateId: string) => boolean;
  readonly allows: (
    asker: Pick<Asker, 'clientId' | 'certificateId'>,
    action: Action,
    resource: string,
  ) => boolean;
  /** Runs the rules; resolves when their actions were accepted. */
  readonly process: (topic: string, message: Omit<Message, 'topic'>) => Promise<void>;
  /** Answers a call of fleet provisioning, for the asker's connection alone. */
  readonly provision: (topic: string, payload: Buffer, claimant: Claimant) => Promise<ProvisioningAnswer>;
  readonly log: (line: string) => void;
  readonly meter?: IotMeter | undefined;
};

const maxPayloadBytes = 128 * 1024;
const noEffect = () => {};

const certificateOf = (client: Client): string | undefined => {
  if (!(client.conn instanceof TLSSocket) || !client.conn.authorized) return undefined;
  const { fingerprint256 } = client.conn.getPeerCertificate();
  return fingerprint256?.replaceAll(':', '').toLowerCase();
};

/** Why AWS IoT would close the connection over this packet, or undefined. */
const publishFault = ({ topic, payload, qos }: PublishPacket): string | undefined => {
  if (qos === 2) return 'QoS 2 is not supported';
  if (Buffer.byteLength(payload) > maxPayloadBytes) return 'the payload is larger than 128 KB';
  return topicFault(topic);
};

/**
 * The MQTT 3.1.1 broker over mutual TLS, on loopback. It acts as AWS IoT Core: QoS 0 and 1, a connection that does what
 * it may not is closed, a subscription that it may not have is answered with 128, and a QoS 1 message is acknowledged
 * only when the rules' actions have accepted it.
 */
export const startBroker = async (parts: BrokerParts) => {
  const { sessions, allows, log } = parts;
  const certificates = new WeakMap<Client, string>();
  const connected = new Map<Client, string>();
  const subscribed = new WeakMap<Client, Set<string>>();
  let connections = 0;

  const may = (client: Client, action: Action, resource: string) => {
    const certificateId = certificates.get(client);
    if (certificateId === undefined || !parts.isActive(certificateId)) return false;
    return allows({ clientId: client.id, certificateId }, action, resource);
  };
  const refuse = (client: Client, why: string) => {
    log(`${client.id || 'a client'} refused: ${why}`);
    return new Error(why);
  };

  /** The answer comes on the connection of the call, to whoever has subscribed to it before. */
  const answerCall = (client: Client, topic: string, payload: Buffer) => {
    const claimant = { clientId: client.id, certificateId: certificates.get(client) ?? '' };
    parts.provision(topic, payload, claimant).then(
      (answer) => {
        if (!subscribed.get(client)?.has(answer.topic)) return;
        const packet = { cmd: 'publish', ...answer, qos: 0, retain: false, dup: false } as const;
        client.publish(packet, noEffect);
      },
      (error: unknown) => log(`provisioning failed: ${error instanceof Error ? error.message : 'unknown'}`),
    );
  };

  /** AWS IoT's lifecycle events, which rules may hear. */
  const tellPresence = (client: Client, eventType: 'connected' | 'disconnected') => {
    const event = {
      clientId: client.id,
      timestamp: Date.now(),
      eventType,
      sessionIdentifier: randomUUID(),
      principalIdentifier: certificates.get(client) ?? '',
      versionNumber: connections++,
    };
    const receivedAtMs = Date.now();
    const message = { payload: Buffer.from(JSON.stringify(event)), receivedAtMs, clientId: client.id };
    parts
      .process(`$aws/events/presence/${eventType}/${client.id}`, message)
      .catch((error: unknown) => log(`presence: ${error instanceof Error ? error.message : 'unknown'}`));
  };

  const broker = await Aedes.createBroker({
    persistence: sessions.persistence,
    preConnect: (client, packet, done) => {
      if (packet.protocolVersion !== 4) return done(refuse(client, 'only MQTT 3.1.1 is spoken'), false);
      sessions.expire(Date.now());
      if (!packet.clean) sessions.beginDrain(client);
      done(null, true);
    },
    authenticate: (client, _username, _password, done) => {
      const certificateId = certificateOf(client);
      if (certificateId !== undefined) certificates.set(client, certificateId);
      if (may(client, 'iot:Connect', `client/${client.id}`)) return done(null, true);
      done(Object.assign(refuse(client, 'it may not connect'), { returnCode: 5 }), false);
    },
    authorizePublish: (client, packet, done) => {
      if (!client) return done(null);
      const fault = publishFault(packet);
      if (fault !== undefined) return done(refuse(client, fault));
      if (!may(client, 'iot:Publish', `topic/${packet.topic}`))
        return done(refuse(client, `it may not publish to ${packet.topic}`));
      if (packet.retain && !may(client, 'iot:RetainPublish', `topic/${packet.topic}`))
        return done(refuse(client, `it may not publish retained to ${packet.topic}`));
      parts.meter?.published(packet.topic, Buffer.from(packet.payload));
      const principal = certificates.get(client);
      if (isProvisioningCall(packet.topic)) {
        answerCall(client, packet.topic, Buffer.from(packet.payload));
        return done(null);
      }
      const message = {
        payload: Buffer.from(packet.payload),
        receivedAtMs: Date.now(),
        clientId: client.id,
        ...(principal !== undefined && { principal }),
      };
      parts.process(packet.topic, message).then(
        () => done(null),
        (error) =>
          done(refuse(client, `not accepted: ${error instanceof Error ? error.message : 'unknown'}`)),
      );
    },
    authorizeSubscribe: (client, subscription, done) => {
      const { topic, qos } = subscription;
      if (qos === 2) return done(refuse(client, 'QoS 2 is not supported'));
      const fault = topic.startsWith('$aws/rules/')
        ? 'Basic Ingest topics have no subscribers'
        : isProvisioningAnswer(topic)
          ? undefined
          : topicFault(topic);
      if (fault !== undefined || !may(client, 'iot:Subscribe', `topicfilter/${topic}`)) {
        refuse(client, fault ?? `it may not subscribe to ${topic}`);
        return done(null, null);
      }
      parts.meter?.subscribed();
      const heard = subscribed.get(client) ?? new Set();
      subscribed.set(client, heard.add(topic));
      done(null, subscription);
    },
    authorizeForward: (client, packet) => {
      const queues = packet.qos > 0 && !client.clean && !packet.retain;
      // What comes out of the queue has a message id already.
      if (queues && packet.messageId === undefined && sessions.isQueued(client, packet)) return null;
      const forward = destinationOf(packet.topic).basicIngestRule === undefined;
      if (!forward || !may(client, 'iot:Receive', `topic/${packet.topic}`)) return null;
      parts.meter?.delivered(packet.topic, Buffer.from(packet.payload), packet.qos);
      return packet;
    },
  });
  broker.on('client', (client) => {
    const certificateId = certificates.get(client);
    if (certificateId !== undefined) connected.set(client, certificateId);
    tellPresence(client, 'connected');
    parts.meter?.connected();
    if (!client.clean) sessions.connected(client.id);
  });
  broker.on('clientDisconnect', (client) => {
    connected.delete(client);
    tellPresence(client, 'disconnected');
    parts.meter?.disconnected();
    if (!client.clean) sessions.disconnected(client.id);
  });

  const { certificatePem, privateKeyPem } = await parts.authority.issueForServer();
  const server = createServer(
    {
      ca: parts.authority.certificatePem,
      cert: certificatePem,
      key: privateKeyPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    (socket) => {
      socket.setNoDelay(true);
      broker.handle(socket);
    },
  );
  server.on('tlsClientError', noEffect);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: parts.port }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new Error(`The MQTT port ${parts.port} is taken by another program`);
    throw error;
  });
  const address = server.address();
  const expiry = setInterval(() => sessions.expire(Date.now()), 60_000);

  return {
    port: typeof address === 'object' && address ? address.port : parts.port,
    /** Publishes from inside, as the data plane and rules do. */
    publish: (topic: string, payload: Buffer, qos: 0 | 1, retain = false): Promise<void> =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload, qos, retain, dup: false } as const;
        broker.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    /** Closes the connections that were made with a certificate. */
    disconnect: (certificateId: string) => {
      for (const [client, used] of connected) if (used === certificateId) client.close();
    },
    /** Closes the connection of a client, and forgets what waits for it where asked to. False where it has none. */
    disconnectClient: (clientId: string, cleanSession: boolean): boolean => {
      const found = [...connected.keys()].filter(({ id }) => id === clientId);
      for (const client of found) client.close();
      if (cleanSession) sessions.forget(clientId);
      return found.length > 0;
    },
    close: async () => {
      clearInterval(expiry);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await closed;
      sessions.close();
    },
  };
};
