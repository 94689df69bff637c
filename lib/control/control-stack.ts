import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ruleNames } from '../../contracts/topics.ts';
import { controlRoutes } from '../../lambdas/control/api.ts';
import { commandsByDue, commandsByStatus } from '../../lambdas/control/control-keys.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppAlarm, fiveMinutes } from '../shared/app-alarm.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppQueue } from '../shared/app-queue.ts';
import { AppTable } from '../shared/app-table.ts';
import { IngestRule } from '../shared/ingest-rule.ts';

type Grant = (fn: LambdaFunction) => void;
export type ControlStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly audit: { readonly grantCommit: Grant };
  readonly fleet: { readonly grantRead: Grant };
  readonly telemetry: { readonly grantRead: Grant };
  readonly sealing: { readonly grantSeal: Grant };
};

/** Commands to miners: their states, their signed way to the gateway, the answers, and what silence means. */
export class ControlStack extends Stack {
  readonly #table: AppTable;
  readonly #props: ControlStackProps;
  readonly #safetyEvents: AppQueue;

  constructor(scope: Construct, id: string, props: ControlStackProps) {
    const { platform, apiAccess, audit, fleet, telemetry, sealing, ...stackProps } = props;
    super(scope, id, stackProps);
    this.#props = props;
    this.#table = new AppTable(this, 'Control', {
      key: platform.dataKey,
      indexes: [
        { name: commandsByStatus, pk: 'status_pk', sk: 'sk' },
        { name: commandsByDue, pk: 'due_pk', sk: 'due_sk' },
      ],
    });
    this.#dispatch();
    this.#hear('Response', {
      entry: 'lambdas/control/on-command-response.ts',
      description: "Takes gateways' answers to commands",
      ruleName: ruleNames.commandResponse,
      sql: "SELECT *, topic(3) AS topicSiteId, topic(4) AS topicGatewayId FROM 'cmd/hashinsight/+/+/response'",
      content: "Gateways' answers to commands",
      runbook: 'control-responses-failed.md',
    });
    const safety = this.#hear('Safety', {
      entry: 'lambdas/control/on-safety-event.ts',
      description: 'Keeps what gateways refused or did by themselves to protect their sites',
      ruleName: ruleNames.safety,
      sql: "SELECT *, topic(3) AS topicSiteId, topic(4) AS topicGatewayId FROM 'evt/hashinsight/+/+/safety'",
      content: "Gateways' safety events",
      runbook: 'control-safety-events-failed.md',
    });
    fleet.grantRead(safety.fn);
    this.#safetyEvents = safety.queue;
    this.#expire();
    this.#batches();
    this.#halts();
    this.#observe();
    const api = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/control/handle-api.ts',
      description: 'Commands, batches, policies and kill switches over HTTP',
      timeout: Duration.seconds(20),
      memoryMb: 1_024,
    });
    this.#grantWrite(api);
    this.#table.grant(api, 'dynamodb:DeleteItem');
    fleet.grantRead(api);
    sealing.grantSeal(api);
    addRoutes(this, apiAccess, controlRoutes, api);
  }

  /** Lets a function read commands: `readCommand` of lambdas/control/commands.ts. */
  grantRead(fn: LambdaFunction) {
    fn.addEnvironment('CONTROL_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query');
    this.#props.platform.dataKey.grantDecrypt(fn);
  }

  /** Lets a function propose, read and expire commands, all of lambdas/control/commands.ts. */
  grantPropose(fn: LambdaFunction) {
    this.#grantWrite(fn);
    this.#props.fleet.grantRead(fn);
    this.#props.sealing.grantSeal(fn);
  }

  /** Lets a function read what waits for gateways and record their answers: pending-envelopes.ts, record-response.ts. */
  grantRecordResponse(fn: LambdaFunction) {
    this.#grantWrite(fn);
  }

  /** Lets a function hand in safety events that come by another way than MQTT. */
  grantReportSafety(fn: LambdaFunction) {
    fn.addEnvironment('SAFETY_QUEUE', this.#safetyEvents.queue.queueUrl);
    this.#safetyEvents.queue.grantSendMessages(fn);
  }

  #grantWrite(fn: LambdaFunction) {
    this.grantRead(fn);
    this.#table.grant(fn, 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem');
    this.#props.platform.dataKey.grantEncryptDecrypt(fn);
    this.#props.audit.grantCommit(fn);
  }

  #dispatch() {
    const { platform, fleet } = this.#props;
    const dispatch = new AppFunction(this, 'DispatchFunction', {
      entry: 'lambdas/control/on-command-approved.ts',
      description: 'Signs approved commands and sends them to their gateways',
    });
    this.#grantWrite(dispatch);
    fleet.grantRead(dispatch);
    this.#mayPublish(dispatch, ['iot:Publish'], 'request');
    new AppQueue(this, 'Approved', {
      alarmTopic: platform.alarmTopic,
      runbook: 'control-dispatch-failed.md',
      content: 'Approved commands',
    })
      .subscribe(platform.bus, ['control.command.approved'])
      .feed(dispatch);
  }

  #mayPublish(fn: LambdaFunction, actions: string[], what: 'request' | 'halt') {
    const resourceName = `cmd/hashinsight/*/${what}`;
    fn.addToRolePolicy(
      new PolicyStatement({
        actions,
        resources: [this.formatArn({ service: 'iot', resource: 'topic', resourceName })],
      }),
    );
  }

  /** Batches go on by what is announced of them and their commands, by messages of their own, and at least each minute. */
  #batches() {
    const { platform, fleet } = this.#props;
    const advance = new AppFunction(this, 'BatchFunction', {
      entry: 'lambdas/control/on-batch-due.ts',
      description: 'Goes on with batches: makes the commands of their waves, stops and ends them',
      timeout: Duration.seconds(30),
      memoryMb: 1_024,
    });
    this.#grantWrite(advance);
    fleet.grantRead(advance);
    const due = new AppQueue(this, 'DueBatches', {
      alarmTopic: platform.alarmTopic,
      runbook: 'control-batches-failed.md',
      content: 'Batches that are due',
      visibilityTimeout: Duration.seconds(180),
    })
      .hear(platform.bus, {
        detailType: [
          'control.batch.approved',
          'control.batch.resumed',
          'control.batch.cancelled',
          'control.batch.stopped',
          'control.command.dispatched',
          'control.command.completed',
          'control.command.failed',
          'control.command.unknown',
          'control.command.expired',
          'control.command.cancelled',
        ],
        detail: { payload: { batch_id: [{ exists: true }] } },
      })
      .feed(advance);
    const look = new AppFunction(this, 'OpenBatchesFunction', {
      entry: 'lambdas/control/on-schedule-batches.ts',
      description: 'Has every open batch looked at',
      timeout: Duration.seconds(30),
      isRoutine: true,
    });
    this.grantRead(look);
    for (const fn of [advance, look]) {
      fn.addEnvironment('BATCH_QUEUE', due.queue.queueUrl);
      due.queue.grantSendMessages(fn);
    }
    this.#eachMinute('BatchesEachMinute', look, {
      runbook: 'control-batches-failed.md',
      summary: 'Open batches are not looked at; those that wait for a time or a lifted switch stand still.',
    });
  }

  /** A changed kill switch reaches its gateways as a retained message each. */
  #halts() {
    const { platform, fleet } = this.#props;
    const tell = new AppFunction(this, 'HaltFunction', {
      entry: 'lambdas/control/on-halt-changed.ts',
      description: 'Tells gateways that a kill switch over them was set or lifted',
      timeout: Duration.seconds(60),
    });
    this.#grantWrite(tell);
    fleet.grantRead(tell);
    this.#mayPublish(tell, ['iot:Publish', 'iot:RetainPublish'], 'halt');
    this.#mayPublish(tell, ['iot:Publish'], 'request');
    new AppQueue(this, 'Halts', {
      alarmTopic: platform.alarmTopic,
      runbook: 'control-halts-failed.md',
      content: 'Changes of kill switches',
      visibilityTimeout: Duration.seconds(360),
    })
      .subscribe(platform.bus, [
        'control.halt.set',
        'control.halt.lifted',
        'gateway.credentials.issued',
        'gateway.credentials.taken_up',
      ])
      .feed(tell);
  }

  #observe() {
    const observe = new AppFunction(this, 'ObserveFunction', {
      entry: 'lambdas/control/on-schedule-observe.ts',
      description: 'Asks telemetry what became of commands whose end is unknown',
      timeout: Duration.seconds(55),
      memoryMb: 1_024,
      isRoutine: true,
    });
    this.#grantWrite(observe);
    this.#props.telemetry.grantRead(observe);
    this.#eachMinute('ObserveEachMinute', observe, {
      runbook: 'control-observation-failing.md',
      summary: 'Commands whose end is unknown are not resolved by telemetry.',
    });
  }

  #eachMinute(
    id: string,
    fn: LambdaFunction,
    { runbook, summary }: { readonly runbook: `${string}.md`; readonly summary: string },
  ) {
    new Rule(this, id, {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(fn)],
    });
    new AppAlarm(this, `${id}Alarm`, {
      metric: fn.metricErrors({ period: fiveMinutes }),
      threshold: 3,
      severity: 'P2',
      runbook,
      summary,
      topic: this.#props.platform.alarmTopic,
    });
  }

  #hear(
    id: string,
    {
      entry,
      description,
      ruleName,
      sql,
      content,
      runbook,
    }: {
      readonly entry: string;
      readonly description: string;
      readonly ruleName: string;
      readonly sql: string;
      readonly content: string;
      readonly runbook: `${string}.md`;
    },
  ) {
    const fn = new AppFunction(this, `${id}Function`, { entry, description });
    this.#grantWrite(fn);
    const queue = new AppQueue(this, `${id}s`, {
      alarmTopic: this.#props.platform.alarmTopic,
      runbook,
      content,
    });
    queue.feed(fn);
    new IngestRule(this, `${id}Rule`, { ruleName, sql, queue: queue.queue, errorQueue: queue.deadLetters });
    return { fn, queue };
  }

  #expire() {
    const expire = new AppFunction(this, 'ExpiryFunction', {
      entry: 'lambdas/control/on-schedule-expiry.ts',
      description: 'Settles commands whose time has run out',
      timeout: Duration.seconds(55),
    });
    this.#grantWrite(expire);
    new Rule(this, 'EachMinute', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(expire)],
    });
    new AppAlarm(this, 'ExpiryAlarm', {
      metric: expire.metricErrors({ period: fiveMinutes }),
      threshold: 3,
      severity: 'P2',
      runbook: 'control-expiry-failing.md',
      summary: 'Overdue commands are not settled; loops that wait for them hang until they are.',
      topic: this.#props.platform.alarmTopic,
    });
  }
}
