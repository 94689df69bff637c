import { createHash } from 'node:crypto';
import * as z from 'zod';
import { nameOf, readProperties } from '../cloudformation/properties.ts';
import type { CreatedResource, LocalService, ResolvedResource } from '../ports.ts';
import { type Act, isAllowed, policyDocument, type Statement } from './policy.ts';

const inlinePolicies = z
  .array(z.object({ PolicyName: z.string(), PolicyDocument: policyDocument }))
  .default([]);
const roleProperties = z.object({ Policies: inlinePolicies });
const policyProperties = z.object({
  PolicyDocument: policyDocument,
  Roles: z.array(z.string()).default([]),
});

/** Who a request comes from, and what of it that one may not do. */
export type Refusal = { readonly roleArn: string; readonly act: Act };
export type RefusalOf = (
  authorization: string | undefined,
  acts: () => readonly Act[],
) => Refusal | undefined;
export type Iam = LocalService & {
  /** The access key under which a function of this role makes its requests. */
  readonly accessKeyOf: (roleArn: string) => string;
  /** The first of the acts that the request's signer has no right to. Keys of no role, as tools and tests have, may do all. */
  readonly refusalOf: RefusalOf;
};

/** Roles and their policies, so that a function has the rights locally that it will have in the cloud, and no others. */
export const openIam = ({ accountId }: { readonly accountId: string }): Iam => {
  const statements = new Map<string, Statement[]>();
  const roleOfKey = new Map<string, string>();
  /** What was found out before: functions ask for the same again and again. */
  const answers = new Map<string, boolean>();
  const arnOf = (roleName: string) => `arn:aws:iam::${accountId}:role/${roleName}`;
  const give = (roleName: string, more: readonly Statement[]) => {
    statements.set(arnOf(roleName), [...(statements.get(arnOf(roleName)) ?? []), ...more]);
    answers.clear();
  };
  const may = (roleArn: string, act: Act) => {
    const asked = `${roleArn} ${act.action} ${act.resource}`;
    const known = answers.get(asked) ?? isAllowed(statements.get(roleArn) ?? [], act);
    answers.set(asked, known);
    return known;
  };

  const createRole = (resource: ResolvedResource): CreatedResource => {
    const name = `${resource.stack}-${resource.logicalId}`;
    const { Policies } = readProperties(resource, roleProperties);
    give(
      name,
      Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
    );
    const RoleId = createHash('sha256').update(name).digest('hex').slice(0, 13).toUpperCase();
    return { ref: name, attributes: { Arn: arnOf(name), RoleId } };
  };
  const createPolicy =
    (refOf: (name: string) => string) =>
    (resource: ResolvedResource): CreatedResource => {
      const { PolicyDocument, Roles } = readProperties(resource, policyProperties);
      for (const role of Roles) {
        if (!statements.has(arnOf(role))) throw new Error(`${nameOf(resource)}: there is no role ${role}`);
        give(role, PolicyDocument.Statement);
      }
      return { ref: refOf(`${resource.stack}-${resource.logicalId}`) };
    };

  return {
    resources: {
      'AWS::IAM::Role': createRole,
      'AWS::IAM::Policy': createPolicy((name) => name),
      'AWS::IAM::ManagedPolicy': createPolicy((name) => `arn:aws:iam::${accountId}:policy/${name}`),
    },
    accessKeyOf: (roleArn) => {
      const key = `ASIA${createHash('sha256').update(roleArn).digest('hex').slice(0, 16).toUpperCase()}`;
      roleOfKey.set(key, roleArn);
      return key;
    },
    refusalOf: (authorization, acts) => {
      const key = /Credential=([^/]+)\//.exec(authorization ?? '')?.[1];
      const roleArn = key === undefined ? undefined : roleOfKey.get(key);
      if (roleArn === undefined) return undefined;
      const act = acts().find((one) => !may(roleArn, one));
      return act && { roleArn, act };
    },
    close: async () => {},
  };
};
