import { join } from 'node:path';
import * as z from 'zod';
import { nameOf, noEffect, readProperties } from '../cloudformation/properties.ts';
import { keptPort } from '../kept-port.ts';
import { iotMeter } from '../metering/meter-iot.ts';
import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import { physicalName } from '../shared/physical-name.ts';
import { startBroker } from './broker.ts';
import { openCertificateAuthority } from './certificate-authority.ts';
import { startCredentialsProvider } from './credentials-provider.ts';
import { dataRoutes } from './data-routes.ts';
import { type Action, allows, type PolicyDocument, policyDocument, unknownVariables } from './policy.ts';
import { createProvisioning } from './provisioning.ts';
import { openRegistry } from './registry.ts';
import { registryRoutes } from './registry-routes.ts';
import { startRestService } from './rest-service.ts';
import { createRules, readRule } from './rules.ts';
import { openSessionStore } from './session-store.ts';

export type IotOptions = {
  /** Where gateways connect; the same between runs, so that theirs keep working. 0 takes a free one. */
  readonly mqttPort?: number;
  /** `AWS_ENDPOINT_URL_*` of the services that rules call through the SDK (S3), read at use. */
  readonly endpoints: () => Readonly<Record<string, string>>;
  /** How long a persistent session outlives its connection. */
  readonly sessionExpiryMs?: number;
};
export type Iot = LocalService & {
  /** The registry: AWS_ENDPOINT_URL_IOT. */
  readonly endpoint: string;
  /** AWS_ENDPOINT_URL_IOT_DATA_PLANE. */
  readonly dataPlaneEndpoint: string;
  readonly mqttPort: number;
  /** What DescribeEndpoint answers: `localhost:<mqttPort>`. */
  readonly mqttEndpoint: string;
  /** What a gateway must trust. */
  readonly caCertificatePath: string;
};

const policyProperties = z.strictObject({
  PolicyName: z.string().optional(),
  PolicyDocument: policyDocument,
  Tags: noEffect,
});
const thingProperties = z.strictObject({
  ThingName: z.string().optional(),
  AttributePayload: z.strictObject({ Attributes: z.record(z.string(), z.string()).default({}) }).optional(),
});
const roleAliasProperties = z.strictObject({
  RoleAlias: z.string(),
  RoleArn: z.string(),
  CredentialDurationSeconds: z.int().default(3_600),
  Tags: noEffect,
});
export const defaultMqttPort = 18_883;
const hourMs = 60 * 60 * 1000;

