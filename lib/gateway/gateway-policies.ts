import type { Stack } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { topics, uplinks } from '../../contracts/topics.ts';
import { sealingRoleAlias } from '../sealing/gateway-role.ts';

const arnsOf = (stack: Stack) => (resource: string) =>
  `arn:${stack.partition}:iot:${stack.region}:${stack.account}:${resource}`;

/** A gateway may connect as itself, publish its own uplinks, and hear its own commands, halts and receipts; nothing else. */
export const gatewayPolicy = (scope: Construct & Stack) => {
  const arn = arnsOf(scope);
  const gatewayId = '${iot:Connection.Thing.ThingName}';
  const site = '${iot:Connection.Thing.Attributes[siteId]}';
  const own = (topicOf: (place: { siteId: number; gatewayId: string }) => string) =>
    topicOf({ siteId: 0, gatewayId }).replace('/0/', `/${site}/`);
  const downlinks = [topics.commandRequest, topics.halt, topics.receipt, topics.inventory];
  return new CfnPolicy(scope, 'GatewayPolicy', {
    policyName: 'hashinsight-gateway',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'iot:Connect',
          Resource: arn(`client/${gatewayId}`),
          Condition: { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } },
        },
        {
          Effect: 'Allow',
          Action: 'iot:Publish',
          Resource: [
            uplinks.telemetry,
            uplinks.gone,
            uplinks.commandResponse,
            uplinks.safety,
            uplinks.sealed,
          ].map((uplink) => arn(`topic/${own(uplink)}`)),
        },
        {
          Effect: 'Allow',
          Action: 'iot:Subscribe',
          Resource: downlinks.map((topic) => arn(`topicfilter/${own(topic)}`)),
        },
        {
          Effect: 'Allow',
          Action: 'iot:Receive',
          Resource: downlinks.map((topic) => arn(`topic/${own(topic)}`)),
        },
        {
          Effect: 'Allow',
          Action: 'iot:AssumeRoleWithCertificate',
          Resource: arn(`rolealias/${sealingRoleAlias}`),
        },
      ],
    },
  });
};

/** A claim certificate may have a certificate made and register with it by this template; nothing else, under no gateway's name. */
export const claimPolicy = (scope: Construct & Stack, template: string) => {
  const arn = arnsOf(scope);
  const calls = [
    '$aws/certificates/create-from-csr/json',
    `$aws/provisioning-templates/${template}/provision/json`,
  ];
  const answers = calls.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]);
  return new CfnPolicy(scope, 'ClaimPolicy', {
    policyName: 'hashinsight-gateway-claim',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/claim-*') },
        { Effect: 'Allow', Action: 'iot:Publish', Resource: calls.map((topic) => arn(`topic/${topic}`)) },
        {
          Effect: 'Allow',
          Action: 'iot:Subscribe',
          Resource: answers.map((topic) => arn(`topicfilter/${topic}`)),
        },
        { Effect: 'Allow', Action: 'iot:Receive', Resource: answers.map((topic) => arn(`topic/${topic}`)) },
      ],
    },
  });
};
