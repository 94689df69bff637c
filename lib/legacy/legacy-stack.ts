import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { legacyEdgeRoutes, legacyRoutes, legacySettingRoutes } from '../../lambdas/legacy/api.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppTable } from '../shared/app-table.ts';

type Grant = (fn: LambdaFunction) => void;
export type LegacyStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly gateway: { readonly deviceAccess: ApiAccess };
  readonly audit: { readonly grantCommit: Grant };
  readonly fleet: { readonly grantRead: Grant };
  readonly control: { readonly grantRead: Grant; readonly grantPropose: Grant };
};

/** The old routes of `000` §8.1: gone since 2026-06-01, unless a site switched them on for some days. */
export class LegacyStack extends Stack {
  readonly #platform: PlatformStack;
  readonly #table: AppTable;

  constructor(
    scope: Construct,
    id: string,
    { platform, apiAccess, gateway, audit, fleet, control, ...props }: LegacyStackProps,
  ) {
    super(scope, id, props);
    this.#platform = platform;
    this.#table = new AppTable(this, 'Legacy', { key: platform.dataKey });
    const setting = this.#function('SettingFunction', {
      entry: 'lambdas/legacy/handle-setting.ts',
      description: 'Switches the legacy API of sites on and off',
    });
    this.#table.grant(setting, 'dynamodb:PutItem');
    platform.dataKey.grantEncryptDecrypt(setting);
    audit.grantCommit(setting);
    fleet.grantRead(setting);
    addRoutes(new Construct(this, 'Setting'), apiAccess, legacySettingRoutes, setting);
    const api = this.#function('ApiFunction', {
      entry: 'lambdas/legacy/handle-api.ts',
      description: 'The old command routes, by the use cases of their successors',
    });
    control.grantPropose(api);
    addRoutes(new Construct(this, 'Routes'), apiAccess, legacyRoutes, api);
    const edge = this.#function('EdgeFunction', {
      entry: 'lambdas/legacy/handle-edge.ts',
      description: 'The old poll of gateways, by the use case of its successor',
    });
    control.grantRead(edge);
    fleet.grantRead(edge);
    addRoutes(new Construct(this, 'Edge'), gateway.deviceAccess, legacyEdgeRoutes, edge);
  }

  #function(id: string, props: { readonly entry: string; readonly description: string }) {
    const fn = new AppFunction(this, id, props);
    fn.addEnvironment('LEGACY_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:GetItem', 'dynamodb:Query');
    this.#platform.dataKey.grantDecrypt(fn);
    return fn;
  }
}
