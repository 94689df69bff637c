import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, Metric, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { ruleNames } from '../../contracts/topics.ts';
import { fiveMinutes } from '../shared/app-alarm.ts';
import type { AppQueue } from '../shared/app-queue.ts';
import { ownMetric, shareOfReadings } from './telemetry-operations.ts';

export type DashboardProps = {
  readonly table: Table;
  readonly blocks: Bucket;
  readonly batches: AppQueue;
  readonly rollUps: AppQueue;
  readonly ingest: IFunction;
  readonly rollUp: IFunction;
  readonly api: IFunction;
};

const intro = `# Telemetry
From left to right what arrives, what is missing, what is made of it and what it costs. Each alarm names its page in docs/runbooks.
`;

const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []) =>
  new GraphWidget({ title, left: [...left], right: [...right], width: 8, height: 6 });

const waiting = (queue: IQueue, label: string) =>
  queue.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes, statistic: 'Maximum', label });
const perFiveMinutes = (fn: IFunction, label: string) =>
  fn.metricInvocations({ period: fiveMinutes, statistic: 'Sum', label });
const busyMs = (fn: IFunction, label: string) =>
  fn.metricDuration({ period: fiveMinutes, statistic: 'Sum', label });
const units = (table: Table, metricName: string, label: string) =>
  table.metric(metricName, { period: fiveMinutes, statistic: 'Sum', label });

/** Bytes that lie in the bucket; S3 measures once a day. */
const storedBytes = (bucket: Bucket) =>
  new Metric({
    namespace: 'AWS/S3',
    metricName: 'BucketSizeBytes',
    dimensionsMap: { BucketName: bucket.bucketName, StorageType: 'StandardStorage' },
    statistic: 'Average',
    period: Duration.days(1),
    label: 'bytes in blocks',
  });
const taken = new Metric({
  namespace: 'AWS/IoT',
  metricName: 'Success',
  dimensionsMap: { RuleName: ruleNames.telemetry, ActionType: 'SQS' },
  statistic: 'Sum',
  period: fiveMinutes,
  label: 'batches by the rule',
});

/** The dashboard of telemetry: 31 metrics, below the 50 up to which it costs nothing. */
export const telemetryDashboard = (scope: Construct, id: string, props: DashboardProps) => {
  const { table, blocks, batches, rollUps, ingest, rollUp, api } = props;
  const dashboard = new Dashboard(scope, id, {
    dashboardName: 'hashinsight-telemetry',
    defaultInterval: Duration.hours(12),
  });
  dashboard.addWidgets(new TextWidget({ markdown: intro, width: 24, height: 2 }));
  dashboard.addWidgets(
    graph(
      'Ingest lag',
      [ownMetric('batchLag', 'p50', 'p50 ms'), ownMetric('batchLag', 'p99', 'p99 ms')],
      [
        batches.queue.metricApproximateAgeOfOldestMessage({
          period: fiveMinutes,
          statistic: 'Maximum',
          label: 'oldest waiting batch, s',
        }),
      ],
    ),
    graph(
      'Readings',
      [ownMetric('readings', 'Sum', 'readings')],
      [ownMetric('unknownMiners', 'Sum', 'of unknown miners')],
    ),
    graph('Dropped and late', [
      shareOfReadings('dropped', 'dropped per 100 readings'),
      shareOfReadings('late', 'late of 100 readings'),
    ]),
  );
  dashboard.addWidgets(
    graph('Kept aside and lost', [
      ownMetric('setAside', 'Sum', 'batches kept aside'),
      ownMetric('lost', 'Sum', 'batches lost for good'),
    ]),
    graph('Gaps that gateways are asked to fill', [ownMetric('gapsOpen', 'Maximum', 'gaps')]),
    graph('Oldest batch in a spool', [ownMetric('spoolOldest', 'Maximum', 'ms')]),
  );
  dashboard.addWidgets(
    graph(
      'Roll-ups',
      [ownMetric('rollUpBehind', 'Maximum', 'behind, ms')],
      [waiting(rollUps.queue, 'waiting')],
    ),
    graph('Dead letters', [
      waiting(batches.deadLetters, 'batches'),
      waiting(rollUps.deadLetters, 'roll-ups'),
    ]),
    graph(
      'Questions of people',
      [
        api.metricDuration({ period: fiveMinutes, statistic: 'p95', label: 'p95 ms' }),
        api.metricDuration({ period: fiveMinutes, statistic: 'p50', label: 'p50 ms' }),
      ],
      [api.metricErrors({ period: fiveMinutes, statistic: 'Sum', label: 'errors' })],
    ),
  );
  dashboard.addWidgets(
    graph(
      'Cost: batches and functions',
      [taken, perFiveMinutes(ingest, 'ingest runs'), perFiveMinutes(rollUp, 'roll-up runs')],
      [busyMs(ingest, 'ingest ms'), busyMs(rollUp, 'roll-up ms')],
    ),
    graph('Cost: table', [
      units(table, 'ConsumedWriteCapacityUnits', 'write units'),
      units(table, 'ConsumedReadCapacityUnits', 'read units'),
    ]),
    graph('Cost: storage', [storedBytes(blocks)]),
  );
};
