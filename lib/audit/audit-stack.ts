import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
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
  readonly #key: Key;
  readonly #log: Bucket;

  constructor(scope: Construct, id: string, { platform, apiAccess, ...props }: AuditStackProps) {
    super(scope, id, props);
    this.#table = new AppTable(this, 'Audit', { stream: true });
    this.#key = new Key(this, 'LogKey', {
      alias: 'hashinsight/audit-log',
      description: 'Signs the checkpoints of the audit log',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#log = this.#logBucket();
    this.#publishStream(platform);
    this.#signCheckpoints(platform);
    const api = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/audit/handle-api.ts',
      description: 'Audit events and their verification over HTTP',
      timeout: Duration.seconds(29),
      memoryMb: 1024,
    });
    this.grantRead(api);
    this.#grantReadLog(api);
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

  /** Full tiles of the Merkle tree and signed checkpoints: nobody can change or delete them for seven years. */
  #logBucket() {
    return new Bucket(this, 'Log', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(7 * 365)),
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  #grantReadLog(fn: LambdaFunction) {
    fn.addEnvironment('AUDIT_LOG_BUCKET', this.#log.bucketName);
    fn.addEnvironment('AUDIT_KEY_ID', this.#key.keyId);
    fn.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [this.#log.arnForObjects('*')] }),
    );
    // Without it S3 says "access denied" where it should say "no such key".
    fn.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.#log.bucketArn] }));
    this.#key.grant(fn, 'kms:GetPublicKey');
  }

  #signCheckpoints({ alarmTopic }: PlatformStack) {
    const sign = new AppFunction(this, 'CheckpointFunction', {
      entry: 'lambdas/audit/on-schedule-checkpoint.ts',
      description: 'Takes new events into the Merkle tree of each site and signs its root',
      timeout: Duration.minutes(4),
      memoryMb: 1024,
    });
    this.grantRead(sign);
    this.#table.grant(sign, 'dynamodb:PutItem');
    this.#grantReadLog(sign);
    this.#log.grantPut(sign);
    this.#key.grant(sign, 'kms:Sign');
    new Rule(this, 'EachFiveMinutes', {
      schedule: Schedule.rate(fiveMinutes),
      targets: [new LambdaTarget(sign)],
    });
    new AppAlarm(this, 'LogBrokenAlarm', {
      metric: new Metric({
        namespace: 'HashInsight',
        metricName: 'AuditLogBroken',
        statistic: 'Sum',
        period: fiveMinutes,
        dimensionsMap: { service: 'audit' },
      }),
      threshold: 1,
      severity: 'P1',
      runbook: 'audit-log-broken.md',
      summary: "A site's audit log does not fit together and is not signed any more.",
      topic: alarmTopic,
    });
    new AppAlarm(this, 'CheckpointAlarm', {
      metric: sign.metricErrors({ period: fiveMinutes }),
      threshold: 1,
      periods: 3,
      severity: 'P2',
      runbook: 'audit-checkpoints-failing.md',
      summary: 'No checkpoints of the audit log are signed.',
      topic: alarmTopic,
    });
  }

  #publishStream({ bus, alarmTopic }: PlatformStack) {
    const publish = new AppFunction(this, 'PublishFunction', {
      entry: 'lambdas/audit/on-audit-stream.ts',
      description: 'Announces committed events on the bus',
      environment: { EVENT_BUS: bus.eventBusName },
      timeout: Duration.seconds(30),
    });
    bus.grantPutEventsTo(publish);
    publish.addEnvironment('AUDIT_TABLE', this.#table.tableName);
    this.#table.grant(publish, 'dynamodb:UpdateItem');
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
