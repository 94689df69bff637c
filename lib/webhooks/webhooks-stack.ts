import { CfnParameter, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { webhookRoutes } from '../../lambdas/webhooks/api.ts';
import { deliveriesByDue } from '../../lambdas/webhooks/webhook-keys.ts';
import { domainEvents } from '../platform/events-stack.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppAlarm, fiveMinutes } from '../shared/app-alarm.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppQueue } from '../shared/app-queue.ts';
import { AppTable } from '../shared/app-table.ts';

type Grant = (fn: LambdaFunction) => void;
export type WebhooksStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly audit: { readonly grantCommit: Grant; readonly grantRead: Grant };
  readonly fleet: { readonly grantRead: Grant };
};

/** Events of the bus to the endpoints that sites' owners name, in the format of Standard Webhooks. */
export class WebhooksStack extends Stack {
  readonly #props: WebhooksStackProps;
  readonly #table: AppTable;
  /** Seals endpoints' secrets and nothing else: the API may only seal, the sender only open. */
  readonly #key: Key;
  readonly #attempts: AppQueue;
  readonly #replays: AppQueue;
  readonly #networks: CfnParameter;

  constructor(scope: Construct, id: string, props: WebhooksStackProps) {
    const { platform, apiAccess, audit, fleet, ...stackProps } = props;
    super(scope, id, stackProps);
    this.#props = props;
    this.#networks = new CfnParameter(this, 'WebhookNetworks', {
      description: 'Networks that are not public and to which webhooks may go all the same: 10.1.0.0/16,...',
      default: '',
    });
    this.#table = new AppTable(this, 'Webhooks', {
      key: platform.dataKey,
      indexes: [{ name: deliveriesByDue, pk: 'due_pk', sk: 'due_sk' }],
    });
    this.#key = new Key(this, 'SecretKey', {
      alias: 'hashinsight/webhook-secrets',
      description: 'Seals what webhooks are signed with',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#attempts = this.#queue('Attempts', 'webhooks-attempts-failed.md', 'Attempts of webhooks', 240);
    this.#replays = this.#queue('Replays', 'webhooks-replays-failed.md', 'Replays of webhooks', 360);
    this.#fanOut();
    this.#attempt();
    this.#sweep();
    this.#replay();
    this.#api();
  }

  #queue(id: string, runbook: `${string}.md`, content: string, visibilitySeconds: number) {
    return new AppQueue(this, id, {
      alarmTopic: this.#props.platform.alarmTopic,
      runbook,
      content,
      visibilityTimeout: Duration.seconds(visibilitySeconds),
    });
  }

  #grantTable(fn: LambdaFunction, ...actions: string[]) {
    fn.addEnvironment('WEBHOOKS_TABLE', this.#table.tableName);
    this.#table.grant(fn, ...actions);
    this.#props.platform.dataKey.grantEncryptDecrypt(fn);
  }

  #grantAsk(fn: LambdaFunction) {
    fn.addEnvironment('ATTEMPTS_QUEUE', this.#attempts.queue.queueUrl);
    this.#attempts.queue.grantSendMessages(fn);
  }

  #grantAskPages(fn: LambdaFunction) {
    fn.addEnvironment('REPLAYS_QUEUE', this.#replays.queue.queueUrl);
    this.#replays.queue.grantSendMessages(fn);
  }

  #fanOut() {
    const fn = new AppFunction(this, 'FanOutFunction', {
      entry: 'lambdas/webhooks/on-domain-event.ts',
      description: 'Makes a delivery of each event for each endpoint that asked for it',
      isRoutine: true,
    });
    this.#grantTable(fn, 'dynamodb:Query', 'dynamodb:PutItem');
    this.#grantAsk(fn);
    this.#queue('Events', 'webhooks-events-failed.md', 'Events for webhooks', 60)
      .hear(this.#props.platform.bus, domainEvents)
      .feed(fn);
  }

  #attempt() {
    const fn = new AppFunction(this, 'AttemptFunction', {
      entry: 'lambdas/webhooks/on-attempt.ts',
      description: 'Signs events and posts them to their endpoints',
      timeout: Duration.seconds(40),
      environment: { ALLOWED_NETWORKS: this.#networks.valueAsString },
    });
    this.#grantTable(fn, 'dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:PutItem');
    this.#key.grant(fn, 'kms:Decrypt');
    this.#props.audit.grantCommit(fn);
    this.#grantAsk(fn);
    this.#attempts.feed(fn);
    new AppAlarm(this, 'UndeliveredAlarm', {
      metric: new Metric({
        namespace: 'HashInsight',
        metricName: 'WebhookDeliveriesFailed',
        statistic: 'Sum',
        period: fiveMinutes,
        dimensionsMap: { service: 'webhooks' },
      }),
      threshold: 1,
      severity: 'P3',
      runbook: 'webhooks-undelivered.md',
      summary: "Events were given up after all attempts of three days; their endpoint's owner lacks them.",
      topic: this.#props.platform.alarmTopic,
    });
  }

  #sweep() {
    const fn = new AppFunction(this, 'SweepFunction', {
      entry: 'lambdas/webhooks/on-schedule-sweep.ts',
      description: 'Asks for the attempts whose wait is over',
      timeout: Duration.seconds(50),
      isRoutine: true,
    });
    this.#grantTable(fn, 'dynamodb:Query', 'dynamodb:UpdateItem');
    this.#grantAsk(fn);
    new Rule(this, 'EachMinute', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(fn)],
    });
    new AppAlarm(this, 'SweepAlarm', {
      metric: fn.metricErrors({ period: fiveMinutes }),
      threshold: 3,
      severity: 'P2',
      runbook: 'webhooks-sweep-failing.md',
      summary: 'Attempts of webhooks that wait longer than a quarter of an hour are not made.',
      topic: this.#props.platform.alarmTopic,
    });
  }

  #replay() {
    const fn = new AppFunction(this, 'ReplayFunction', {
      entry: 'lambdas/webhooks/on-replay.ts',
      description: 'Sends events of the audit log again, page by page',
      timeout: Duration.seconds(60),
    });
    this.#grantTable(fn, 'dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:PutItem');
    this.#props.audit.grantRead(fn);
    this.#grantAsk(fn);
    this.#grantAskPages(fn);
    this.#replays.feed(fn, { batchSize: 1 });
  }

  #api() {
    const { audit, fleet, apiAccess } = this.#props;
    const fn = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/webhooks/handle-api.ts',
      description: 'Webhooks, their deliveries and replays over HTTP',
      environment: { SECRET_KEY_ID: this.#key.keyId, ALLOWED_NETWORKS: this.#networks.valueAsString },
    });
    this.#grantTable(
      fn,
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );
    this.#key.grant(fn, 'kms:Encrypt');
    audit.grantCommit(fn);
    fleet.grantRead(fn);
    this.#grantAsk(fn);
    this.#grantAskPages(fn);
    addRoutes(this, apiAccess, webhookRoutes, fn);
  }
}
