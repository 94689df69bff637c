import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ruleNames } from '../../contracts/topics.ts';
import { sealingRoutes } from '../../lambdas/sealing/api.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppAlarm, fiveMinutes } from '../shared/app-alarm.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppQueue } from '../shared/app-queue.ts';
import { AppTable } from '../shared/app-table.ts';
import { IngestRule } from '../shared/ingest-rule.ts';
import { gatewaySealingRole, sealingRoleAlias, sealingRoleName } from './gateway-role.ts';

type Grant = (fn: LambdaFunction) => void;
export type SealingStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly audit: { readonly grantCommit: Grant };
  readonly fleet: { readonly grantRead: Grant };
};

/** What gateways sealed and only they can open: kept, handed back, and wrapped anew from time to time. */
export class SealingStack extends Stack {
  readonly #props: SealingStackProps;
  readonly #table: AppTable;
  readonly #key: Key;

  constructor(scope: Construct, id: string, props: SealingStackProps) {
    const { platform, apiAccess, audit: _audit, fleet: _fleet, ...stackProps } = props;
    super(scope, id, stackProps);
    this.#props = props;
    this.#table = new AppTable(this, 'Sealed', { key: platform.dataKey });
    this.#key = new Key(this, 'SealingKey', {
      alias: 'hashinsight/gateway-sealing',
      description: 'Wraps the data keys of what gateways seal',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#forbidOpening();
    gatewaySealingRole(this, this.#key);
    this.#takeIn();
    this.#handBack();
    this.#rewrap();
    const api = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/sealing/handle-api.ts',
      description: 'How gateways seal their secrets, over HTTP',
      environment: { SEALING_KEY_ARN: this.#key.keyArn, ROLE_ALIAS: sealingRoleAlias },
    });
    this.#grantTable(api, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:ConditionCheckItem');
    this.#props.audit.grantCommit(api);
    this.#props.fleet.grantRead(api);
    // The action knows no resource to be limited to.
    api.addToRolePolicy(new PolicyStatement({ actions: ['iot:DescribeEndpoint'], resources: ['*'] }));
    addRoutes(this, apiAccess, sealingRoutes, api);
  }

  /** Lets a function seal for gateways: it reads the keys that they announced. */
  grantSeal(fn: LambdaFunction) {
    fn.addEnvironment('SEALING_TABLE', this.#table.tableName);
    this.#table.grant(fn, 'dynamodb:GetItem');
    this.#props.platform.dataKey.grantDecrypt(fn);
  }

  /** The key's own policy, which no role's policy can overrule: nobody but gateways opens what this key wrapped. */
  #forbidOpening() {
    const gatewayRole = this.formatArn({
      service: 'iam',
      region: '',
      resource: 'role',
      resourceName: sealingRoleName,
    });
    this.#key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'OnlyGatewaysOpen',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair', 'kms:CreateGrant'],
        resources: ['*'],
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': gatewayRole } },
      }),
    );
  }

  #grantTable(fn: LambdaFunction, ...actions: string[]) {
    fn.addEnvironment('SEALING_TABLE', this.#table.tableName);
    this.#table.grant(fn, ...actions);
    this.#props.platform.dataKey.grantEncryptDecrypt(fn);
  }

  #takeIn() {
    const fn = new AppFunction(this, 'TakeInFunction', {
      entry: 'lambdas/sealing/on-gateway-sealed.ts',
      description: 'Takes in the keys that gateways name and the inventories that they sealed',
      isRoutine: true,
    });
    this.#grantTable(fn, 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    this.#props.audit.grantCommit(fn);
    this.#props.fleet.grantRead(fn);
    const queue = new AppQueue(this, 'Sealings', {
      alarmTopic: this.#props.platform.alarmTopic,
      runbook: 'sealing-intake-failed.md',
      content: 'What gateways sealed',
    });
    queue.feed(fn);
    new IngestRule(this, 'SealedRule', {
      ruleName: ruleNames.sealed,
      sql: "SELECT *, topic(3) AS topicSiteId, topic(4) AS topicGatewayId FROM 'dt/hashinsight/+/+/sealed'",
      queue: queue.queue,
      errorQueue: queue.deadLetters,
    });
  }

  #handBack() {
    const fn = new AppFunction(this, 'RestoreFunction', {
      entry: 'lambdas/sealing/on-restore-requested.ts',
      description: 'Hands gateways the sealed inventories that somebody asked for',
    });
    this.#grantTable(fn, 'dynamodb:Query');
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['iot:Publish'],
        resources: [
          this.formatArn({ service: 'iot', resource: 'topic', resourceName: 'cfg/hashinsight/*/inventory' }),
        ],
      }),
    );
    new AppQueue(this, 'Restores', {
      alarmTopic: this.#props.platform.alarmTopic,
      runbook: 'sealing-restore-failed.md',
      content: 'Sealed inventories to hand back',
    })
      .subscribe(this.#props.platform.bus, ['sealing.inventory.restore_requested'])
      .feed(fn);
  }

  /** It may have KMS wrap keys anew within KMS; it never sees one. */
  #rewrap() {
    const fn = new AppFunction(this, 'RotationFunction', {
      entry: 'lambdas/sealing/on-schedule-rotation.ts',
      description: 'Wraps the data keys of sealed values anew',
      timeout: Duration.minutes(5),
      environment: { SEALING_KEY_ARN: this.#key.keyArn, ROTATION_DAYS: '90' },
      isRoutine: true,
    });
    this.#grantTable(fn, 'dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    this.#key.grant(fn, 'kms:ReEncryptFrom', 'kms:ReEncryptTo');
    this.#props.audit.grantCommit(fn);
    new Rule(this, 'EachHour', {
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaTarget(fn)],
    });
    new AppAlarm(this, 'RotationAlarm', {
      metric: fn.metricErrors({ period: fiveMinutes }),
      threshold: 1,
      severity: 'P2',
      runbook: 'sealing-rotation-failing.md',
      summary: 'Data keys of sealed values are not wrapped anew, or KMS refuses some of them.',
      topic: this.#props.platform.alarmTopic,
    });
  }
}
