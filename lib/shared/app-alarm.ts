import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export type AppAlarmProps = {
  readonly metric: IMetric;
  readonly threshold: number;
  readonly severity: 'P0' | 'P1' | 'P2' | 'P3';
  /** The page under docs/runbooks that says what this means, how to look into it and how to end it. */
  readonly runbook: `${string}.md`;
  readonly summary: string;
  readonly topic: ITopic;
  readonly periods?: number;
};

/** An alarm with a severity and a runbook, both in its description, so that whoever is woken knows where to begin. */
export class AppAlarm extends Alarm {
  constructor(
    scope: Construct,
    id: string,
    { metric, threshold, severity, runbook, summary, topic, periods }: AppAlarmProps,
  ) {
    super(scope, id, {
      metric,
      threshold,
      evaluationPeriods: periods ?? 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${severity} ${summary} Runbook: docs/runbooks/${runbook}`,
    });
    this.addAlarmAction(new SnsAction(topic));
    this.addOkAction(new SnsAction(topic));
  }
}

export const fiveMinutes = Duration.minutes(5);
