import { join } from 'node:path';
import { CfnParameter, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget, SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { advisorIndexes } from '../../lambdas/advisor/advisor-keys.ts';
import { advisorRoutes } from '../../lambdas/advisor/api.ts';
import { followedEvents } from '../../lambdas/advisor/followed-events.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppAlarm, fiveMinutes } from '../shared/app-alarm.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppQueue } from '../shared/app-queue.ts';
import { AppTable } from '../shared/app-table.ts';

type Grant = (fn: LambdaFunction) => void;

/**
 * The loop's patience, in seconds: how long people may take to decide, how long a command may take to reach its miner,
 * how often later telemetry is looked at, and for how long after the last command was settled. Deployments set them as
 * stack parameters.
 */
const usualTiming = { approvalS: 30 * 60, commandS: 120, verifyEveryS: 5, verifyWindowS: 15 * 60 } as const;
type LoopTiming = Readonly<Record<keyof typeof usualTiming, string>>;

export type AdvisorStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly audit: { readonly grantCommit: Grant };
  readonly fleet: { readonly grantRead: Grant };
  readonly telemetry: { readonly grantRead: Grant };
  readonly control: { readonly grantRead: Grant; readonly grantPropose: Grant };
};

/** Diagnosis, recommendation, risk, approvals, execution, verification and learning: the closed loop. */
export class AdvisorStack extends Stack {
  readonly stateMachine: StateMachine;
  readonly #table: AppTable;
  readonly #props: AdvisorStackProps;
  readonly #timing: LoopTiming;

