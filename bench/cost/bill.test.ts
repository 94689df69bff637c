import { expect, test } from 'vitest';
import { billOf, monthMinutes } from './bill.ts';
import { ofTelemetry } from './part-of.ts';
import { costOf, readPrices } from './prices.ts';
import { standingOf } from './standing.ts';

const prices = readPrices();
const nothing = {
  'cloudwatch.alarms': 0,
  'cloudwatch.dashboards': 0,
  'kms.keys': 0,
  'kms.requests': 0,
  'sqs.requests': 0,
};

test('every price has a service, a source and a date', () => {
  expect(Object.keys(prices.prices).length).toBeGreaterThan(20);
});

test('volume steps are priced step by step', () => {
  const messages = prices.prices['iot.messages'];
  if (!messages) throw new Error('no price');
  expect(costOf(messages, 1_000_000)).toBeCloseTo(1);
  expect(costOf(messages, 2_000_000_000)).toBeCloseTo(1_000 + 800);
  expect(costOf(messages, 6_000_000_000)).toBeCloseTo(1_000 + 3_200 + 700);
});

test('a month of known use costs what a hand adds up', () => {
  const gb = 2 ** 30;
  const month = {
    'dynamodb.writeRequestUnits': { table: 2_000_000 },
    's3.tier1Requests': { bucket: 1_000_000 },
    's3.byteSeconds': { bucket: 10 * gb * monthMinutes * 60 },
    'iot.connections': { gateways: 2 },
    'xray.tracedRequests': { busy: monthMinutes * 60 + 2_000_000, quiet: 1_000 },
    'cloudwatch.customMetrics': { a: 1, b: 1 },
  };
  const bill = billOf(month, { ...nothing, 'cloudwatch.alarms': 3 }, prices);
  const usd = (price: string) => [...bill.lines, ...bill.standing].find((line) => line.price === price)?.usd;
  expect(usd('dynamodb.writes')).toBeCloseTo(1.25);
  expect(usd('s3.tier1')).toBeCloseTo(5);
  expect(usd('s3.storage')).toBeCloseTo(0.23);
  expect(usd('iot.connectionMinutes')).toBeCloseTo(2 * 43_200 * 0.08e-6);
  expect(usd('xray.traces')).toBeCloseTo((2_592_000 + 100_000 + 1_000) * 5e-6);
  expect(usd('cloudwatch.metrics')).toBeCloseTo(0.6);
  expect(usd('cloudwatch.alarms')).toBeCloseTo(0.3);
  expect(bill.usd).toBeCloseTo([...bill.lines, ...bill.standing].reduce((sum, line) => sum + line.usd, 0));
});

test('what stands is counted from templates', () => {
  const resource = (Type: string, Properties: Record<string, unknown> = {}) => ({
    Type,
    Properties,
    DependsOn: [],
  });
  const template = {
    Parameters: {},
    Mappings: {},
    Conditions: {},
    Outputs: {},
    Resources: {
      alarm: resource('AWS::CloudWatch::Alarm'),
      sum: resource('AWS::CloudWatch::Alarm', {
        Metrics: [
          { Id: 'a', MetricStat: {} },
          { Id: 'b', MetricStat: {} },
          { Id: 'e', Expression: 'a+b' },
        ],
      }),
      ofQueue: resource('AWS::Lambda::EventSourceMapping', {
        EventSourceArn: { 'Fn::GetAtt': ['Q', 'Arn'] },
      }),
      ofStream: resource('AWS::Lambda::EventSourceMapping', {
        EventSourceArn: { 'Fn::GetAtt': ['T', 'StreamArn'] },
      }),
    },
  };
  const standing = standingOf([{ name: 'S', template, dependsOn: [] }], 0);
  expect(standing['cloudwatch.alarms']).toBe(3);
  // Five polls of 20 seconds at a time: 15 a minute.
  expect(standing['sqs.requests']).toBe(15 * 43_200);
});

test('telemetry is told from the rest of the product by the names of its stacks', () => {
  const usage = { 'lambda.requests': { 'HashInsightTelemetry-Ingest': 5, 'HashInsightAdvisor-Expiry': 3 } };
  expect(ofTelemetry(usage)).toEqual({ 'lambda.requests': { 'HashInsightTelemetry-Ingest': 5 } });
  expect(ofTelemetry(usage, false)).toEqual({ 'lambda.requests': { 'HashInsightAdvisor-Expiry': 3 } });
});
