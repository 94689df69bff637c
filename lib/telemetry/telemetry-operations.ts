import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type TelemetryMetric, telemetryMetrics } from '../../lambdas/telemetry/metric-names.ts';
import { AppAlarm, fiveMinutes } from '../shared/app-alarm.ts';

/** What telemetry reports of itself. */
export const ownMetric = (name: TelemetryMetric, statistic: string, label?: string) =>
  new Metric({
    namespace: 'HashInsight',
    metricName: telemetryMetrics[name],
    statistic,
    period: fiveMinutes,
    dimensionsMap: { service: 'telemetry' },
    ...(label && { label }),
  });

/** So many of a hundred readings. */
export const shareOfReadings = (name: 'dropped' | 'late', label: string) =>
  new MathExpression({
    expression: `100 * ${name} / readings`,
    usingMetrics: { [name]: ownMetric(name, 'Sum'), readings: ownMetric('readings', 'Sum') },
    period: fiveMinutes,
    label,
  });

/** The alarms on what telemetry reports of itself; those on queues and functions stand with them. */
export const telemetryAlarms = (scope: Construct, topic: ITopic) => {
  new AppAlarm(scope, 'QuarantineAlarm', {
    metric: ownMetric('setAside', 'Sum'),
    threshold: 1,
    severity: 'P2',
    runbook: 'telemetry-batches-set-aside.md',
    summary: 'Batches could not be used and were set aside; their readings are missing from every tier.',
    topic,
  });
  new AppAlarm(scope, 'LostAlarm', {
    metric: ownMetric('lost', 'Sum'),
    threshold: 1,
    severity: 'P1',
    runbook: 'telemetry-readings-lost.md',
    summary: 'A gateway no longer has batches that never arrived; their readings are lost for good.',
    topic,
  });
  new AppAlarm(scope, 'GapsAlarm', {
    metric: ownMetric('gapsOpen', 'Maximum'),
    threshold: 1,
    periods: 6,
    severity: 'P2',
    runbook: 'telemetry-gaps-open.md',
    summary: 'Batches have been missing for half an hour though their gateways are asked for them.',
    topic,
  });
  new AppAlarm(scope, 'DroppedAlarm', {
    metric: shareOfReadings('dropped', 'dropped per 100 readings'),
    threshold: 1,
    periods: 2,
    severity: 'P3',
    runbook: 'telemetry-values-dropped.md',
    summary: 'Values are dropped as impossible, one or more of a hundred readings.',
    topic,
  });
  new AppAlarm(scope, 'LateAlarm', {
    metric: shareOfReadings('late', 'late of 100 readings'),
    threshold: 5,
    periods: 12,
    severity: 'P3',
    runbook: 'telemetry-readings-late.md',
    summary: 'For an hour one of twenty readings or more has come after its window was rolled up.',
    topic,
  });
  new AppAlarm(scope, 'SpoolAlarm', {
    metric: ownMetric('spoolOldest', 'Maximum'),
    threshold: Duration.minutes(15).toMilliseconds(),
    periods: 3,
    severity: 'P2',
    runbook: 'telemetry-spool-deep.md',
    summary: 'A gateway holds telemetry of a quarter of an hour or more that it could not send.',
    topic,
  });
  new AppAlarm(scope, 'RollUpsBehindAlarm', {
    metric: ownMetric('rollUpBehind', 'Maximum'),
    threshold: Duration.minutes(30).toMilliseconds(),
    severity: 'P1',
    runbook: 'telemetry-roll-ups-behind.md',
    summary: 'Five-minute history is half an hour or more behind.',
    topic,
  });
};
