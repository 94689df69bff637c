import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBitaxeCsv } from '../edge-greengrass/bitaxe-csv.ts';
import type { MinerFacts } from '../lambdas/alerting/miner-facts.ts';
import { applyBatch } from '../lambdas/telemetry/apply-batch.ts';
import { emptyBlock } from '../lambdas/telemetry/live-block.ts';

const data = process.env.HASHINSIGHT_DATA ?? join(import.meta.dirname, '..', '..', 'shared', 'data');
const fileOf = (name: string) => join(data, 'bitaxe', name);
const present = existsSync(fileOf('gamma-2025-05-29.csv'));
if (!present)
  console.log(`Recorded telemetry is not at ${data}: set HASHINSIGHT_DATA to check detection against it.`);

const gamma: MinerFacts = {
  vendor: 'bitaxe',
  model: 'Bitaxe Gamma',
  zoneId: 'desk',
  ratedHashrateThs: 1.2,
  ratedPowerW: 20,
};

/** Every sweep of a recording through the detectors, in the order in which it was recorded. */
const detectIn = (name: string) => {
  let block = emptyBlock(1, 'desk', 0);
  const found: string[] = [];
  for (const sweep of Map.groupBy(readBitaxeCsv(fileOf(name)), ({ sampledAtMs }) =>
    Math.floor(sampledAtMs / 10_000),
  ).values()) {
    const applied = applyBatch(block, sweep, sweep[0]?.sampledAtMs ?? 0, () => gamma);
    block = applied.block;
    for (const { minerId, kind, severity } of applied.anomalies) found.push(`${minerId} ${kind} ${severity}`);
    for (const { minerId, kind } of applied.recoveries) found.push(`${minerId} -${kind}`);
  }
  return { found, miners: [...block.miners.values()] };
};

describe.skipIf(!present)('detection in recorded telemetry of real miners', () => {
  it('says nothing of an evening of tuning: restarts, ramps and noise are no anomalies', () => {
    expect(detectIn('gamma-2025-05-29.csv').found).toEqual([]);
  });

  it('finds the one stretch of low hashrate, and its end', () => {
    const { found, miners } = detectIn('gamma-2025-06-18.csv');
    expect([...new Set(found)]).toEqual(['Gamma-3 hashrate_drop P3', 'Gamma-3 -hashrate_drop']);
    for (const { watch } of miners) expect(watch.noise).toBeGreaterThan(0.04);
  });
});
