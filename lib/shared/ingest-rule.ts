import { Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export type IngestRuleProps = {
  /** One of contracts/topics.ts `ruleNames`: gateways publish to it by name (Basic Ingest). */
  readonly ruleName: string;
  readonly sql: string;
  readonly queue: IQueue;
  /** Where a message goes that the rule could not deliver, with the reason. */
  readonly errorQueue: IQueue;
};

/** An IoT rule that puts gateways' messages into a queue, under a role that may do only that. */
export class IngestRule extends Construct {
  constructor(scope: Construct, id: string, { ruleName, sql, queue, errorQueue }: IngestRuleProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('iot.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: `What the IoT rule ${ruleName} may do`,
    });
    queue.grantSendMessages(role);
    errorQueue.grantSendMessages(role);
    const to = ({ queueUrl }: IQueue) => ({ sqs: { queueUrl, roleArn: role.roleArn, useBase64: false } });
    new CfnTopicRule(this, 'Rule', {
      ruleName,
      topicRulePayload: {
        sql,
        awsIotSqlVersion: '2016-03-23',
        ruleDisabled: false,
        actions: [to(queue)],
        errorAction: to(errorQueue),
      },
    });
  }
}
