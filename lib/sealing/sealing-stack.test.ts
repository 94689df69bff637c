import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { PlatformStack } from '../platform/platform-stack.ts';
import { bundleOf, entryPoints } from '../shared/bundle.ts';
import { SealingStack } from './sealing-stack.ts';

let template: Template;
beforeAll(() => {
  // The template needs a directory for each bundle, not what is in it.
  for (const entry of entryPoints().filter((one) => one.includes('sealing'))) {
    const directory = bundleOf(entry);
    if (existsSync(directory)) continue;
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'index.mjs'), '', { flag: 'a' });
  }
  const app = new App();
  const platform = new PlatformStack(app, 'Platform');
  const grants = { grantCommit: () => {}, grantRead: () => {} };
  template = Template.fromStack(
    new SealingStack(app, 'Sealing', {
      platform,
      apiAccess: { api: platform.api, authorizerId: 'auth' },
      audit: grants,
      fleet: grants,
    }),
  );
});

const policies = z.record(
  z.string(),
  z.object({
    Properties: z.object({
      PolicyDocument: z.object({
        Statement: z.array(
          z.object({
            Effect: z.enum(['Allow', 'Deny']),
            Action: z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat()),
            Resource: z.json(),
            Condition: z.json().optional(),
          }),
        ),
      }),
    }),
  }),
);

describe('the key that wraps what gateways seal', () => {
  it('is opened by the gateways’ role alone, whatever other roles are granted', () => {
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: Match.arrayWith(['kms:Decrypt', 'kms:GenerateDataKey', 'kms:CreateGrant']),
            Condition: {
              ArnNotEquals: {
                'aws:PrincipalArn': {
                  'Fn::Join': ['', Match.arrayWith([':role/hashinsight-gateway-sealing'])],
                },
              },
            },
          }),
        ]),
      },
    });
  });

  it('is granted to no function for anything but wrapping anew', () => {
    const keys = Object.keys(template.findResources('AWS::KMS::Key'));
    expect(keys).toHaveLength(1);
    const onKey = Object.entries(policies.parse(template.findResources('AWS::IAM::Policy'))).flatMap(
      ([name, { Properties }]) =>
        Properties.PolicyDocument.Statement.filter(({ Resource }) =>
          JSON.stringify(Resource).includes(keys[0] ?? ''),
        ).map((statement) => ({ role: name.replace(/DefaultPolicy.*/, ''), ...statement })),
    );
    expect(onKey.map(({ role, Action, Condition }) => [role, Action, Condition]).toSorted()).toEqual([
      [
        expect.stringMatching(/^GatewayRole/),
        ['kms:Encrypt', 'kms:Decrypt'],
        { StringEquals: { 'kms:EncryptionContext:gateway': '${credentials-iot:ThingName}' } },
      ],
      [expect.stringMatching(/^RotationFunction/), ['kms:ReEncryptFrom', 'kms:ReEncryptTo'], undefined],
    ]);
  });

  it('is used by gateways whose certificate AWS IoT has seen', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'hashinsight-gateway-sealing',
      AssumeRolePolicyDocument: {
        Statement: [{ Action: 'sts:AssumeRole', Principal: { Service: 'credentials.iot.amazonaws.com' } }],
      },
    });
    template.hasResourceProperties('AWS::IoT::RoleAlias', {
      RoleAlias: 'hashinsight-gateway-sealing',
      CredentialDurationSeconds: 3600,
    });
  });
});
