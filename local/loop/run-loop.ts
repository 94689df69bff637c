import { rmSync } from 'node:fs';
import { type AuditVerification, auditVerification } from '../../contracts/api-audit.ts';
import { liveAnswer } from '../../contracts/api-telemetry.ts';
import type { Text } from '../../contracts/text.ts';
import { randomFrom, seedOf } from '../../simulator/physics/random.ts';
import { apiClient } from '../api-client.ts';
import { type System, startSystem } from '../system.ts';
import { type CaseReport, playCase, type Staff } from './play-case.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';
import { latencies, type StepLatency } from './timeline.ts';
import { until } from './until.ts';

export type LoopRun = {
  readonly scenario: ScenarioName;
  readonly miners: number;
  readonly seed: number;
  readonly port: number;
  readonly stateDir: string;
  readonly onStep: (step: string) => void;
};
export type LoopReport = {
  readonly scenario: ScenarioName;
  readonly about: Text;
  readonly miners: number;
  readonly seed: number;
  readonly cases: readonly (CaseReport & { readonly steps: readonly StepLatency[] })[];
  readonly audit: AuditVerification;
  readonly good: boolean;
};

/** Simulated seconds per second in the headless loop: faults unfold in seconds. */
export const loopSpeed = 20;

/** Victims are Antminers, whose fans and boards the scenarios break; the seed chooses them. */
export const chooseVictims = ({ site }: Pick<System, 'site'>, count: number, seed: number) => {
  const random = randomFrom(seedOf(seed, 'victims', 0));
  const candidates = site.miners.filter(({ vendor }) => vendor === 'antminer').map(({ minerId }) => minerId);
  return Array.from(
    { length: count },
    () => candidates.splice(Math.floor(random() * candidates.length), 1)[0],
  ).filter((id) => id !== undefined);
};

/** The site reports every miner: from here on, whatever is detected was caused. */
export const untilAllReport = (system: System, { operator }: Pick<Staff, 'operator'>) =>
  until('telemetry of every miner', 60_000, async () => {
    const live = await operator.call(
      'GET',
      `/api/v1/telemetry/live?site_id=${system.record.siteId}`,
      liveAnswer,
    );
    return live.count === system.site.miners.length &&
      live.columns.state.every((state) => state === 'hashing')
      ? live
      : undefined;
  });

/** Starts a fresh system, plays a scenario's cases side by side, verifies the audit chain, and stops everything. */
export const runLoop = async ({
  scenario,
  miners,
  seed,
  port,
  stateDir,
  onStep,
}: LoopRun): Promise<LoopReport> => {
  const { about, cases, patience } = scenarios[scenario];
  const system = await startSystem({
    miners,
    seed,
    port,
    stateDir,
    fresh: true,
    speed: loopSpeed,
    pollIntervalMs: miners > 1_000 ? 3_000 : 1_000,
    withConsole: false,
    parameters: { VerifyEveryS: '1', ...patience },
    onStep,
    onTrouble: (reason) => onStep(reason),
  });
  try {
    onStep('Signing in two people');
    const staff: Staff = {
      operator: await apiClient(system.runtime.url, 'operator@demo.local'),
      manager: await apiClient(system.runtime.url, 'manager@demo.local'),
    };
    onStep('Waiting for telemetry of every miner');
    await untilAllReport(system, staff);
    const victims = chooseVictims(system, cases.length, seed);
    onStep(`Breaking ${victims.join(' and ')}`);
    const reports = await Promise.all(
      cases.map(async (one, index) => {
        const report = await playCase(system, staff, victims[index] ?? '', one);
        onStep(`${one.name}: loop ${report.loop.status}`);
        return { ...report, steps: latencies(report) };
      }),
    );
    const audit = await staff.operator.call(
      'GET',
      `/api/v1/audit/verification?site_id=${system.record.siteId}`,
      auditVerification,
    );
    const good = audit.intact && reports.every(({ faults }) => faults.length === 0);
    return { scenario, about, miners, seed, cases: reports, audit, good };
  } finally {
    onStep('Stopping');
    await system.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
};
