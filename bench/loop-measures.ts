import type { LoopStep } from '../contracts/api-advisor.ts';
import type { CaseReport } from '../local/loop/play-case.ts';
import { type Spread, spreadOf } from './quantiles.ts';

export type Measure = { readonly measure: string; readonly aimMs: number; readonly ms: Spread };

type Measured = {
  readonly loop: Pick<CaseReport['loop'], 'steps' | 'batch_received_at'>;
  readonly approvedAtMs: CaseReport['approvedAtMs'];
};

/** The times that issue and documentation set aims for. A loop that did not get so far counts in none of the later ones. */
export const measuresOf = (reports: readonly Measured[]): Measure[] => {
  const at = ({ loop }: Measured, name: LoopStep) => {
    const found = loop.steps.find(({ step }) => step === name);
    return found && Date.parse(found.at);
  };
  const between = (
    from: (report: Measured) => number | undefined,
    to: (report: Measured) => number | undefined,
  ) =>
    spreadOf(
      reports.flatMap((report) => {
        const [begin, end] = [from(report), to(report)];
        return begin === undefined || end === undefined ? [] : [end - begin];
      }),
    );
  const step = (name: LoopStep) => (report: Measured) => at(report, name);
  const byPeople = ({ approvedAtMs }: Measured) => approvedAtMs;
  const byRule = (report: Measured) =>
    report.approvedAtMs === undefined ? at(report, 'approve') : undefined;
  return [
    {
      measure: 'detection: batch arrived → alert opened',
      aimMs: 1_000,
      ms: between(({ loop }) => Date.parse(loop.batch_received_at), step('detect')),
    },
    {
      measure: 'recommendation: alert opened → recommendation made',
      aimMs: 2_000,
      ms: between(step('detect'), step('recommend')),
    },
    {
      measure: 'approval by people: last vote answered → gateway acknowledged',
      aimMs: 1_000,
      ms: between(byPeople, step('acknowledge')),
    },
    {
      measure: 'approval by rule: approved → gateway acknowledged',
      aimMs: 1_000,
      ms: between(byRule, step('acknowledge')),
    },
  ];
};
