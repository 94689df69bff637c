import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loopSteps } from '../contracts/api-advisor.ts';
import { auditVerification } from '../contracts/api-audit.ts';
import { apiClient } from '../local/api-client.ts';
import { type CaseReport, playCase, type Staff } from '../local/loop/play-case.ts';
import { loopSpeed, untilAllReport } from '../local/loop/run-loop.ts';
import { scenarios } from '../local/loop/scenarios.ts';
import { latencies } from '../local/loop/timeline.ts';
import { type System, startSystem } from '../local/system.ts';
import type { Bench, Watcher } from './bench.ts';
import { type Measure, measuresOf } from './loop-measures.ts';
import { spreadOf } from './quantiles.ts';
import { aimed } from './table.ts';
import { spareMiners } from './victims.ts';

export type LoopOptions = {
  readonly loops: number;
  readonly miners: number;
  readonly atOnce: number;
  /** Loops before those that count: they pay for the functions' cold starts and are shown by themselves. */
  readonly warmUp: number;
  readonly seed: number;
};
type Played = { readonly reports: readonly CaseReport[]; readonly failures: readonly string[] };

const { cases } = scenarios.happy;

/** Plays the two happy cases in turn on ever other miners, several at once, and goes on when one fails. */
const playMany = async (
  system: System,
  staff: Staff,
  spare: ReturnType<typeof spareMiners>,
  { loops, atOnce }: Pick<LoopOptions, 'loops' | 'atOnce'>,
  { progress, say }: Watcher,
): Promise<Played> => {
  const reports: CaseReport[] = [];
  const failures: string[] = [];
  let begun = 0;
  const play = async () => {
    while (begun < loops) {
      const one = cases[begun % cases.length];
      begun += 1;
      const victim = one && spare.take(one.name);
      if (!victim) return;
      await delay(Math.max(0, victim.notBeforeMs - Date.now()));
      try {
        const report = await playCase(system, staff, victim.minerId, one);
        reports.push(report);
        failures.push(...report.faults.map((fault) => `${one.name}, ${victim.minerId}: ${fault}`));
      } catch (error) {
        failures.push(
          `${one.name}, ${victim.minerId}: ${error instanceof Error ? error.message : String(error)}`,
        );
        say(failures.at(-1) ?? '');
      }
      await system.site.control.clear(victim.minerId);
      progress(reports.length, loops, 'loops');
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, loops) }, play));
  return { reports, failures };
};

const stepsOf = (reports: readonly CaseReport[]) => {
  const steps = reports.flatMap(latencies);
  return loopSteps.map((name) => {
    const of = steps.filter(({ step }) => step === name);
    return {
      step: name,
      after: spreadOf(of.map(({ afterMs }) => afterMs)),
      inAll: spreadOf(of.map(({ sinceArrivalMs }) => sinceArrivalMs)),
    };
  });
};

const rowsOf = (measures: readonly Measure[]) =>
  measures.map(({ measure, aimMs, ms }) => ({
    measure,
    loops: ms.n,
    'p50 ms': aimed(ms.p50, aimMs),
    'p99 ms': aimed(ms.p99, aimMs),
    'max ms': ms.max,
    'aim ms': aimMs,
  }));

/** Latency of every step over many closed loops on one running system. */
export const benchLoop: Bench<LoopOptions> = async (options, watcher) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hashinsight-bench-'));
  const system = await startSystem({
    miners: options.miners,
    seed: options.seed,
    port: 0,
    stateDir,
    fresh: true,
    speed: loopSpeed,
    pollIntervalMs: options.miners > 1_000 ? 3_000 : 1_000,
    withConsole: false,
    // As in `npm run loop`: verification looks every second, for machines that live at twenty times our speed.
    parameters: { VerifyEveryS: '1' },
    onStep: watcher.say,
    onTrouble: watcher.say,
  });
  try {
    const staff: Staff = {
      operator: await apiClient(system.runtime.url, 'operator@demo.local'),
      manager: await apiClient(system.runtime.url, 'manager@demo.local'),
    };
    watcher.say('Waiting for telemetry of every miner');
    await untilAllReport(system, staff);
    const spare = spareMiners(system.site.miners, Date.now);
    const { loops, warmUp, atOnce } = options;
    if (spare.left() < loops + warmUp)
      throw new Error(
        `${loops} loops after ${warmUp} to warm up need as many Antminers; this site has ${spare.left()}: raise --miners`,
      );
    const cold = await playMany(system, staff, spare, { loops: warmUp, atOnce }, watcher);
    const { reports, failures } = await playMany(system, staff, spare, { loops, atOnce }, watcher);
    const audit = await staff.operator.call(
      'GET',
      `/api/v1/audit/verification?site_id=${system.record.siteId}`,
      auditVerification,
    );
    const measures = measuresOf(reports);
    const steps = stepsOf(reports);
    return {
      figures: {
        ...options,
        finished: reports.length,
        failures: [...cold.failures, ...failures],
        measures,
        cold: measuresOf(cold.reports),
        steps,
        auditIntact: audit.intact,
        auditEvents: audit.length,
        functions: system.runtime
          .functionStats()
          .filter(({ invocations }) => invocations > 0)
          .map(({ functionName, invocations, errors, coldStarts, initMs, durationMs }) => ({
            functionName,
            invocations,
            errors,
            coldStarts,
            initMs: spreadOf(initMs),
            durationMs: spreadOf(durationMs),
          })),
      },
      tables: [
        {
          title: `Latency over ${reports.length} loops, ${options.miners} miners, ${atOnce} loops at a time`,
          rows: rowsOf(measures),
        },
        ...(cold.reports.length > 0
          ? [
              {
                title: `The first ${cold.reports.length} loops, which start the functions cold`,
                rows: rowsOf(measuresOf(cold.reports)),
              },
            ]
          : []),
        {
          title:
            'Each step after the one before it, and since the arrival of the batch that raised the alert',
          rows: steps.map(({ step, after, inAll }) => ({
            step,
            loops: after.n,
            'p50 ms': after.p50,
            'p99 ms': after.p99,
            'in all p50 ms': inAll.p50,
            'in all p99 ms': inAll.p99,
          })),
        },
      ],
      notes: [
        failures.length === 0
          ? `All ${reports.length} loops ended as documented.`
          : `${failures.length} findings against the documented ends:\n${failures.join('\n')}`,
        audit.intact ? `Audit chain of ${audit.length} events intact.` : 'The audit chain is broken.',
      ],
    };
  } finally {
    watcher.say('Stopping');
    await system.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
};
