import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { cfnBoolean, nameOf, noEffect, readProperties } from '../cloudformation/properties.ts';
import type { CreatedResource, InvokeFunction, ResolvedResource } from '../ports.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { type Provisioned, readTemplate } from './provisioning-template.ts';
import { provisionTopic } from './provisioning-topics.ts';
import type { Registry } from './registry.ts';

type Parts = {
  readonly region: string;
  readonly accountId: string;
  readonly registry: Registry;
  readonly authority: CertificateAuthority;
  readonly hasPolicy: (name: string) => boolean;
  readonly invoke: InvokeFunction;
  readonly log: (line: string) => void;
  readonly nowMs?: () => number;
};
/** Who asks over which connection. */
export type Claimant = { readonly clientId: string; readonly certificateId: string };
export type ProvisioningAnswer = { readonly topic: string; readonly payload: Buffer };

const templateProperties = z.strictObject({
  TemplateName: z.string().regex(/^[0-9A-Za-z_-]{1,36}$/),
  TemplateBody: z.string(),
  TemplateType: z.literal('FLEET_PROVISIONING').optional(),
  Enabled: cfnBoolean.default(false),
  Description: noEffect,
  ProvisioningRoleArn: noEffect,
  PreProvisioningHook: z
    .strictObject({ PayloadVersion: z.literal('2020-04-01').optional(), TargetArn: z.string() })
    .optional(),
  Tags: noEffect,
});
type Template = {
  readonly arn: string;
  readonly enabled: boolean;
  readonly hookArn: string | undefined;
  readonly provision: (given: Readonly<Record<string, string>>) => Provisioned;
};

/** A request that is refused, as AWS IoT words it on the topic `…/rejected`. */
class Rejection extends Error {
  readonly statusCode: number;
  readonly errorCode: string;
  constructor(statusCode: number, errorCode: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.errorCode = errorCode;
  }
}

const csrRequest = z.object({ certificateSigningRequest: z.string().min(1) });
const registerRequest = z.object({
  certificateOwnershipToken: z.string().min(1),
  parameters: z.record(z.string(), z.string()).default({}),
});
const hookAnswer = z.object({
  allowProvisioning: z.boolean().optional(),
  parameterOverrides: z.record(z.string(), z.string()).default({}),
});
const ownershipMs = 60 * 60_000;
const hookMs = 5_000;