/** AWS IoT Core on one machine: an MQTT broker over mutual TLS, the registry, policies, and the rules engine. */
export const startIot = async (
  surroundings: Pick<
    Surroundings,
    'region' | 'accountId' | 'stateDir' | 'invoke' | 'invokeAsync' | 'sendToQueue' | 'log' | 'meter'
  >,
  { mqttPort = defaultMqttPort, endpoints, sessionExpiryMs = hourMs }: IotOptions,
): Promise<Iot> => {
  const { region, accountId } = surroundings;
  const directory = surroundings.stateDir('iot');
  const log = (line: string) => surroundings.log('iot', line);
  const authority = await openCertificateAuthority(directory);
  const registry = openRegistry(join(directory, 'registry.sqlite'));
  const sessions = openSessionStore(join(directory, 'sessions.sqlite'), sessionExpiryMs);
  const policies = new Map<string, PolicyDocument>();
  const roleAliases = new Map<string, number>();

  const meter = surroundings.meter && iotMeter(surroundings.meter);
  const publish = async (
    topic: string,
    payload: Buffer,
    qos: 0 | 1,
    { republished = 0, retain = false } = {},
  ): Promise<void> => {
    meter?.published(topic, payload);
    await rules.process(topic, { payload, receivedAtMs: Date.now(), republished });
    await broker.publish(topic, payload, qos, retain);
  };
  const provisioning = createProvisioning({
    region,
    accountId,
    registry,
    authority,
    hasPolicy: (name) => policies.has(name),
    invoke: (name, event) => surroundings.invoke(name, event),
    log,
  });
  const rules = createRules({
    region,
    endpoints,
    publish: (topic, payload, qos, republished) => publish(topic, payload, qos, { republished }),
    invokeAsync: (name, event) => surroundings.invokeAsync(name, event),
    sendToQueue: (queue, body) => surroundings.sendToQueue(queue, body),
    log: surroundings.log,
    meter,
  });
  const mayCertificate = (
    { clientId, certificateId }: { readonly clientId: string; readonly certificateId: string },
    action: Action,
    resource: string,
  ) => {
    const thing = registry.thingsOf(certificateId).includes(clientId) ? registry.thing(clientId) : undefined;
    const attached = registry.policiesOf(certificateId).flatMap((name) => policies.get(name) ?? []);
    return allows(attached, action, `arn:aws:iot:${region}:${accountId}:${resource}`, {
      clientId,
      certificateId,
      ...(thing && {
        thing: {
          name: thing.name,
          attributes: thing.attributes,
          ...(thing.type !== null && { typeName: thing.type }),
        },
      }),
    });
  };
  const isActive = (certificateId: string) => registry.certificate(certificateId)?.status === 'ACTIVE';
  const broker = await startBroker({
    port: mqttPort,
    authority,
    sessions,
    log,
    meter,
    isActive,
    allows: mayCertificate,
    process: (topic, message) => rules.process(topic, message),
    provision: provisioning.answer,
  }).catch((error: unknown) => {
    registry.close();
    sessions.close();
    throw error;
  });
  const mqttEndpoint = `localhost:${broker.port}`;
  const credentialsPort = keptPort(join(directory, 'credentials-port'));
  const credentialsProvider = await startCredentialsProvider({
    port: credentialsPort.read() ?? 0,
    authority,
    isActive,
    durationOf: (name) => roleAliases.get(name),
    isAttached: (thing, certificateId) => registry.thingsOf(certificateId).includes(thing),
    mayAssume: (name, certificateId, thing = '') =>
      mayCertificate(
        { clientId: thing, certificateId },
        'iot:AssumeRoleWithCertificate',
        `rolealias/${name}`,
      ),
  });
  credentialsPort.write(credentialsProvider.port);
  const control = await startRestService(
    'IoT',
    registryRoutes({
      registry,
      authority,
      region,
      accountId,
      hasPolicy: (name) => policies.has(name),
      dataEndpoint: mqttEndpoint,
      credentialsEndpoint: `localhost:${credentialsProvider.port}`,
      onDeactivated: broker.disconnect,
    }),
    log,
  );
  const dataPlane = dataRoutes(
    (topic, payload, qos, retain) => publish(topic, payload, qos, { retain }),
    broker.disconnectClient,
  );
  const data = await startRestService('IoT data plane', dataPlane, log);

  const createPolicy = (resource: ResolvedResource) => {
    const { PolicyName, PolicyDocument: document } = readProperties(resource, policyProperties);
    const [unknown] = unknownVariables(document);
    if (unknown !== undefined)
      throw new Error(
        `${nameOf(resource)}: the local broker does not know the policy variable or condition key ${unknown}`,
      );
    const name = PolicyName ?? physicalName(resource, 128);
    policies.set(name, document);
    return { ref: name, attributes: { Arn: `arn:aws:iot:${region}:${accountId}:policy/${name}`, Id: name } };
  };
  const createRule = (resource: ResolvedResource) => {
    const rule = readRule(resource, region, accountId);
    rules.rules.set(rule.name, rule);
    return { ref: rule.name, attributes: { Arn: rule.arn } };
  };
  const createRoleAlias = (resource: ResolvedResource) => {
    const { RoleAlias: name, CredentialDurationSeconds } = readProperties(resource, roleAliasProperties);
    roleAliases.set(name, CredentialDurationSeconds);
    return {
      ref: name,
      attributes: { RoleAliasArn: `arn:aws:iot:${region}:${accountId}:rolealias/${name}` },
    };
  };
  const createThing = (resource: ResolvedResource) => {
    const { ThingName, AttributePayload } = readProperties(resource, thingProperties);
    const name = ThingName ?? physicalName(resource, 128);
    const before = registry.thing(name);
    registry.putThing({
      name,
      type: before?.type ?? null,
      attributes: AttributePayload?.Attributes ?? {},
      version: (before?.version ?? 0) + 1,
    });
    return { ref: name, attributes: { Arn: `arn:aws:iot:${region}:${accountId}:thing/${name}`, Id: name } };
  };

  return {
    endpoint: control.endpoint,
    dataPlaneEndpoint: data.endpoint,
    mqttPort: broker.port,
    mqttEndpoint,
    caCertificatePath: authority.certificatePath,
    resources: {
      'AWS::IoT::Policy': createPolicy,
      'AWS::IoT::TopicRule': createRule,
      'AWS::IoT::Thing': createThing,
      'AWS::IoT::RoleAlias': createRoleAlias,
      ...provisioning.resources,
      // What the cloud writes to CloudWatch, the runtime writes to its log.
      'AWS::IoT::Logging': ({ logicalId }) => ({ ref: logicalId }),
    },
    close: async () => {
      await credentialsProvider.close();
      await control.close();
      await data.close();
      await broker.close();
      registry.close();
    },
  };
};
