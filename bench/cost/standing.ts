import type { Stack } from '../../local/cloudformation/assembly.ts';
import type { Usage } from '../../local/metering/meter.ts';
import { monthMinutes } from './bill.ts';

/** Units of a month, by price, that do not depend on how much is sent. */
export type Standing = Readonly<
  Record<'cloudwatch.alarms' | 'cloudwatch.dashboards' | 'kms.keys' | 'kms.requests' | 'sqs.requests', number>
>;

/** Lambda asks a queue with five long polls of 20 seconds at a time, also when nothing comes. */
const pollsOfMonth = 5 * monthMinutes * 3;
/**
 * DynamoDB asks KMS for a table's key, and S3 for a bucket's, about once in five minutes for each role that uses it: the first is documented, of the
 * second only that it is far less than once per object.
 */
const keyRequestsOfMonth = monthMinutes / 5;

type Properties = Readonly<Record<string, unknown>>;
const isOfStream = ({ EventSourceArn }: Properties) =>
  JSON.stringify(EventSourceArn ?? '').includes('StreamArn');
/** An alarm over several metrics is billed for each of them. */
const metricsOfAlarm = ({ Metrics }: Properties) =>
  Array.isArray(Metrics) ? Metrics.filter((one) => JSON.stringify(one).includes('"MetricStat"')).length : 1;
const isUnderKey = (type: string, properties: Properties) =>
  (type === 'AWS::DynamoDB::Table' || type === 'AWS::S3::Bucket') &&
  /KMSMasterKeyId/i.test(JSON.stringify(properties));

/** How many functions run at least once in five minutes, so that their roles' keys are asked for again and again. */
export const busyFunctions = (month: Usage): number =>
  Object.values(month['lambda.requests'] ?? {}).filter((requests) => requests >= keyRequestsOfMonth).length;

/** What templates alone say of a month: alarms, dashboards, keys, idle polls of queues, and the key requests of so many functions. */
export const standingOf = (stacks: readonly Stack[], functions: number): Standing => {
  const resources = stacks.flatMap(({ template }) => Object.values(template.Resources));
  const count = (type: string) => resources.filter(({ Type }) => Type === type).length;
  const underKey = resources.filter(({ Type, Properties }) => isUnderKey(Type, Properties)).length;
  const pollers = resources.filter(
    ({ Type, Properties }) => Type === 'AWS::Lambda::EventSourceMapping' && !isOfStream(Properties),
  ).length;
  return {
    'cloudwatch.alarms': resources
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .reduce((sum, { Properties }) => sum + metricsOfAlarm(Properties), 0),
    'cloudwatch.dashboards': count('AWS::CloudWatch::Dashboard'),
    'kms.keys': count('AWS::KMS::Key'),
    'kms.requests': underKey * functions * keyRequestsOfMonth,
    'sqs.requests': pollers * pollsOfMonth,
  };
};
