import * as z from 'zod';
import { ServiceError } from '../shared/json-service.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { certificateStatuses, type Registry, type Thing } from './registry.ts';
import type { RestRequest, Route } from './rest-service.ts';

export type RegistryParts = {
  readonly registry: Registry;
  readonly authority: CertificateAuthority;
  readonly region: string;
  readonly accountId: string;
  readonly hasPolicy: (name: string) => boolean;
  /** `localhost:<port>`. */
  readonly dataEndpoint: string;
  /** Where gateways exchange their certificates for credentials; `localhost:<port>`. */
  readonly credentialsEndpoint: string;
  /** The certificate may no longer be used: connections made with it end. */
  readonly onDeactivated: (certificateId: string) => void;
};

const thingName = z.string().regex(/^[a-zA-Z0-9:_-]{1,128}$/);
const attributes = z.record(z.string().regex(/^[a-zA-Z0-9_.,@/:#-]{1,128}$/), z.string().max(800));
const attributePayload = z
  .object({ attributes: attributes.default({}), merge: z.boolean().default(false) })
  .optional();
const createInput = z.object({ thingTypeName: z.string().optional(), attributePayload });
const csrInput = z.object({ certificateSigningRequest: z.string().min(1) });
const updateInput = createInput.extend({
  removeThingType: z.boolean().default(false),
  expectedVersion: z.int().optional(),
});

const jsonOf = ({ body }: RestRequest): unknown =>
  body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
const missing = (what: string) =>
  new ServiceError('ResourceNotFoundException', `${what} does not exist`, 404);

/** The registry's REST API as far as the SDK is used. */
export const registryRoutes = (parts: RegistryParts): readonly Route[] => {
  const { registry, authority, region, accountId } = parts;
  const arn = (rest: string) => `arn:aws:iot:${region}:${accountId}:${rest}`;
  const thing = (name: string): Thing => {
    const found = registry.thing(name);
    if (!found) throw missing(`The thing ${name}`);
    return found;
  };
  const certificate = (id: string) => {
    const found = registry.certificate(id);
    if (!found) throw missing(`The certificate ${id}`);
    return found;
  };
  const certificateOf = (principal: unknown): string => {
    const [, id] = /^arn:[\w-]+:iot:[^:]*:[^:]*:cert\/([0-9a-f]{64})$/.exec(String(principal ?? '')) ?? [];
    if (id === undefined)
      throw new ServiceError('InvalidRequestException', 'The principal or target is not a certificate’s ARN');
    return certificate(id).id;
  };
  const principalOf = ({ headers }: RestRequest) => certificateOf(headers['x-amzn-principal']);
  const targetOf = (request: RestRequest) =>
    certificateOf(z.object({ target: z.string() }).parse(jsonOf(request)).target);
  const policy = (name: string) => {
    if (!parts.hasPolicy(name)) throw missing(`The policy ${name}`);
    return name;
  };
  const view = ({ name, type, attributes: own, version }: Thing) => ({
    thingName: name,
    thingArn: arn(`thing/${name}`),
    attributes: own,
    version,
    ...(type !== null && { thingTypeName: type }),
  });
  const at = (request: RestRequest, index = 0) => request.path[index] ?? '';

  return [
    [
      'POST',
      /^\/keys-and-certificate$/,
      async ({ query }) => {
        const { certificateId, certificatePem, publicKeyPem, privateKeyPem } =
          await authority.issueForClient();
        registry.putCertificate(
          certificateId,
          certificatePem,
          query.get('setAsActive') === 'true' ? 'ACTIVE' : 'INACTIVE',
        );
        return {
          certificateArn: arn(`cert/${certificateId}`),
          certificateId,
          certificatePem,
          keyPair: { PublicKey: publicKeyPem, PrivateKey: privateKeyPem },
        };
      },
    ],
    [
      'POST',
      /^\/certificates$/,
      async (request) => {
        const { certificateSigningRequest: csr } = csrInput.parse(jsonOf(request));
        const issued = await authority.issueFromRequest(csr).catch(() => undefined);
        if (!issued)
          throw new ServiceError('InvalidRequestException', 'The certificate signing request is not valid');
        const { certificateId, certificatePem } = issued;
        const status = request.query.get('setAsActive') === 'true' ? 'ACTIVE' : 'INACTIVE';
        registry.putCertificate(certificateId, certificatePem, status);
        return { certificateArn: arn(`cert/${certificateId}`), certificateId, certificatePem };
      },
    ],
    [
      'GET',
      /^\/certificates\/([0-9a-f]{64})$/,
      (request) => {
        const { id, pem, status, created_ms } = certificate(at(request));
        const description = {
          certificateArn: arn(`cert/${id}`),
          certificateId: id,
          certificatePem: pem,
          status,
        };
        return { certificateDescription: { ...description, creationDate: created_ms / 1000 } };
      },
    ],
    [
      'PUT',
      /^\/certificates\/([0-9a-f]{64})$/,
      (request) => {
        const { id } = certificate(at(request));
        const status = z.enum(certificateStatuses).parse(request.query.get('newStatus'));
        registry.setStatus(id, status);
        if (status !== 'ACTIVE') parts.onDeactivated(id);
      },
    ],
    [
      'DELETE',
      /^\/certificates\/([0-9a-f]{64})$/,
      (request) => {
        const { id, status } = certificate(at(request));
        if (status === 'ACTIVE')
          throw new ServiceError('CertificateStateException', 'The certificate is active', 406);
        if (registry.thingsOf(id).length > 0 || registry.policiesOf(id).length > 0)
          throw new ServiceError(
            'DeleteConflictException',
            'The certificate is attached to things or policies',
            409,
          );
        registry.dropCertificate(id);
      },
    ],
    [
      'POST',
      /^\/things\/([^/]+)$/,
      (request) => {
        const name = thingName.parse(at(request));
        const { thingTypeName = null, attributePayload: given } = createInput.parse(jsonOf(request));
        const wanted = { name, type: thingTypeName, attributes: given?.attributes ?? {} };
        const existing = registry.thing(name);
        const same = (one: Thing) =>
          one.type === wanted.type &&
          JSON.stringify(Object.entries(one.attributes).toSorted()) ===
            JSON.stringify(Object.entries(wanted.attributes).toSorted());
        if (existing && !same(existing))
          throw new ServiceError(
            'ResourceAlreadyExistsException',
            `The thing ${name} exists already with other attributes`,
            409,
          );
        if (!existing) registry.putThing({ ...wanted, version: 1 });
        return { thingName: name, thingArn: arn(`thing/${name}`), thingId: name };
      },
    ],
    [
      'GET',
      /^\/things\/([^/]+)$/,
      (request) => ({ ...view(thing(at(request))), defaultClientId: at(request) }),
    ],
    [
      'PATCH',
      /^\/things\/([^/]+)$/,
      (request) => {
        const before = thing(at(request));
        const {
          thingTypeName,
          removeThingType,
          attributePayload: given,
          expectedVersion,
        } = updateInput.parse(jsonOf(request));
        if (expectedVersion !== undefined && expectedVersion !== before.version)
          throw new ServiceError('VersionConflictException', `The thing’s version is ${before.version}`, 409);
        const merged = Object.entries({ ...(given?.merge && before.attributes), ...given?.attributes });
        const kept = merged.filter(([, value]) => value !== '');
        registry.putThing({
          name: before.name,
          type: removeThingType ? null : (thingTypeName ?? before.type),
          attributes: given ? Object.fromEntries(kept) : before.attributes,
          version: before.version + 1,
        });
      },
    ],
    [
      'DELETE',
      /^\/things\/([^/]+)$/,
      (request) => {
        if (registry.principals(at(request)).length > 0)
          throw new ServiceError('InvalidRequestException', 'The thing has principals attached');
        registry.dropThing(at(request));
      },
    ],
    [
      'GET',
      /^\/things$/,
      ({ query }) => {
        const limit = Math.min(250, Number(query.get('maxResults') ?? 250));
        const offset = Number(query.get('nextToken') ?? 0);
        const found = registry.things(limit + 1, offset);
        return {
          things: found.slice(0, limit).map(view),
          ...(found.length > limit && { nextToken: String(offset + limit) }),
        };
      },
    ],
    [
      'PUT',
      /^\/things\/([^/]+)\/principals$/,
      (request) => registry.attach(thing(at(request)).name, principalOf(request)),
    ],
    [
      'DELETE',
      /^\/things\/([^/]+)\/principals$/,
      (request) => registry.detach(thing(at(request)).name, principalOf(request)),
    ],
    [
      'GET',
      /^\/things\/([^/]+)\/principals$/,
      (request) => ({
        principals: registry.principals(thing(at(request)).name).map((id) => arn(`cert/${id}`)),
      }),
    ],
    [
      'PUT',
      /^\/target-policies\/([^/]+)$/,
      (request) => registry.attachPolicy(targetOf(request), policy(at(request))),
    ],
    [
      'POST',
      /^\/target-policies\/([^/]+)$/,
      (request) => registry.detachPolicy(targetOf(request), policy(at(request))),
    ],
    [
      'POST',
      /^\/attached-policies\/(.+)$/,
      (request) => ({
        policies: registry
          .policiesOf(certificateOf(at(request)))
          .map((name) => ({ policyName: name, policyArn: arn(`policy/${name}`) })),
      }),
    ],
    [
      'GET',
      /^\/endpoint$/,
      ({ query }) => {
        const type = query.get('endpointType') ?? 'iot:Data-ATS';
        if (type === 'iot:CredentialProvider') return { endpointAddress: parts.credentialsEndpoint };
        if (type !== 'iot:Data-ATS' && type !== 'iot:Data')
          throw new ServiceError('InvalidRequestException', `The local IoT has no endpoint of type ${type}`);
        return { endpointAddress: parts.dataEndpoint };
      },
    ],
  ];
};
