import { Duration, type Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnRoleAlias } from 'aws-cdk-lib/aws-iot';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** The alias under which gateways ask AWS IoT for credentials with their certificates. */
export const sealingRoleAlias = 'hashinsight-gateway-sealing';
/** Named, because the key's own policy names it: the one role that may open what gateways sealed. */
export const sealingRoleName = 'hashinsight-gateway-sealing';

/**
 * What a gateway may do with the sealing key once AWS IoT has seen its certificate: wrap and unwrap under a context that names this
 * very gateway, and nothing else. The thing's name comes from the certificate, not from the caller.
 */
export const gatewaySealingRole = (scope: Construct & Stack, key: Key) => {
  const role = new Role(scope, 'GatewayRole', {
    roleName: sealingRoleName,
    assumedBy: new ServicePrincipal('credentials.iot.amazonaws.com'),
    description: 'What gateways may do with the key that seals their inventories',
    maxSessionDuration: Duration.hours(1),
  });
  role.addToPolicy(
    new PolicyStatement({
      actions: ['kms:Encrypt', 'kms:Decrypt'],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:EncryptionContext:gateway': '${credentials-iot:ThingName}' } },
    }),
  );
  return new CfnRoleAlias(scope, 'GatewayRoleAlias', {
    roleAlias: sealingRoleAlias,
    roleArn: role.roleArn,
    credentialDurationSeconds: 3_600,
  });
};
