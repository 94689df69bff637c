import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  DescribeEndpointCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import type { Owner } from './fleet-repository.ts';
import type { ThingIdentity } from './register-gateway.ts';

/**
 * Makes the IoT thing of a gateway, named like it, with its site as attribute (the policy binds topics to both), a
 * fresh certificate, and the gateways' policy. CreateThing answers an equal thing without complaint, so a registration
 * that broke off can be taken up; it gets a new certificate then.
 */
export const createThing =
  (iot: IoTClient, policyName: string) =>
  async ({ siteId }: Owner, gatewayId: string): Promise<ThingIdentity> => {
    await iot.send(
      new CreateThingCommand({
        thingName: gatewayId,
        attributePayload: { attributes: { siteId: String(siteId) } },
      }),
    );
    const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    const { certificateArn, certificateId, certificatePem, keyPair } = made;
    if (!certificateArn || !certificateId || !certificatePem || !keyPair?.PrivateKey)
      throw new Error('IoT made an incomplete certificate');
    await iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
    await iot.send(new AttachThingPrincipalCommand({ thingName: gatewayId, principal: certificateArn }));
    return { certificateId, certificatePem, privateKeyPem: keyPair.PrivateKey };
  };

/** Where gateways connect: the account's data endpoint, on 8883 unless it names a port. */
export const mqttEndpoint = (iot: IoTClient) => async () => {
  const { endpointAddress } = await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  const [host, port] = (endpointAddress ?? '').split(':');
  if (!host) throw new Error('IoT names no data endpoint');
  return { host, port: port ? Number(port) : 8883 };
};
