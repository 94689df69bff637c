import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnStage, HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** What every context stands on: the HTTP API, the event bus, the data key and the alarm topic. */
export class PlatformStack extends Stack {
  readonly api: HttpApi;
  readonly bus: EventBus;
  /** Encrypts tables with customer data and seals secrets; its users are granted one by one. */
  readonly dataKey: Key;
  readonly alarmTopic: Topic;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.dataKey = new Key(this, 'DataKey', {
      alias: 'hashinsight/data',
      description: 'Tables and sealed secrets of HashInsight',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.bus = new EventBus(this, 'Bus', { eventBusName: 'hashinsight' });
    this.api = new HttpApi(this, 'Api', {
      apiName: 'hashinsight',
      description: 'HashInsight HTTP API',
      createDefaultStage: true,
    });
    this.#logAccess();
    this.alarmTopic = new Topic(this, 'Alarms', { displayName: 'HashInsight alarms', enforceSSL: true });
    new CfnOutput(this, 'ApiUrl', { value: this.api.apiEndpoint });
  }

  /** One line per request: what was asked, what it answered and how long it took; no addresses, cookies or bodies. */
  #logAccess() {
    const logs = new LogGroup(this, 'AccessLogs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const fields = {
      requestId: '$context.requestId',
      time: '$context.requestTime',
      route: '$context.routeKey',
      status: '$context.status',
      latencyMs: '$context.responseLatency',
      error: '$context.integrationErrorMessage',
    };
    const stage = this.api.defaultStage?.node.defaultChild;
    if (!(stage instanceof CfnStage)) throw new Error('the API has no default stage to log');
    stage.accessLogSettings = { destinationArn: logs.logGroupArn, format: JSON.stringify(fields) };
  }
}
