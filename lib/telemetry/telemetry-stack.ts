import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ruleNames } from '../../contracts/topics.ts';
import { queryRoutes, replayRoutes } from '../../lambdas/telemetry/api.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppAlarm, fiveMinutes } from '../shared/app-alarm.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppQueue } from '../shared/app-queue.ts';
import { AppTable } from '../shared/app-table.ts';
import { IngestRule } from '../shared/ingest-rule.ts';
import { blockBucket, quarantineBucket } from './telemetry-buckets.ts';
import { telemetryDashboard } from './telemetry-dashboard.ts';
import { telemetryAlarms } from './telemetry-operations.ts';

type Grant = (fn: LambdaFunction) => void;
export type TelemetryStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly audit: { readonly grantCommit: Grant };
  readonly fleet: { readonly grantRead: Grant };
};

const sql =
  "SELECT encode(*, 'base64') AS payload, topic(3) AS siteId, topic(4) AS gatewayId, timestamp() AS receivedAtMs FROM 'dt/hashinsight/+/+/telemetry'";

/** Telemetry in: from the gateways' batches to the four tiers, and to what the detectors found in them. */
export class TelemetryStack extends Stack {
  readonly #table: AppTable;
  readonly #blocks: Bucket;
  readonly #quarantine: Bucket;
  readonly #props: TelemetryStackProps;
  readonly #rollUps: AppQueue;
  readonly #batches: AppQueue;
  readonly #gone: AppQueue;

