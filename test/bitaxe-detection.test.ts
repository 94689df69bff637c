import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toColumns } from '../contracts/telemetry-columns.ts';
import { readBitaxeCsv } from '../edge-greengrass/bitaxe-csv.ts';
import type { MinerFacts } from '../lambdas/alerting/miner-facts.ts';
import { applyColumns } from '../lambdas/telemetry/apply-columns.ts';
import { emptyState } from '../lambdas/telemetry/live-state.ts';

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

const facts = () => gamma;

/** Every sweep of a recording through the detectors, in the order in which it was recorded. */
const detectIn = (name: string) => {
  let live = emptyState({ siteId: 1, gatewayId: 'desk', shard: 0 });
  const found: string[] = [];
  for (const sweep of Map.groupBy(readBitaxeCsv(fileOf(name)), ({ sampledAtMs }) =>
    Math.floor(sampledAtMs / 10_000),
  ).values()) {
    const applied = applyColumns(live, toColumns(sweep), sweep[0]?.sampledAtMs ?? 0, facts);
    live = applied.live;
    for (const { minerId, kind, severity } of applied.anomalies) found.push(`${minerId} ${kind} ${severity}`);
    for (const { minerId, kind } of applied.recoveries) found.push(`${minerId} -${kind}`);
  }
  return { found, noises: [...live.noise].map((noise) => noise / 1e5) };
};

describe.skipIf(!present)('detection in recorded telemetry of real miners', () => {
  it('says nothing of an evening of tuning: restarts, ramps and noise are no anomalies', () => {
    expect(detectIn('gamma-2025-05-29.csv').found).toEqual([]);
  });

  it('finds the one stretch of low hashrate, and its end', () => {
    const { found, noises } = detectIn('gamma-2025-06-18.csv');
    expect([...new Set(found)]).toEqual(['Gamma-3 hashrate_drop P3', 'Gamma-3 -hashrate_drop']);
    for (const noise of noises) expect(noise).toBeGreaterThan(0.04);
  });
});
