import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
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

/** Sites, zones, customers and miners, and the table in which gateways lie beside them. */
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
    const api = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/fleet/handle-api.ts',
      description: 'Sites, zones, customers and miners over HTTP',
      timeout: Duration.seconds(29),
      memoryMb: 1024,
    });
    this.grantRead(api);
    this.#table.grant(api, 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem');
    platform.dataKey.grantEncryptDecrypt(api);
    audit.grantCommit(api);
    addRoutes(this, apiAccess, fleetRoutes, api);
  }

  /** Lets a function look up sites, zones, gateways and miners. */
  grantRead(fn: LambdaFunction) {
    fn.addEnvironment('FLEET_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:GetItem', 'dynamodb:Query');
    this.#platform.dataKey.grantDecrypt(fn);
  }

  /** Lets a function keep gateways and claims, which lie beside their sites: lambdas/gateway. */
  grantKeepGateways(fn: LambdaFunction) {
    this.grantRead(fn);
    this.#table.grant(
      fn,
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
      'dynamodb:ConditionCheckItem',
    );
    this.#platform.dataKey.grantEncryptDecrypt(fn);
  }
}
