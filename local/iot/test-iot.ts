import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Surroundings } from '../ports.ts';
import { startIot } from './start-iot.ts';

type Given = Partial<Pick<Surroundings, 'sendToQueue' | 'invoke' | 'invokeAsync'>> & {
  readonly stateDir?: string;
  readonly sessionExpiryMs?: number;
  readonly endpoints?: Readonly<Record<string, string>>;
};
export type Identity = {
  readonly certificateArn: string;
  readonly certificateId: string;
  readonly cert: string;
  readonly key: string;
};

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const arn = (resource: string) => `arn:aws:iot:us-east-1:000000000000:${resource}`;
const thing = '${iot:Connection.Thing.ThingName}';
/** A gateway is itself, and speaks and hears under its site and name. */
export const gatewayPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: arn(`client/${thing}`),
      Condition: { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } },
    },
    {
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: [
        arn(`topic/dt/\${iot:Connection.Thing.Attributes[siteId]}/${thing}/*`),
        arn(`topic/$aws/rules/*/dt/\${iot:Connection.Thing.Attributes[siteId]}/${thing}/*`),
      ],
    },
    {
      Effect: 'Allow',
      Action: 'iot:Subscribe',
      Resource: [
        arn(`topicfilter/cmd/${thing}/*`),
        arn('topicfilter/unheard'),
        arn('topicfilter/dt/#'),
        arn('topicfilter/$aws/*'),
      ],
    },
    {
      Effect: 'Allow',
      Action: 'iot:Receive',
      Resource: [arn(`topic/cmd/${thing}/*`), arn('topic/dt/*'), arn('topic/$aws/*')],
    },
  ],
};

/** IoT on its own, with SDK clients, for tests. */
export const startForTest = async (given: Given = {}) => {
  const stateDir = given.stateDir ?? mkdtempSync(join(tmpdir(), 'iot-'));
  const lines: string[] = [];
  const iot = await startIot(
    {
      region: 'us-east-1',
      accountId: '000000000000',
      stateDir: () => stateDir,
      sendToQueue: given.sendToQueue ?? (async () => {}),
      invoke: given.invoke ?? (async () => ({ ok: true, payload: null })),
      invokeAsync: given.invokeAsync ?? (async () => {}),
      log: (_, line) => void lines.push(line),
    },
    {
      mqttPort: 0,
      endpoints: () => given.endpoints ?? {},
      ...(given.sessionExpiryMs !== undefined && { sessionExpiryMs: given.sessionExpiryMs }),
    },
  );
  const create = async (type: string, logicalId: string, properties: Record<string, unknown>) =>
    iot.resources[type]?.({ stack: 'Test', logicalId, type, properties });
  await create('AWS::IoT::Policy', 'GatewayPolicy', { PolicyName: 'gateway', PolicyDocument: gatewayPolicy });
  const registry = new IoTClient({ region: 'us-east-1', endpoint: iot.endpoint, credentials });
  const data = new IoTDataPlaneClient({ region: 'us-east-1', endpoint: iot.dataPlaneEndpoint, credentials });

  const newCertificate = async (): Promise<Identity> => {
    const made = await registry.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    const { certificateArn = '', certificateId = '', certificatePem = '', keyPair } = made;
    return { certificateArn, certificateId, cert: certificatePem, key: keyPair?.PrivateKey ?? '' };
  };
  const register = async (thingName: string, siteId = '7') => {
    const identity = await newCertificate();
    await registry.send(new CreateThingCommand({ thingName, attributePayload: { attributes: { siteId } } }));
    await registry.send(new AttachThingPrincipalCommand({ thingName, principal: identity.certificateArn }));
    await registry.send(new AttachPolicyCommand({ policyName: 'gateway', target: identity.certificateArn }));
    return identity;
  };
  return {
    iot,
    stateDir,
    lines,
    registry,
    data,
    newCertificate,
    register,
    rule: (RuleName: string, TopicRulePayload: object) =>
      create('AWS::IoT::TopicRule', `${RuleName}Rule`, { RuleName, TopicRulePayload }),
    create,
    /** Rejects when the broker refuses. What is heard, from the first moment on, is appended to `heard`. */
    connect: async (
      clientId: string,
      identity: Pick<Identity, 'cert' | 'key'> | undefined,
      options: Partial<IClientOptions> = {},
      heard: string[] = [],
    ): Promise<MqttClient> => {
      const client = connect(`mqtts://localhost:${iot.mqttPort}`, {
        clientId,
        ca: readFileSync(iot.caCertificatePath),
        ...(identity && { cert: identity.cert, key: identity.key }),
        protocolVersion: 4,
        reconnectPeriod: 0,
        ...options,
      });
      client.on('message', (topic, payload) => void heard.push(`${topic} ${payload}`));
      try {
        await new Promise<void>((resolve, reject) => {
          client.once('connect', () => resolve());
          client.once('error', reject);
          client.once('close', () => reject(new Error('The connection was closed')));
        });
      } catch (error) {
        client.end(true);
        throw error;
      }
      client.on('error', () => {});
      return client;
    },
    close: async () => {
      registry.destroy();
      data.destroy();
      await iot.close();
    },
  };
};

/** Resolves when the broker has closed the connection. */
export const closing = (client: MqttClient) =>
  new Promise<void>((resolve) => client.once('close', () => resolve()));

/** Calls until it answers something, or gives up after 10 s. */
export const eventually = async <T>(find: () => T | undefined): Promise<T> => {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
