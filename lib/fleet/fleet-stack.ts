import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy } from 'aws-cdk-lib/aws-iot';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { topics, uplinks } from '../../contracts/topics.ts';
import { fleetRoutes } from '../../lambdas/fleet/api.ts';
import { minersByGateway } from '../../lambdas/fleet/fleet-keys.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppTable } from '../shared/app-table.ts';

export type FleetStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly audit: { readonly grantCommit: (fn: LambdaFunction) => void };
};

/** Sites, zones, gateways and miners; the IoT policy that holds every gateway to its own topics. */
export class FleetStack extends Stack {
  readonly #table: AppTable;
  readonly #platform: PlatformStack;

  constructor(scope: Construct, id: string, { platform, apiAccess, audit, ...props }: FleetStackProps) {
    super(scope, id, props);
    this.#platform = platform;
    this.#table = new AppTable(this, 'Fleet', {
      key: platform.dataKey,
      indexes: [{ name: minersByGateway, pk: 'gateway_pk', sk: 'sk' }],
    });
    const policy = this.#gatewayPolicy();
    const api = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/fleet/handle-api.ts',
      description: 'Sites, zones, gateways and miners over HTTP',
      environment: { DATA_KEY_ID: platform.dataKey.keyId, GATEWAY_POLICY: policy.ref },
      timeout: Duration.seconds(20),
    });
    this.grantRead(api);
    this.#table.grant(api, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    platform.dataKey.grantEncryptDecrypt(api);
    audit.grantCommit(api);
    const arn = (kind: string) => `arn:${this.partition}:iot:${this.region}:${this.account}:${kind}`;
    api.addToRolePolicy(
      new PolicyStatement({
        actions: ['iot:CreateThing', 'iot:AttachThingPrincipal'],
        resources: [arn('thing/*')],
      }),
    );
    api.addToRolePolicy(
      new PolicyStatement({
        actions: ['iot:AttachPolicy', 'iot:AttachThingPrincipal'],
        resources: [arn('cert/*')],
      }),
    );
    // Neither action knows a resource to be limited to.
    api.addToRolePolicy(
      new PolicyStatement({
        actions: ['iot:CreateKeysAndCertificate', 'iot:DescribeEndpoint'],
        resources: ['*'],
      }),
    );
    addRoutes(this, apiAccess, fleetRoutes, api);
  }

  /** Lets a function look up sites, zones, gateways and miners. */
  grantRead(fn: LambdaFunction) {
    fn.addEnvironment('FLEET_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:GetItem', 'dynamodb:Query');
    this.#platform.dataKey.grantDecrypt(fn);
  }

  /** A gateway may connect as itself, publish its own uplinks, and hear its own commands and receipts; nothing else. */
  #gatewayPolicy() {
    const arn = (resource: string) => `arn:${this.partition}:iot:${this.region}:${this.account}:${resource}`;
    const gatewayId = '${iot:Connection.Thing.ThingName}';
    const site = '${iot:Connection.Thing.Attributes[siteId]}';
    const own = (topicOf: (place: { siteId: number; gatewayId: string }) => string) =>
      topicOf({ siteId: 0, gatewayId }).replace('/0/', `/${site}/`);
    const downlinks = [topics.commandRequest, topics.halt, topics.receipt];
    return new CfnPolicy(this, 'GatewayPolicy', {
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
            Resource: [uplinks.telemetry, uplinks.gone, uplinks.commandResponse, uplinks.safety].map(
              (uplink) => arn(`topic/${own(uplink)}`),
            ),
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
        ],
      },
    });
  }
}
