import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { byStatus } from '../../lambdas/alerting/alert-repository.ts';
import { alertingRoutes } from '../../lambdas/alerting/api.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppQueue } from '../shared/app-queue.ts';
import { AppTable } from '../shared/app-table.ts';

type Grant = (fn: LambdaFunction) => void;
export type AlertingStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly audit: { readonly grantCommit: Grant };
  readonly fleet: { readonly grantRead: Grant };
  /** So many miners of a zone with one kind of anomaly within 30 s are an incident; 3 where nothing is said. */
  readonly incidentMiners?: number;
};

/** From anomalies to alerts and incidents. */
export class AlertingStack extends Stack {
  readonly #table: AppTable;
  readonly #platform: PlatformStack;

  constructor(
    scope: Construct,
    id: string,
    { platform, apiAccess, audit, fleet, incidentMiners, ...props }: AlertingStackProps,
  ) {
    super(scope, id, props);
    this.#platform = platform;
    this.#table = new AppTable(this, 'Alerting', {
      key: platform.dataKey,
      indexes: [{ name: byStatus, pk: 'status_pk', sk: 'sk' }],
    });
    const record = new AppFunction(this, 'RecordFunction', {
      entry: 'lambdas/alerting/on-anomalies.ts',
      description: 'Makes alerts and incidents of what the detectors found',
      timeout: Duration.seconds(30),
      memoryMb: 1024,
      ...(incidentMiners !== undefined && { environment: { INCIDENT_MINERS: String(incidentMiners) } }),
    });
    this.grantRead(record);
    this.#table.grant(record, 'dynamodb:PutItem');
    platform.dataKey.grantEncryptDecrypt(record);
    audit.grantCommit(record);
    fleet.grantRead(record);
    new AppQueue(this, 'Anomalies', {
      alarmTopic: platform.alarmTopic,
      runbook: 'alerting-anomalies-failed.md',
      content: 'Anomalies that no alert was made of',
      visibilityTimeout: Duration.seconds(180),
    })
      .subscribe(platform.bus, ['telemetry.anomalies.detected', 'fleet.miners.retired'])
      .feed(record);
    const api = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/alerting/handle-api.ts',
      description: 'Alerts and incidents over HTTP',
    });
    this.grantRead(api);
    fleet.grantRead(api);
    addRoutes(this, apiAccess, alertingRoutes, api);
  }

  /** Lets a function read alerts and incidents: lambdas/alerting/read-alert.ts. */
  grantRead(fn: LambdaFunction) {
    fn.addEnvironment('ALERTING_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query');
    this.#platform.dataKey.grantDecrypt(fn);
  }
}
