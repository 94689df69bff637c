import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type CfnPolicy, CfnProvisioningTemplate } from 'aws-cdk-lib/aws-iot';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export type ProvisioningProps = {
  readonly templateName: string;
  readonly policy: CfnPolicy;
  /** Says whether a gateway may be let in, and under which name and site. */
  readonly hook: LambdaFunction;
};

/**
 * Fleet provisioning by claim: the thing is named and placed by what the hook answers, never by what the gateway says; its own
 * certificate becomes active with the gateways' policy.
 */
export class Provisioning extends Construct {
  constructor(scope: Construct, id: string, { templateName, policy, hook }: ProvisioningProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const arn = (resource: string) => stack.formatArn({ service: 'iot', resource, resourceName: '*' });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('iot.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
      description: 'What provisioning a gateway may do in the IoT registry',
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['iot:CreateThing', 'iot:DescribeThing', 'iot:UpdateThing', 'iot:AttachThingPrincipal'],
        resources: [arn('thing')],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          'iot:AttachThingPrincipal',
          'iot:DescribeCertificate',
          'iot:UpdateCertificate',
          'iot:AttachPolicy',
        ],
        resources: [arn('cert')],
      }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ['iot:GetPolicy'], resources: [policy.attrArn] }));
    const template = new CfnProvisioningTemplate(this, 'Template', {
      templateName,
      description: 'Lets in a gateway that brings a claim',
      enabled: true,
      provisioningRoleArn: role.roleArn,
      preProvisioningHook: { payloadVersion: '2020-04-01', targetArn: hook.functionArn },
      templateBody: JSON.stringify(templateBody('hashinsight-gateway')),
    });
    template.node.addDependency(policy);
    hook.addPermission('IotMayAsk', {
      principal: new ServicePrincipal('iot.amazonaws.com'),
      sourceArn: stack.formatArn({
        service: 'iot',
        resource: 'provisioningtemplate',
        resourceName: templateName,
      }),
      sourceAccount: stack.account,
    });
  }
}

const text = { Type: 'String' };
const templateBody = (policyName: string) => ({
  Parameters: { Claim: text, GatewayId: text, SiteId: text, 'AWS::IoT::Certificate::Id': text },
  Resources: {
    thing: {
      Type: 'AWS::IoT::Thing',
      OverrideSettings: { AttributePayload: 'REPLACE' },
      Properties: { ThingName: { Ref: 'GatewayId' }, AttributePayload: { siteId: { Ref: 'SiteId' } } },
    },
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
    },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: policyName } },
  },
});
