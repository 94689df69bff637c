import type { Bench } from '../bench.ts';
import { proofs } from './proofs.ts';
import { tamper } from './tamper.ts';
import { writers } from './writers.ts';

export type AuditOptions = {
  readonly entries: number;
  readonly writers: number;
  readonly appends: number;
  readonly leaves: number;
  readonly proofs: number;
};

/** What the audit log notices, how fast it grows under contention, and what its proofs take. */
export const benchAudit: Bench<AuditOptions> = async (options, watcher) => {
  const tampered = await tamper(options.entries, watcher);
  const contended = await writers(options.writers, options.appends, watcher);
  const proven = await proofs(options.leaves, options.proofs, watcher);
  return {
    tables: [
      {
        title: `An exported log of ${options.entries.toLocaleString('en-US')} entries, changed in every way`,
        rows: tampered.rows,
      },
      { title: 'Appends to one site, each writer a client of its own', rows: contended.rows },
      { title: 'Proofs', rows: proven.rows },
    ],
    figures: { tampered: tampered.figures, contended: contended.figures, proven: proven.figures },
    notes: [
      'A flipped bit counts as detected where hashinsight-verify refuses the file; the key in the export is not read, as the verifier is given its own.',
      'Appends are of the local DynamoDB; on AWS the transactions of one site also take turns, at some 10 ms each.',
    ],
  };
};