  constructor(scope: Construct, id: string, props: TelemetryStackProps) {
    const { platform, apiAccess, audit, fleet, ...stackProps } = props;
    super(scope, id, stackProps);
    this.#props = props;
    this.#table = new AppTable(this, 'Telemetry', { key: platform.dataKey });
    this.#blocks = blockBucket(this, 'Blocks', platform.dataKey);
    this.#quarantine = quarantineBucket(this, 'Quarantine');
    const { rollUp, rollUps } = this.#rollUp();
    this.#rollUps = rollUps;
    this.#grantRollUp(rollUp);
    fleet.grantRead(rollUp);
    const { ingest, batches } = this.#ingest(rollUp);
    this.#batches = batches;
    this.#watchSilence();
    const api = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/telemetry/handle-api.ts',
      description: 'Live readings, series and quarantine over HTTP',
      timeout: Duration.seconds(20),
      // A whole processor comes with 1,769 MB; and with a heap of 1 GB V8 would clear up whole at nearly every long series.
      memoryMb: 2048,
    });
    this.grantRead(api);
    fleet.grantRead(api);
    addRoutes(this, apiAccess, queryRoutes, api);
    this.#replay(apiAccess);
    this.#export(api);
    this.#sendReceipts();
    this.#gone = this.#hearGone();
    this.#closeDays();
    telemetryAlarms(this, platform.alarmTopic);
    const shown = { table: this.#table, blocks: this.#blocks, batches, rollUps, ingest, rollUp, api };
    telemetryDashboard(this, 'Dashboard', shown);
    new CfnOutput(this, 'TelemetryTable', { value: this.#table.tableName });
    new CfnOutput(this, 'BlocksBucket', { value: this.#blocks.bucketName });
    new CfnOutput(this, 'BatchesQueue', { value: batches.queue.queueUrl });
  }

  /** Lets a function read telemetry: lambdas/telemetry/read-telemetry.ts. */
  grantRead(fn: LambdaFunction) {
    fn.addEnvironment('TELEMETRY_TABLE', this.#table.tableName);
    fn.addEnvironment('TELEMETRY_BUCKET', this.#blocks.bucketName);
    this.#table.grant(fn, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query');
    this.#allow(fn, ['s3:GetObject'], this.#blocks.arnForObjects('*'));
    // Without it S3 says "access denied" where it should say "no such key".
    this.#allow(fn, ['s3:ListBucket'], this.#blocks.bucketArn);
    this.#props.platform.dataKey.grantDecrypt(fn);
  }

  /** Lets a function hand in what gateways send by another way than MQTT. */
  /** Lets a function say what of a gateway's batches is durable. */
  grantReadReceipts(fn: LambdaFunction) {
    fn.addEnvironment('TELEMETRY_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:Query');
    this.#props.platform.dataKey.grantDecrypt(fn);
  }

  grantReport(fn: LambdaFunction) {
    for (const [name, { queue }] of [
      ['TELEMETRY_QUEUE', this.#batches],
      ['GONE_QUEUE', this.#gone],
    ] as const) {
      fn.addEnvironment(name, queue.queueUrl);
      queue.grantSendMessages(fn);
    }
  }

  #grantWrite(fn: LambdaFunction) {
    this.grantRead(fn);
    this.#table.grant(
      fn,
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
      'dynamodb:BatchWriteItem',
    );
    this.#allow(fn, ['s3:PutObject', 's3:DeleteObject'], this.#blocks.arnForObjects('*'));
    this.#props.platform.dataKey.grantEncryptDecrypt(fn);
  }

  #allow(fn: LambdaFunction, actions: string[], resource: string) {
    fn.addToRolePolicy(new PolicyStatement({ actions, resources: [resource] }));
  }

  #grantRollUp(fn: LambdaFunction) {
    fn.addEnvironment('ROLL_UP_QUEUE', this.#rollUps.queue.queueUrl);
    this.#rollUps.queue.grantSendMessages(fn);
  }

  #grantAnnounce(fn: LambdaFunction) {
    const { bus } = this.#props.platform;
    fn.addEnvironment('EVENT_BUS', bus.eventBusName);
    bus.grantPutEventsTo(fn);
  }

  #ingest(rollUp: LambdaFunction) {
    const { platform, fleet } = this.#props;
    const ingest = new AppFunction(this, 'IngestFunction', {
      entry: 'lambdas/telemetry/on-telemetry-batch.ts',
      description: 'Takes in batches: keeps, merges and judges their readings',
      timeout: Duration.seconds(30),
      memoryMb: 1024,
      isRoutine: true,
    });
    this.#grantWrite(ingest);
    this.#grantRollUp(ingest);
    this.#grantAnnounce(ingest);
    fleet.grantRead(ingest);
    const unusable = this.#setAside();
    for (const fn of [ingest, rollUp]) {
      fn.addEnvironment('SET_ASIDE_QUEUE', unusable.queueUrl);
      unusable.grantSendMessages(fn);
    }
    const batches = new AppQueue(this, 'Batches', {
      alarmTopic: platform.alarmTopic,
      runbook: 'telemetry-ingest-failed.md',
      content: 'Telemetry batches',
      visibilityTimeout: Duration.seconds(180),
    });
    batches.feed(ingest);
    new IngestRule(this, 'BatchRule', {
      ruleName: ruleNames.telemetry,
      sql,
      queue: batches.queue,
      errorQueue: batches.deadLetters,
    });
    new AppAlarm(this, 'LagAlarm', {
      metric: batches.queue.metricApproximateAgeOfOldestMessage({
        period: fiveMinutes,
        statistic: 'Maximum',
      }),
      threshold: Duration.minutes(1).toSeconds(),
      severity: 'P1',
      runbook: 'telemetry-ingest-lag.md',
      summary: 'Telemetry is judged more than a minute late; so are alerts.',
      topic: platform.alarmTopic,
    });
    return { ingest, batches };
  }

  /** What ingest cannot use goes from this queue into the quarantine bucket and the audit log. */
  #setAside() {
    const { platform, audit } = this.#props;
    const setAside = new AppFunction(this, 'SetAsideFunction', {
      entry: 'lambdas/telemetry/on-batch-unusable.ts',
      description: 'Sets aside batches that cannot be used, with the reason',
      timeout: Duration.seconds(20),
    });
    this.#grantWrite(setAside);
    audit.grantCommit(setAside);
    const quarantine = this.#quarantine;
    setAside.addEnvironment('QUARANTINE_BUCKET', quarantine.bucketName);
    quarantine.grantPut(setAside);
    return new AppQueue(this, 'Unusable', {
      alarmTopic: platform.alarmTopic,
      runbook: 'telemetry-set-aside-failed.md',
      content: 'Batches to be set aside',
      visibilityTimeout: Duration.seconds(120),
    }).feed(setAside).queue;
  }

  /** Takes in again what was set aside, for a person who asks: ingest's rights, and the one to read what was set aside. */
  #replay(apiAccess: ApiAccess) {
    const { audit, fleet } = this.#props;
    const replay = new AppFunction(this, 'ReplayFunction', {
      entry: 'lambdas/telemetry/handle-replay.ts',
      description: 'Takes in again batches that were set aside',
      timeout: Duration.seconds(20),
      memoryMb: 1024,
    });
    this.#grantWrite(replay);
    this.#grantRollUp(replay);
    this.#grantAnnounce(replay);
    audit.grantCommit(replay);
    fleet.grantRead(replay);
    replay.addEnvironment('QUARANTINE_BUCKET', this.#quarantine.bucketName);
    this.#allow(replay, ['s3:GetObject'], this.#quarantine.arnForObjects('*'));
    // Without it S3 says "access denied" where it should say "no such key".
    this.#allow(replay, ['s3:ListBucket'], this.#quarantine.bucketArn);
    addRoutes(new Construct(this, 'Replay'), apiAccess, replayRoutes, replay);
  }

  #rollUp() {
    const rollUp = new AppFunction(this, 'RollUpFunction', {
      entry: 'lambdas/telemetry/on-rollup-due.ts',
      description: 'Merges batches into windows, windows into hours and days',
      timeout: Duration.minutes(2),
      memoryMb: 1024,
      isRoutine: true,
    });
    this.#grantWrite(rollUp);
    const rollUps = new AppQueue(this, 'RollUps', {
      alarmTopic: this.#props.platform.alarmTopic,
      runbook: 'telemetry-roll-up-failed.md',
      content: 'Roll-ups of telemetry',
      visibilityTimeout: Duration.minutes(12),
    }).feed(rollUp);
    return { rollUp, rollUps };
  }

  /** Tells each gateway what of its telemetry is durable, so that its spool may forget it, and what is missing. */
  #sendReceipts() {
    const send = new AppFunction(this, 'ReceiptFunction', {
      entry: 'lambdas/telemetry/on-schedule-receipts.ts',
      description: 'Tells gateways what of their telemetry is durable and what is missing',
      timeout: Duration.seconds(55),
      memoryMb: 1024,
      isRoutine: true,
    });
    this.#grantWrite(send);
    const receipts = { service: 'iot', resource: 'topic', resourceName: 'dt/hashinsight/*/receipt' };
    this.#allow(send, ['iot:Publish'], this.formatArn(receipts));
    this.#schedule('EachMinuteReceipts', Duration.minutes(1), send);
    new AppAlarm(this, 'ReceiptAlarm', {
      metric: send.metricErrors({ period: fiveMinutes }),
      threshold: 3,
      severity: 'P2',
      runbook: 'telemetry-receipts-failing.md',
      summary: 'Gateways are not told what is durable; their spools fill and send again what has arrived.',
      topic: this.#props.platform.alarmTopic,
    });
  }

  /** Batches that a gateway no longer has are a loss for good, which must be seen. */
  #hearGone() {
    const { platform, audit, fleet } = this.#props;
    const record = new AppFunction(this, 'GoneFunction', {
      entry: 'lambdas/telemetry/on-telemetry-gone.ts',
      description: 'Records batches that a gateway no longer has as lost',
      timeout: Duration.seconds(20),
    });
    this.#grantWrite(record);
    audit.grantCommit(record);
    fleet.grantRead(record);
    const gone = new AppQueue(this, 'Gone', {
      alarmTopic: platform.alarmTopic,
      runbook: 'telemetry-gone-failed.md',
      content: 'Reports of lost batches',
      visibilityTimeout: Duration.seconds(120),
    }).feed(record);
    new IngestRule(this, 'GoneRule', {
      ruleName: ruleNames.gone,
      sql: "SELECT *, topic(3) AS topicSiteId, topic(4) AS topicGatewayId FROM 'dt/hashinsight/+/+/gone'",
      queue: gone.queue,
      errorQueue: gone.deadLetters,
    });
    return gone;
  }

  /** Days end at midnight of their site: what is due is looked for four times an hour. */
  #closeDays() {
    const close = new AppFunction(this, 'DaysFunction', {
      entry: 'lambdas/telemetry/on-schedule-days.ts',
      description: 'Asks for the roll-up of days that have ended at their sites',
      timeout: Duration.seconds(55),
      memoryMb: 1024,
    });
    this.#grantWrite(close);
    this.#grantRollUp(close);
    this.#schedule('EachQuarterHour', Duration.minutes(15), close);
    new AppAlarm(this, 'DaysAlarm', {
      metric: close.metricErrors({ period: fiveMinutes }),
      threshold: 1,
      severity: 'P2',
      runbook: 'telemetry-days-failing.md',
      summary: 'Days that have ended are not rolled up.',
      topic: this.#props.platform.alarmTopic,
    });
  }

  /** Exports are made aside from the request: the API notes one and asks, a function writes it below `export/`. */
  #export(api: AppFunction) {
    const { platform, fleet } = this.#props;
    const make = new AppFunction(this, 'ExportFunction', {
      entry: 'lambdas/telemetry/on-export-due.ts',
      description: 'Writes exports of telemetry as CSV and Parquet',
      timeout: Duration.minutes(5),
      memoryMb: 2048,
    });
    this.grantRead(make);
    fleet.grantRead(make);
    this.#allow(make, ['s3:PutObject'], this.#blocks.arnForObjects('export/*'));
    const exports = new AppQueue(this, 'Exports', {
      alarmTopic: platform.alarmTopic,
      runbook: 'telemetry-exports-failing.md',
      content: 'Exports of telemetry',
      visibilityTimeout: Duration.minutes(30),
      maxReceiveCount: 3,
    }).feed(make, { batchSize: 1 });
    api.addEnvironment('EXPORT_QUEUE', exports.queue.queueUrl);
    exports.queue.grantSendMessages(api);
    for (const fn of [api, make]) {
      this.#table.grant(fn, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
      platform.dataKey.grantEncryptDecrypt(fn);
    }
  }

  #schedule(id: string, every: Duration, fn: LambdaFunction) {
    new Rule(this, id, { schedule: Schedule.rate(every), targets: [new LambdaTarget(fn)] });
  }

  #watchSilence() {
    const watch = new AppFunction(this, 'SilenceFunction', {
      entry: 'lambdas/telemetry/on-schedule-silence.ts',
      description: 'Reports gateways that have fallen silent and closes their last windows',
      timeout: Duration.seconds(55),
      memoryMb: 1024,
      isRoutine: true,
    });
    this.#grantWrite(watch);
    this.#grantRollUp(watch);
    this.#grantAnnounce(watch);
    this.#props.fleet.grantRead(watch);
    this.#schedule('EachMinute', Duration.minutes(1), watch);
    new AppAlarm(this, 'SilenceWatchAlarm', {
      metric: watch.metricErrors({ period: fiveMinutes }),
      threshold: 3,
      severity: 'P1',
      runbook: 'telemetry-silence-watch-failing.md',
      summary: 'Nobody notices when a gateway falls silent.',
      topic: this.#props.platform.alarmTopic,
    });
  }
}
