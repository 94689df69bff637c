import type { Usage } from '../../local/metering/meter.ts';
import { totalOf } from '../../local/metering/usage.ts';
import { costOf, type PriceList } from './prices.ts';
import type { Standing } from './standing.ts';

export const monthMinutes = 30 * 24 * 60;
const monthSeconds = monthMinutes * 60;
const gb = 2 ** 30;

export type BillLine = {
  readonly price: string;
  readonly service: string;
  readonly label: string;
  readonly units: number;
  readonly usd: number;
};
export type Bill = {
  /** What grows with the miners. */
  readonly lines: readonly BillLine[];
  /** What is there however many there are. */
  readonly standing: readonly BillLine[];
  readonly usd: number;
};

/**
 * Requests that are traced: X-Ray's own rule takes the first of each second and a twentieth of the rest, for each function;
 * requests come evenly.
 */
const traces = (month: Usage) =>
  Object.values(month['xray.tracedRequests'] ?? {}).reduce((sum, requests) => {
    const first = Math.min(requests, monthSeconds);
    return sum + first + (requests - first) / 20;
  }, 0);

/** The units of each price in a month of so much use. */
const unitsOf = (month: Usage): Readonly<Record<string, number>> => {
  const tableGb =
    (totalOf(month, 'dynamodb.byteSeconds') / monthSeconds + totalOf(month, 'dynamodb.keptBytes')) / gb;
  const logsGb = totalOf(month, 'logs.ingestedBytes') / gb;
  return {
    'dynamodb.writes': totalOf(month, 'dynamodb.writeRequestUnits'),
    'dynamodb.reads': totalOf(month, 'dynamodb.readRequestUnits'),
    'dynamodb.storage': tableGb,
    'dynamodb.backup': tableGb,
    's3.tier1': totalOf(month, 's3.tier1Requests'),
    's3.tier2': totalOf(month, 's3.tier2Requests'),
    's3.storage': (totalOf(month, 's3.byteSeconds') / monthSeconds + totalOf(month, 's3.keptBytes')) / gb,
    'sqs.requests': totalOf(month, 'sqs.requests'),
    'iot.messages': totalOf(month, 'iot.messages'),
    'iot.rules': totalOf(month, 'iot.rulesTriggered'),
    'iot.actions': totalOf(month, 'iot.actionsExecuted'),
    'iot.connectionMinutes': totalOf(month, 'iot.connections') * monthMinutes,
    'lambda.requests': totalOf(month, 'lambda.requests'),
    'lambda.gbSeconds': totalOf(month, 'lambda.gbSeconds'),
    'xray.traces': traces(month),
    'logs.ingested': logsGb,
    'logs.storage': logsGb,
    'eventbridge.events': totalOf(month, 'eventbridge.customEvents'),
    'stepfunctions.transitions': totalOf(month, 'stepfunctions.transitions'),
    'kms.requests': totalOf(month, 'kms.requests'),
    'apigateway.requests': totalOf(month, 'apigateway.requests'),
    'transfer.out': totalOf(month, 'transfer.outBytes') / gb,
  };
};

const linesOf = (units: Readonly<Record<string, number>>, { prices }: PriceList): BillLine[] =>
  Object.entries(units).flatMap(([name, amount]) => {
    const price = prices[name];
    if (!price) throw new Error(`bench/prices has no price ${name}`);
    if (amount === 0) return [];
    const { service, label } = price;
    return [{ price: name, service, label, units: amount, usd: costOf(price, amount) }];
  });

/** The bill of a month of so much use, with what stands there anyway. Throws on a unit without a price. */
export const billOf = (month: Usage, standing: Standing, list: PriceList): Bill => {
  const lines = linesOf(unitsOf(month), list);
  const fixed = linesOf(
    { ...standing, 'cloudwatch.metrics': totalOf(month, 'cloudwatch.customMetrics') },
    list,
  );
  const usd = [...lines, ...fixed].reduce((sum, line) => sum + line.usd, 0);
  return { lines, standing: fixed, usd };
};