  constructor(scope: Construct, id: string, props: AdvisorStackProps) {
    const { platform, apiAccess, audit, fleet, telemetry, control, ...stackProps } = props;
    super(scope, id, stackProps);
    this.#props = props;
    const patience = (name: keyof typeof usualTiming) =>
      new CfnParameter(this, `${name[0]?.toUpperCase()}${name.slice(1)}`, {
        type: 'Number',
        default: usualTiming[name],
        minValue: 1,
        maxValue: 7 * 24 * 3_600,
        description: `Patience of the closed loop in seconds: ${name}`,
      }).valueAsString;
    this.#timing = {
      approvalS: patience('approvalS'),
      commandS: patience('commandS'),
      verifyEveryS: patience('verifyEveryS'),
      verifyWindowS: patience('verifyWindowS'),
    };
    this.#table = new AppTable(this, 'Advisor', { key: platform.dataKey, indexes: advisorIndexes });
    this.stateMachine = this.#closedLoop();
    this.#startOnAlerts();
    this.#resume();
    this.#follow();
    this.#expire();
    this.#api();
  }

  #function(
    id: string,
    file: string,
    description: string,
    environment: Record<string, string> = {},
    timeout = Duration.seconds(20),
  ) {
    const fn = new AppFunction(this, id, {
      entry: `lambdas/advisor/${file}.ts`,
      description,
      environment,
      timeout,
      memoryMb: 1024,
    });
    fn.addEnvironment('ADVISOR_TABLE', this.#table.tableName);
    this.#table.grant(
      fn,
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
      'dynamodb:ConditionCheckItem',
    );
    this.#props.platform.dataKey.grantEncryptDecrypt(fn);
    this.#props.audit.grantCommit(fn);
    return fn;
  }

  #seesSite(fn: LambdaFunction) {
    this.#props.fleet.grantRead(fn);
    this.#props.telemetry.grantRead(fn);
  }

  #keepsTokens(fn: LambdaFunction) {
    fn.addEnvironment('DATA_KEY_ID', this.#props.platform.dataKey.keyId);
    // SendTaskSuccess is bound by the token alone; Step Functions knows no resource for it.
    fn.addToRolePolicy(new PolicyStatement({ actions: ['states:SendTaskSuccess'], resources: ['*'] }));
  }

  #closedLoop() {
    const { control } = this.#props;
    const { approvalS, commandS, verifyEveryS, verifyWindowS } = this.#timing;
    const command = { COMMAND_TTL_S: commandS };
    const diagnose = this.#function('DiagnoseFunction', 'task-diagnose', 'Closed loop: diagnoses');
    this.#seesSite(diagnose);
    const recommend = this.#function(
      'RecommendFunction',
      'task-recommend',
      'Closed loop: recommends and assesses',
      {
        APPROVAL_TTL_S: approvalS,
      },
    );
    const awaitApproval = this.#function(
      'AwaitApprovalFunction',
      'task-await-approval',
      'Closed loop: waits for people',
    );
    this.#keepsTokens(awaitApproval);
    const expire = this.#function(
      'ExpireFunction',
      'task-expire',
      'Closed loop: lets a recommendation expire',
    );
    const execute = this.#function(
      'ExecuteFunction',
      'task-execute',
      'Closed loop: proposes commands',
      command,
      Duration.seconds(60),
    );
    this.#seesSite(execute);
    this.#keepsTokens(execute);
    control.grantPropose(execute);
    const expireCommands = this.#function(
      'ExpireCommandsFunction',
      'task-expire-commands',
      'Closed loop: settles overdue commands',
      {},
      Duration.seconds(60),
    );
    control.grantPropose(expireCommands);
    const verify = this.#function(
      'VerifyFunction',
      'task-verify',
      'Closed loop: verifies by later telemetry',
      {
        VERIFY_WINDOW_S: verifyWindowS,
      },
    );
    this.#seesSite(verify);
    control.grantRead(verify);
    const learn = this.#function('LearnFunction', 'task-learn', 'Closed loop: learns from the outcome');
    const fail = this.#function(
      'FailFunction',
      'task-fail',
      'Closed loop: leaves nothing open after a failure',
    );
    const functions = {
      DiagnoseFunction: diagnose,
      RecommendFunction: recommend,
      AwaitApprovalFunction: awaitApproval,
      ExpireFunction: expire,
      ExecuteFunction: execute,
      ExpireCommandsFunction: expireCommands,
      VerifyFunction: verify,
      LearnFunction: learn,
      FailFunction: fail,
    };
    const machine = new StateMachine(this, 'ClosedLoop', {
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromFile(
        join(import.meta.dirname, '..', '..', 'statemachines', 'closed-loop.asl.json'),
      ),
      definitionSubstitutions: {
        ...Object.fromEntries(Object.entries(functions).map(([name, fn]) => [name, fn.functionArn])),
        CommandSeconds: commandS,
        OverdueCommandsEverySeconds: '10',
        VerifyEverySeconds: verifyEveryS,
      },
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'ClosedLoopLogs', {
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        // Task tokens stand in the execution data.
        includeExecutionData: false,
      },
    });
    for (const fn of Object.values(functions)) fn.grantInvoke(machine);
    new AppAlarm(this, 'BrokenLoopAlarm', {
      metric: machine.metricFailed({ period: fiveMinutes }),
      threshold: 1,
      severity: 'P1',
      runbook: 'advisor-loop-broken.md',
      summary: 'A closed loop broke; its recommendation is marked as failed.',
      topic: this.#props.platform.alarmTopic,
    });
    return machine;
  }

  #startOnAlerts() {
    const unstarted = new Queue(this, 'Unstarted', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    new AppAlarm(this, 'UnstartedAlarm', {
      metric: unstarted.metricApproximateNumberOfMessagesVisible({
        period: fiveMinutes,
        statistic: 'Maximum',
      }),
      threshold: 1,
      severity: 'P1',
      runbook: 'advisor-loop-unstarted.md',
      summary: 'Alerts or incidents for which no loop could be started wait in the dead-letter queue.',
      topic: this.#props.platform.alarmTopic,
    });
    const targets = [new SfnStateMachine(this.stateMachine, { deadLetterQueue: unstarted })];
    const eventBus = this.#props.platform.bus;
    new Rule(this, 'OnAlert', {
      eventBus,
      eventPattern: {
        detailType: ['alerting.alert.opened'],
        detail: { payload: { incident_id: [{ exists: false }], parent_alert_id: [{ exists: false }] } },
      },
      targets,
    });
    new Rule(this, 'OnIncident', {
      eventBus,
      eventPattern: { detailType: ['alerting.incident.opened'] },
      targets,
    });
  }

  #resume() {
    const decided = this.#function(
      'DecidedFunction',
      'on-recommendation-decided',
      'Resumes loops that wait for a decision',
      {},
      Duration.seconds(10),
    );
    this.#keepsTokens(decided);
    this.#queue('Decided', 'Decisions on recommendations', 'advisor-decisions-stuck.md', decided, [
      'advisor.recommendation.approved',
      'advisor.recommendation.rejected',
      'advisor.recommendation.expired',
    ]);
    const settled = this.#function(
      'SettledFunction',
      'on-command-settled',
      'Resumes loops whose commands are settled',
      {},
      Duration.seconds(10),
    );
    this.#keepsTokens(settled);
    this.#props.control.grantRead(settled);
    this.#queue('Settled', 'Settled commands', 'advisor-settled-commands-stuck.md', settled, [
      'control.command.completed',
      'control.command.failed',
      'control.command.unknown',
      'control.command.expired',
      'control.command.denied',
      'control.command.cancelled',
    ]);
  }

  #follow() {
    const follow = this.#function(
      'FollowFunction',
      'on-loop-event',
      "Keeps the loops' timelines",
      {},
      Duration.seconds(10),
    );
    this.#props.control.grantRead(follow);
    this.#queue(
      'LoopEvents',
      'Events of closed loops',
      'advisor-loop-events-stuck.md',
      follow,
      followedEvents,
    );
  }

  #queue(
    id: string,
    content: string,
    runbook: `${string}.md`,
    fn: LambdaFunction,
    detailTypes: readonly string[],
  ) {
    new AppQueue(this, `${id}Queue`, { alarmTopic: this.#props.platform.alarmTopic, runbook, content })
      .subscribe(this.#props.platform.bus, detailTypes)
      .feed(fn);
  }

  #expire() {
    const expire = this.#function(
      'ExpiryFunction',
      'on-schedule-expiry',
      'Lets recommendations expire that nobody decided on',
      {},
      Duration.seconds(55),
    );
    new Rule(this, 'EachMinute', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(expire)],
    });
    new AppAlarm(this, 'ExpiryAlarm', {
      metric: expire.metricErrors({ period: fiveMinutes }),
      threshold: 3,
      severity: 'P2',
      runbook: 'advisor-expiry-failing.md',
      summary: 'Overdue recommendations stay open.',
      topic: this.#props.platform.alarmTopic,
    });
  }

  #api() {
    const { approvalS, commandS } = this.#timing;
    const api = this.#function(
      'ApiFunction',
      'handle-api',
      'Recommendations, diagnosis, risk, rules and loops over HTTP',
      {
        APPROVAL_TTL_S: approvalS,
        COMMAND_TTL_S: commandS,
      },
    );
    this.#seesSite(api);
    this.#props.control.grantPropose(api);
    api.addEnvironment('STATE_MACHINE_ARN', this.stateMachine.stateMachineArn);
    this.stateMachine.grantStartExecution(api);
    addRoutes(this, this.#props.apiAccess, advisorRoutes, api);
  }
}
