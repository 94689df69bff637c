import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { auditRoutes } from '../../lambdas/audit/api.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppAlarm, fiveMinutes } from '../shared/app-alarm.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppTable } from '../shared/app-table.ts';

export type AuditStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
};

/** The audit chain of every site, which is also the outbox: its stream announces what was committed on the bus. */
export class AuditStack extends Stack {
  readonly #table: AppTable;

  constructor(scope: Construct, id: string, { platform, apiAccess, ...props }: AuditStackProps) {
    super(scope, id, props);
    this.#table = new AppTable(this, 'Audit', { stream: true });
    this.#publishStream(platform);
    const api = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/audit/handle-api.ts',
      description: 'Audit events and their verification over HTTP',
      timeout: Duration.seconds(29),
      memoryMb: 1024,
    });
    this.grantRead(api);
    addRoutes(this, apiAccess, auditRoutes, api);
  }

  /** Lets a function append to the audit chain in its transactions: it reads the head, puts a new one, puts links. */
  grantCommit(fn: LambdaFunction) {
    fn.addEnvironment('AUDIT_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:GetItem', 'dynamodb:PutItem');
  }

  /** Lets a function read and verify audit chains. */
  grantRead(fn: LambdaFunction) {
    fn.addEnvironment('AUDIT_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:GetItem', 'dynamodb:Query');
  }

  #publishStream({ bus, alarmTopic }: PlatformStack) {
    const publish = new AppFunction(this, 'PublishFunction', {
      entry: 'lambdas/audit/on-audit-stream.ts',
      description: 'Announces committed events on the bus',
      environment: { EVENT_BUS: bus.eventBusName },
      timeout: Duration.seconds(30),
    });
    bus.grantPutEventsTo(publish);
    const unpublished = new Queue(this, 'Unpublished', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.#table.grantStreamRead(publish);
    publish.addEventSourceMapping('Stream', {
      eventSourceArn: this.#table.tableStreamArn ?? '',
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      parallelizationFactor: 1,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 100,
      onFailure: new SqsDlq(unpublished),
    });
    new AppAlarm(this, 'UnpublishedAlarm', {
      metric: unpublished.metricApproximateNumberOfMessagesVisible({
        period: fiveMinutes,
        statistic: 'Maximum',
      }),
      threshold: 1,
      severity: 'P1',
      runbook: 'audit-unpublished-events.md',
      summary:
        'Committed events could not be announced on the bus; the loops that wait for them stand still.',
      topic: alarmTopic,
    });
    new AppAlarm(this, 'StreamLagAlarm', {
      metric: publish.metric('IteratorAge', { period: fiveMinutes, statistic: 'Maximum' }),
      threshold: Duration.minutes(2).toMilliseconds(),
      severity: 'P2',
      runbook: 'audit-stream-lag.md',
      summary: 'Committed events reach the bus more than two minutes late.',
      topic: alarmTopic,
    });
  }
}