const within = async <T>(ms: number, work: Promise<T>): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Fleet provisioning by claim: the MQTT calls CreateCertificateFromCsr and RegisterThing, in JSON. */
export const createProvisioning = (parts: Parts) => {
  const { region, accountId, registry, authority, nowMs = Date.now } = parts;
  const templates = new Map<string, Template>();
  const owned = new Map<string, { readonly certificateId: string; readonly untilMs: number }>();

  const createTemplate = (resource: ResolvedResource): CreatedResource => {
    const properties = readProperties(resource, templateProperties);
    const {
      TemplateName: name,
      TemplateBody: body,
      Enabled: enabled,
      PreProvisioningHook: hook,
    } = properties;
    const arn = `arn:aws:iot:${region}:${accountId}:provisioningtemplate/${name}`;
    try {
      templates.set(name, { arn, enabled, hookArn: hook?.TargetArn, provision: readTemplate(body) });
    } catch (error) {
      throw new Error(`${nameOf(resource)}: ${error instanceof Error ? error.message : error}`);
    }
    return { ref: name, attributes: { TemplateArn: arn } };
  };

  /** A certificate that was not provisioned within an hour is deleted, like its token. */
  const forgetExpired = () => {
    for (const [token, { certificateId, untilMs }] of owned) {
      if (untilMs > nowMs()) continue;
      owned.delete(token);
      if (registry.certificate(certificateId)?.status === 'PENDING_ACTIVATION')
        registry.dropCertificate(certificateId);
    }
  };

  const createFromCsr = async (request: unknown) => {
    const { certificateSigningRequest: csr } = csrRequest.parse(request);
    const issued = await authority.issueFromRequest(csr).catch(() => undefined);
    if (!issued) throw new Rejection(400, 'InvalidCsr', 'The certificate signing request is not valid');
    registry.putCertificate(issued.certificateId, issued.certificatePem, 'PENDING_ACTIVATION');
    const certificateOwnershipToken = randomBytes(96).toString('base64url');
    owned.set(certificateOwnershipToken, {
      certificateId: issued.certificateId,
      untilMs: nowMs() + ownershipMs,
    });
    return { ...issued, certificateOwnershipToken };
  };

  const askHook = async (
    template: Template,
    claimant: Claimant,
    certificateId: string,
    parameters: Record<string, string>,
  ) => {
    if (template.hookArn === undefined) return {};
    const event = {
      claimCertificateId: claimant.certificateId,
      certificateId,
      certificatePem: registry.certificate(certificateId)?.pem ?? '',
      templateArn: template.arn,
      clientId: claimant.clientId,
      parameters,
    };
    const outcome = await within(hookMs, parts.invoke(template.hookArn, event));
    const verdict = outcome?.ok ? hookAnswer.safeParse(outcome.payload) : undefined;
    if (!verdict?.success || verdict.data.allowProvisioning !== true)
      throw new Rejection(403, 'AccessDenied', 'The pre-provisioning hook does not allow it');
    return verdict.data.parameterOverrides;
  };

  const putThing = ({ thingName: name, attributes, whenThere }: Provisioned) => {
    const before = registry.thing(name);
    const merged = { ...before?.attributes, ...attributes };
    if (before && whenThere === 'DO_NOTHING') return;
    if (before && whenThere === 'FAIL')
      throw new Rejection(409, 'ResourceConflicts', `The thing ${name} exists already`);
    registry.putThing({
      name,
      type: before?.type ?? null,
      attributes: whenThere === 'MERGE' ? merged : attributes,
      version: (before?.version ?? 0) + 1,
    });
  };

  const registerThing = async (templateName: string, claimant: Claimant, request: unknown) => {
    const { certificateOwnershipToken: token, parameters } = registerRequest.parse(request);
    const template = templates.get(templateName);
    if (!template?.enabled) throw new Rejection(404, 'ResourceNotFound', 'There is no such template');
    const certificateId = owned.get(token)?.certificateId;
    if (certificateId === undefined)
      throw new Rejection(400, 'InvalidCertificateOwnershipToken', 'The ownership token is not valid');
    const overrides = await askHook(template, claimant, certificateId, parameters);
    const given = { ...parameters, ...overrides, 'AWS::IoT::Certificate::Id': certificateId };
    const provisioned = template.provision(given);
    const missing = provisioned.policies.find((name) => !parts.hasPolicy(name));
    if (missing !== undefined) throw new Rejection(404, 'ResourceNotFound', `There is no policy ${missing}`);
    putThing(provisioned);
    registry.setStatus(certificateId, provisioned.isActive ? 'ACTIVE' : 'INACTIVE');
    for (const name of provisioned.policies) registry.attachPolicy(certificateId, name);
    registry.attach(provisioned.thingName, certificateId);
    owned.delete(token);
    return { deviceConfiguration: provisioned.deviceConfiguration, thingName: provisioned.thingName };
  };

  const rejectionOf = (error: unknown) => {
    if (error instanceof Rejection)
      return { statusCode: error.statusCode, errorCode: error.errorCode, errorMessage: error.message };
    const isPayload = error instanceof SyntaxError || (error instanceof Error && error.name === 'ZodError');
    if (isPayload)
      return { statusCode: 400, errorCode: 'InvalidPayload', errorMessage: 'The payload is not understood' };
    parts.log(`provisioning failed: ${error instanceof Error ? error.message : 'unknown'}`);
    return {
      statusCode: 500,
      errorCode: 'InternalError',
      errorMessage: 'The request could not be processed',
    };
  };

  return {
    resources: { 'AWS::IoT::ProvisioningTemplate': createTemplate },
    /** What the asker alone hears, on the connection that it asked over. */
    answer: async (topic: string, payload: Buffer, claimant: Claimant): Promise<ProvisioningAnswer> => {
      forgetExpired();
      try {
        const request: unknown = JSON.parse(payload.toString('utf8'));
        const templateName = provisionTopic.exec(topic)?.[1];
        const made =
          templateName === undefined
            ? await createFromCsr(request)
            : await registerThing(templateName, claimant, request);
        return { topic: `${topic}/accepted`, payload: Buffer.from(JSON.stringify(made)) };
      } catch (error) {
        return { topic: `${topic}/rejected`, payload: Buffer.from(JSON.stringify(rejectionOf(error))) };
      }
    },
  };
};
