import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
  ListThingPrincipalsCommand,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { DeleteConnectionCommand, type IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';

export type Place = { readonly siteId: number; readonly gatewayId: string };
export type MadeCertificate = { readonly certificateId: string; readonly certificatePem: string };
/** With the private key, which the IoT service does not keep. */
export type MadeIdentity = MadeCertificate & { readonly privateKeyPem: string };

const idOf = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1);
const unlessGone = async (work: () => Promise<unknown>) => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
};

/**
 * A gateway in the IoT registry: a thing named like it, with its site as attribute (the policy binds topics to both), and its
 * certificates. Every operation may be repeated.
 */
export const thingRegistry = (iot: IoTClient, policyName: string) => {
  /** CreateThing answers an equal thing without complaint. */
  const ensureThing = ({ siteId, gatewayId }: Place) =>
    iot.send(
      new CreateThingCommand({
        thingName: gatewayId,
        attributePayload: { attributes: { siteId: String(siteId) } },
      }),
    );
  const attach = async ({ gatewayId }: Place, certificateArn: string) => {
    await iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
    await iot.send(new AttachThingPrincipalCommand({ thingName: gatewayId, principal: certificateArn }));
  };
  const setActive = (certificateId: string) =>
    iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));

  const describe = async (certificateId: string) => {
    const { certificateDescription: found } = await iot.send(
      new DescribeCertificateCommand({ certificateId }),
    );
    if (!found?.certificateArn || !found.certificatePem) throw new Error('IoT describes no such certificate');
    return { certificateArn: found.certificateArn, certificateId, certificatePem: found.certificatePem };
  };

  /** Ends a certificate: it opens nothing from the next message on. */
  const retire = (gatewayId: string | undefined, certificateId: string, policy = policyName) =>
    unlessGone(async () => {
      const { certificateArn } = await describe(certificateId);
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
      await unlessGone(() =>
        iot.send(new DetachPolicyCommand({ policyName: policy, target: certificateArn })),
      );
      if (gatewayId !== undefined)
        await unlessGone(() =>
          iot.send(new DetachThingPrincipalCommand({ thingName: gatewayId, principal: certificateArn })),
        );
      await unlessGone(() => iot.send(new DeleteCertificateCommand({ certificateId, forceDelete: true })));
    });

  return {
    /** For the gateway's own key. Inactive until `activate`, so that one whose record was never written opens nothing. */
    certify: async (place: Place, csrPem: string): Promise<MadeCertificate> => {
      await ensureThing(place);
      const made = await iot.send(
        new CreateCertificateFromCsrCommand({ certificateSigningRequest: csrPem, setAsActive: false }),
      );
      const { certificateArn, certificateId, certificatePem } = made;
      if (!certificateArn || !certificateId || !certificatePem)
        throw new Error('IoT made an incomplete certificate');
      await attach(place, certificateArn);
      return { certificateId, certificatePem };
    },
    activate: async (certificateId: string) => void (await setActive(certificateId)),
    /** With a key that the IoT service makes: for gateways that are set up by hand. */
    makeIdentity: async (place: Place): Promise<MadeIdentity> => {
      await ensureThing(place);
      const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: false }));
      const { certificateArn, certificateId, certificatePem, keyPair } = made;
      if (!certificateArn || !certificateId || !certificatePem || !keyPair?.PrivateKey)
        throw new Error('IoT made an incomplete certificate');
      await attach(place, certificateArn);
      return { certificateId, certificatePem, privateKeyPem: keyPair.PrivateKey };
    },
    readPem: async (certificateId: string) => (await describe(certificateId)).certificatePem,
    /** A certificate that may do nothing but what `claimPolicy` says. */
    makeClaimIdentity: async (claimPolicy: string): Promise<MadeIdentity> => {
      const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
      const { certificateArn, certificateId, certificatePem, keyPair } = made;
      if (!certificateArn || !certificateId || !certificatePem || !keyPair?.PrivateKey)
        throw new Error('IoT made an incomplete certificate');
      await iot.send(new AttachPolicyCommand({ policyName: claimPolicy, target: certificateArn }));
      return { certificateId, certificatePem, privateKeyPem: keyPair.PrivateKey };
    },
    retire: (gatewayId: string, certificateId: string) => retire(gatewayId, certificateId),
    retireClaim: (claimPolicy: string, certificateId: string) =>
      retire(undefined, certificateId, claimPolicy),
    /** Every certificate of the thing, those included that no record knows of. */
    certificatesOf: async (gatewayId: string): Promise<string[]> => {
      const found: string[] = [];
      await unlessGone(async () => {
        let nextToken: string | undefined;
        do {
          const page = await iot.send(
            new ListThingPrincipalsCommand({ thingName: gatewayId, ...(nextToken && { nextToken }) }),
          );
          found.push(...(page.principals ?? []).map(idOf));
          nextToken = page.nextToken;
        } while (nextToken);
      });
      return found;
    },
  };
};
export type ThingRegistry = ReturnType<typeof thingRegistry>;

/** Closes the gateway's connection now; without it, AWS does so some minutes after the certificate has ended. */
export const disconnectGateway = (data: IoTDataPlaneClient) => async (gatewayId: string) => {
  try {
    await data.send(new DeleteConnectionCommand({ clientId: gatewayId, cleanSession: true }));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) throw error;
  }
};

/** Where gateways connect: the account's data endpoint, on 8883 unless it names a port. */
export const mqttEndpoint = (iot: IoTClient) => async () => {
  const { endpointAddress } = await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  const [host, port] = (endpointAddress ?? '').split(':');
  if (!host) throw new Error('IoT names no data endpoint');
  return { host, port: port ? Number(port) : 8883 };
};
