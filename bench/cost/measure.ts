import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Usage } from '../../local/metering/meter.ts';
import { between, times, together } from '../../local/metering/usage.ts';
import type { Watcher } from '../bench.ts';
import { type ReadingModel, readingsOf } from '../outage-readings.ts';
import { monthMinutes } from './bill.ts';
import { registerSite } from './register.ts';
import { type Gateways, openGateways, type Sent } from './send-sweeps.ts';
import { writeTelemetryApp } from './telemetry-app.ts';
import { startVirtualCloud, type VirtualCloud } from './virtual-cloud.ts';

export type Plan = {
  readonly miners: number;
  readonly intervalS: number;
  readonly perGateway: number;
  /** How long the whole site is measured; hourly work is in it only from 60 on. */
  readonly minutes: number;
  readonly model: ReadingModel;
  readonly seed: number;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const ceilTo = (atMs: number, stepMs: number) => Math.ceil(atMs / stepMs) * stepMs;

type Site = {
  readonly cloud: VirtualCloud;
  readonly run: (untilMs: number) => Promise<void>;
  readonly sent: () => Sent;
};

type Course = {
  readonly startOf: (nowMs: number) => number;
  /** With one, schedules fire at their times; with more, each once between two sendings. */
  readonly sweepsAtOnce: number;
  readonly allMs: number;
};

/** A site in a cloud of its own, from `startOf(now)` on; `run` sends its sweeps until a moment. */
const withSite = async <T>(
  plan: Plan,
  watcher: Watcher,
  what: string,
  { startOf, sweepsAtOnce, allMs }: Course,
  work: (site: Site, startMs: number) => Promise<T>,
): Promise<T> => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hashinsight-cost-'));
  let cloud: VirtualCloud | undefined;
  let gateways: Gateways | undefined;
  try {
    watcher.say(`${what}: starting the local cloud`);
    cloud = await startVirtualCloud({
      cdkOut: writeTelemetryApp(stateDir),
      stateDir: join(stateDir, 'cloud'),
    });
    const { passTo, skipTo, nowMs } = cloud;
    const startMs = startOf(nowMs());
    const readingOf = readingsOf(plan.model, startMs, plan.seed);
    const registered = await registerSite(
      cloud.runtime,
      stateDir,
      { ...plan, readingOf: (miner) => readingOf(miner, 0) },
      (done) => watcher.progress(done, plan.miners, `miners registered, ${what}`),
    );
    const lines = await openGateways(cloud, registered);
    gateways = lines;
    await skipTo(startMs);
    const intervalMs = plan.intervalS * 1_000;
    /** Once the last of a sweep's miners has answered. */
    const sweepEndMs = Math.min(10_000, intervalMs / 2);
    let nextMs = startMs;
    const run = async (untilMs: number) => {
      while (nextMs < untilMs) {
        const minutes = Array.from(
          { length: sweepsAtOnce },
          (_, at) => (nextMs + at * intervalMs - startMs) / minuteMs,
        );
        nextMs += sweepsAtOnce * intervalMs;
        await (sweepsAtOnce > 1 ? skipTo : passTo)(nextMs - intervalMs + sweepEndMs);
        await lines.sweep(minutes.map((minute) => (miner) => readingOf(miner, minute)));
        watcher.progress(nextMs - startMs, allMs, `${what}: ${new Date(nextMs).toISOString().slice(11, 16)}`);
      }
      await skipTo(untilMs);
    };
    return await work({ cloud, run, sent: lines.sent }, startMs);
  } finally {
    await gateways?.close();
    await cloud?.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
};

export type Measured = {
  readonly month: Usage;
  readonly parts: Readonly<Record<string, Usage>>;
  readonly sent: Sent & { readonly minutes: number };
  /** How the month was made from what was measured, for whoever reads the figures. */
  readonly steps: readonly string[];
};

/** A shard as gateways make them (edge-greengrass/polling/shards.ts): smaller ones would take more bytes a reading. */
const minersOfDay = 1_000;
/** After the hour's roll-ups: these wait five minutes for what comes late (lambdas/telemetry/tier-levels.ts). */
const settledMs = 6 * minuteMs;

/** Everything that a site of this size uses in an hour, with the hour's roll-ups. */
export const measureHour = (plan: Plan, watcher: Watcher) =>
  withSite(
    plan,
    watcher,
    'an hour of all miners',
    {
      startOf: (nowMs) => ceilTo(nowMs + 10 * minuteMs, hourMs),
      sweepsAtOnce: 1,
      allMs: settledMs + plan.minutes * minuteMs,
    },
    async ({ cloud, run, sent }, startMs) => {
      await run(startMs + settledMs);
      const [before, sentBefore] = [cloud.usage(), sent()];
      await run(startMs + settledMs + plan.minutes * minuteMs);
      const after = sent();
      return {
        usage: between(before, cloud.usage()),
        sent: {
          batches: after.batches - sentBefore.batches,
          readings: after.readings - sentBefore.readings,
          bytes: after.bytes - sentBefore.bytes,
          minutes: plan.minutes,
        },
      };
    },
  );

/**
 * What a day's later hours use more than its first, since blocks of quarters of a day and of days grow by the hour; and what the end of the day
 * uses, for one shard.
 */
export const measureDay = (plan: Plan, watcher: Watcher) =>
  withSite(
    plan,
    watcher,
    'a day of one shard',
    {
      startOf: (nowMs) => ceilTo(nowMs, 10 * dayMs),
      sweepsAtOnce: Math.max(1, Math.round(300 / plan.intervalS)),
      allMs: 27 * hourMs + settledMs,
    },
    async ({ cloud, run }, startMs) => {
      const read = async (atHours: number) => {
        await run(startMs + atHours * hourMs + settledMs);
        return cloud.usage();
      };
      const [start, first, third] = [await read(0), await read(1), await read(3)];
      const [midnight, afterDay] = [await read(24), await read(27)];
      const more = (usage: Usage, usual: Usage, count: number) => together(usage, times(usual, -count));
      return {
        growth: more(between(start, midnight), between(start, first), 24),
        // The three hours after a midnight are as those after the one before, but for the end of the day in them.
        end: more(between(midnight, afterDay), between(start, third), 1),
      };
    },
  );

/** A site has its sums of hours and days once, however many shards it has. */
const isOfSite = (used: string) => /GROUPS|\/groups\//.test(used);
const flowsTimes = (usage: Usage, shards: number, spans: number) =>
  times(usage, (used) => (isOfSite(used) ? spans : shards * spans), 0);

/**
 * Blocks that replace others give back the rest of their time. Where an hour of the site and a day of a shard do not fit each other to the
 * byte, that may be a little more than was counted: such a remainder is no income.
 */
const withoutReturns = (usage: Usage): Usage =>
  Object.fromEntries(
    Object.entries(usage).map(([unit, used]) => [
      unit,
      Object.fromEntries(Object.entries(used).map(([name, amount]) => [name, Math.max(0, amount)])),
    ]),
  );

/** A day goes to one to ten days, itself among them. */
const meanDays = 5.5;

/** A month of 30 days of a site, from an hour of the whole site and a day of one of its shards. */
export const measureMonth = async (plan: Plan, watcher: Watcher): Promise<Measured> => {
  const hour = await measureHour(plan, watcher);
  const inShard = Math.min(plan.miners, minersOfDay);
  const day = await measureDay({ ...plan, miners: inShard, perGateway: inShard }, watcher);
  const shards = plan.miners / inShard;
  const hourly = times(hour.usage, monthMinutes / plan.minutes);
  const growth = flowsTimes(day.growth, shards, 30);
  const ends = flowsTimes(day.end, shards, 30 * meanDays);
  return {
    month: withoutReturns(together(hourly, growth, ends)),
    parts: { hour: hour.usage, growthOfShard: day.growth, endOfDayOfShard: day.end },
    sent: hour.sent,
    steps: [
      `${plan.minutes} minutes of all ${plan.miners} miners, with every five-minute and hourly roll-up: times ${monthMinutes / plan.minutes} for 30 days.`,
      `What a day of ${plan.intervalS} s samples of one shard of ${inShard} miners (sent five minutes at a time) used more than 24 times its first hour, since blocks grow from hour to hour: times ${shards}, times 30 days; the site's own sums once.`,
      `What the end of the day used, when the day goes into its ten days, for that shard with one day in them: times ${meanDays} for the one to ten days that there are, times ${shards}, times 30 days.`,
      'Stored bytes: each object or item by its bytes and the time until its retention ends, less what is given back when it is replaced before; so the month is one with every tier full.',
    ],
  };
};
