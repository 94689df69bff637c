import { cdkOut } from '../../local/build.ts';
import { readAssembly } from '../../local/cloudformation/assembly.ts';
import type { Findings, Watcher } from '../bench.ts';
import { measureNaive } from '../naive/measure-naive.ts';
import { modelReadings } from '../outage-readings.ts';
import type { Row } from '../table.ts';
import { type Bill, billOf } from './bill.ts';
import { measureMonth, type Plan } from './measure.ts';
import { isTelemetryStack, ofTelemetry } from './part-of.ts';
import { readPrices } from './prices.ts';
import { busyFunctions, type Standing, standingOf } from './standing.ts';

const nothing: Standing = {
  'cloudwatch.alarms': 0,
  'cloudwatch.dashboards': 0,
  'kms.keys': 0,
  'kms.requests': 0,
  'sqs.requests': 0,
};
const seed = 1;
const shown = (usd: number) => usd.toFixed(usd >= 100 ? 0 : 2);

const rowsOf = (ours: Bill, naive: Bill): Row[] => {
  const names = [...new Set([...ours.lines, ...naive.lines].map(({ price }) => price))].toSorted();
  return names.map((name) => {
    const [mine, theirs] = [ours, naive].map(({ lines }) => lines.find(({ price }) => price === name));
    return {
      service: mine?.service ?? theirs?.service ?? '',
      line: mine?.label ?? theirs?.label ?? '',
      units: Math.round((mine?.units ?? 0) * 100) / 100,
      USD: shown(mine?.usd ?? 0),
      'naive units': Math.round((theirs?.units ?? 0) * 100) / 100,
      'naive USD': shown(theirs?.usd ?? 0),
    };
  });
};

const servicesOf = ({ lines, standing }: Bill): Row[] =>
  [...Map.groupBy([...lines, ...standing], ({ service }) => service)]
    .map(([service, all]) => ({ service, usd: all.reduce((sum, { usd }) => sum + usd, 0) }))
    .toSorted((a, b) => b.usd - a.usd)
    .map(({ service, usd }) => ({ service, USD: shown(usd) }));

/** The bill of a month of a site, as this system and as the naive design, each measured. */
export const meterCost = async (
  asked: Omit<Plan, 'model' | 'seed'>,
  watcher: Watcher,
): Promise<{ readonly findings: Findings; readonly document: object }> => {
  const { miners, intervalS } = asked;
  watcher.say('Recording simulated miners, for readings like theirs');
  const model = await modelReadings(seed);
  const measured = await measureMonth({ ...asked, model, seed }, watcher);
  const naiveMeasured = await measureNaive({ miners, intervalS, model, seed }, watcher);
  const prices = readPrices();
  const { stacks } = readAssembly(cdkOut);
  const ours = stacks.filter(({ name }) => isTelemetryStack(name));
  const month = ofTelemetry(measured.month);
  const bill = billOf(month, standingOf(ours, busyFunctions(month)), prices);
  const naive = billOf(naiveMeasured.month, nothing, prices);
  const rest = standingOf(
    stacks.filter(({ name }) => !isTelemetryStack(name)),
    0,
  );
  const restBill = billOf(ofTelemetry(measured.month, false), rest, prices);
  const perMiner = { hashinsight: bill.usd / miners, naive: naive.usd / miners };
  const ratio = naive.usd / bill.usd;
  const { sent } = measured;
  const findings: Findings = {
    tables: [
      {
        title: `A month of 30 days of ${miners.toLocaleString('en-US')} miners, one sample each ${intervalS} s`,
        rows: [
          {
            design: 'HashInsight',
            'USD a month': shown(bill.usd),
            'USD per miner and month': perMiner.hashinsight.toFixed(5),
          },
          {
            design: 'an item per sample',
            'USD a month': shown(naive.usd),
            'USD per miner and month': perMiner.naive.toFixed(5),
          },
          { design: 'times', 'USD a month': '', 'USD per miner and month': ratio.toFixed(1) },
        ],
      },
      { title: 'What grows with the miners', rows: rowsOf(bill, naive) },
      {
        title: 'What stands there however many they are (in the total)',
        rows: bill.standing.map(({ service, label, units, usd }) => ({
          service,
          line: label,
          units: Math.round(units),
          USD: shown(usd),
        })),
      },
      { title: 'By service', rows: servicesOf(bill) },
    ],
    figures: { perMiner, ratio },
    notes: [
      ...measured.steps,
      ...naiveMeasured.steps,
      `A sample took ${(sent.bytes / sent.readings).toFixed(1)} bytes on the wire, a naive message ${Math.round(naiveMeasured.messageBytes)}.`,
      `The rest of the product (commands, advice, alerts, audit, sign-in) costs ${shown(restBill.usd)} USD beside it, at rest.`,
      `List prices of ${prices.region} (bench/prices/${prices.region}.json); no free tier.`,
    ],
  };
  const document = {
    usdPerMinerMonth: perMiner,
    ratio,
    miners,
    intervalS,
    lines: bill.lines,
    standing: bill.standing,
    naiveLines: naive.lines,
    restOfProduct: restBill,
    metered: { month: measured.month, parts: measured.parts, naiveMonth: naiveMeasured.month },
    sent,
    notes: findings.notes,
    prices,
  };
  return { findings, document };
};
