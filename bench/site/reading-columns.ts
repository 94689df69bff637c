import { minerStates, type ReadingField, readingFields } from '../../contracts/reading.ts';
import { type Column, scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { toRawTable } from '../../lambdas/telemetry/raw-table.ts';
import type { TierTable } from '../../lambdas/telemetry/tier-table.ts';
import { randomFrom } from '../../simulator/physics/random.ts';
import type { ReadingModel } from '../outage-readings.ts';

const minuteMs = 60_000;
const noiseCount = 65_536;

type Plan = {
  readonly field: ReadingField;
  readonly isCounter: boolean;
  /** In whole units of the field's last decimal. */
  readonly mean: number;
  readonly deviation: number;
  readonly rise: number;
  /** Multiples in which the firmware tells it. */
  readonly step: number;
  readonly salt: number;
};

/** Readings of a site from minute to minute, in columns: any miner at any minute, the same again for the same seed. */
export type SiteReadings = {
  /** One miner's rows of `minutes` minutes; times count from `fromMs`. */
  readonly rawOf: (miner: number, minerId: string, fromMs: number, minutes: number) => TierTable;
  /** One row of each miner (sorted ids) for every minute. */
  readonly sweepsOf: (
    miners: readonly (readonly [miner: number, minerId: string])[],
    fromMs: number,
    minutes: number,
  ) => TelemetryColumns;
};

/**
 * Continues the miners of a model: gauges keep a mean and a noise of the recorded size in the recorded decimals, counters rise at the
 * recorded rate. `originMs` is where the counters begin.
 */
export const siteReadings = (model: ReadingModel, originMs: number, seed: number): SiteReadings => {
  const random = randomFrom(seed);
  const noises = Float64Array.from({ length: noiseCount }, () => {
    let sum = -3;
    for (let at = 0; at < 6; at++) sum += random();
    return sum * Math.SQRT2;
  });
  const plans = model.map((fields) =>
    fields.map(({ field, decimals, mean, deviation, rise }, index): Plan => {
      const scale = scaleOf(field);
      const isCounter = readingFields[field].kind === 'counter';
      return {
        field,
        isCounter,
        mean: mean * scale,
        deviation: deviation * scale,
        rise: rise * scale,
        step: 10 ** (readingFields[field].decimals - decimals),
        salt: Math.imul(index + 1, 0x85ebca6b),
      };
    }),
  );
  const planOf = (miner: number) => plans[miner % plans.length] ?? [];
  const shiftOf = (miner: number) => 1 + ((miner * 2_654_435_761) % 1_000) / 50_000;
  const noiseAt = (miner: number, minute: number, salt: number) => {
    let draw = Math.imul(miner + 1, 0x9e3779b1) ^ Math.imul(minute + 1, 0xc2b2ae35) ^ salt;
    draw = Math.imul(draw ^ (draw >>> 15), 0x2c1b3c6d);
    draw = Math.imul(draw ^ (draw >>> 13), 0x297a2d39);
    return noises[(draw >>> 12) & (noiseCount - 1)] ?? 0;
  };
  const fill = (plan: Plan, miner: number, fromMs: number, minutes: number, into: Column, at: number) => {
    const { isCounter, mean, deviation, rise, step, salt } = plan;
    const shift = shiftOf(miner);
    const first = (fromMs - originMs) / minuteMs;
    if (!isCounter && deviation === 0)
      return void into.fill(Math.round(mean / step) * step, at, at + minutes);
    for (let minute = 0; minute < minutes; minute++) {
      const noise = noiseAt(miner, first + minute, salt);
      into[at + minute] = isCounter
        ? Math.floor(mean + (first + minute + Math.abs(noise) / 5) * rise * shift)
        : Math.max(0, Math.round((mean * shift + noise * deviation) / step) * step);
    }
  };
  /** A sweep takes some seconds: each miner has its place in it. */
  const placeMs = (miner: number) => (miner * 7_919) % 9_000;
  const sweepsOf: SiteReadings['sweepsOf'] = (miners, fromMs, minutes) => {
    const rows = miners.length * minutes;
    const values: Partial<Record<ReadingField, Column>> = {};
    const sampledAtMs = new Float64Array(rows);
    miners.forEach(([miner], place) => {
      for (let minute = 0; minute < minutes; minute++)
        sampledAtMs[place * minutes + minute] = fromMs + minute * minuteMs + placeMs(miner);
      for (const plan of planOf(miner)) {
        const column = values[plan.field] ?? new Float64Array(rows).fill(Number.NaN);
        values[plan.field] = column;
        fill(plan, miner, fromMs, minutes, column, place * minutes);
      }
    });
    return {
      rows,
      minerIds: miners.map(([, minerId]) => minerId),
      miner: Uint32Array.from({ length: rows }, (_, at) => Math.floor(at / minutes)),
      sampledAtMs,
      state: new Uint8Array(rows).fill(minerStates.indexOf('hashing')),
      mode: new Uint8Array(rows),
      errorSet: new Uint16Array(rows),
      errorSets: [],
      values,
    };
  };
  return {
    sweepsOf,
    rawOf: (miner, minerId, fromMs, minutes) =>
      toRawTable(sweepsOf([[miner, minerId]], fromMs, minutes), fromMs),
  };
};
