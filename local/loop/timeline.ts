import pc from 'picocolors';
import { loopSteps } from '../../contracts/api-advisor.ts';
import type { CaseReport } from './play-case.ts';

export type StepLatency = {
  readonly step: string;
  readonly at: string;
  readonly afterMs: number;
  readonly sinceArrivalMs: number;
  readonly note: string;
};

/** Each step of a loop: how long after the step before it, and since the batch that raised it arrived. */
export const latencies = ({ loop }: CaseReport): StepLatency[] => {
  const arrival = Date.parse(loop.batch_received_at);
  let previous = arrival;
  return loopSteps.flatMap((name) => {
    const step = loop.steps.find((one) => one.step === name);
    if (!step) return [];
    const atMs = Date.parse(step.at);
    const afterMs = atMs - previous;
    previous = atMs;
    return [{ step: name, at: step.at, afterMs, sinceArrivalMs: atMs - arrival, note: step.note.en }];
  });
};

/** A case as people read it. */
export const showCase = (report: CaseReport): string => {
  const { name, minerId, model, loop, recommendation, command, before, after, faults } = report;
  const rows = latencies(report).map(
    ({ step, afterMs, sinceArrivalMs, note }) =>
      `    ${step.padEnd(12)} ${`+${afterMs} ms`.padStart(10)}  ${pc.dim(`${sinceArrivalMs} ms`.padStart(10))}  ${note}`,
  );
  const figure = (state: typeof before) =>
    `${state.phase}, ${state.hashrateThs.toFixed(1)} TH/s, ${state.powerW.toFixed(0)} W, ${state.chipTempC.toFixed(1)} °C`;
  return [
    `  ${pc.bold(`${name}: ${minerId}`)} (${model}, ${loop.kind})`,
    `    ${pc.dim('step'.padEnd(12))} ${pc.dim('after'.padStart(10))}  ${pc.dim('in all'.padStart(10))}`,
    ...rows,
    `    risk ${recommendation.risk.level} ${recommendation.risk.score.toFixed(2)}, recommendation ${recommendation.status}, command ${command?.status ?? 'none'}, loop ${loop.status}`,
    `    machine before: ${figure(before)}`,
    `    machine after:  ${figure(after)}`,
    ...faults.map((fault) => pc.red(`    ✗ ${fault}`)),
    ...(faults.length === 0
      ? [pc.green('    ✓ ended as documented, in the records and in the machine')]
      : []),
  ].join('\n');
};
