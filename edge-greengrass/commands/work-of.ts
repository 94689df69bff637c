import type { CommandOrder } from '../../contracts/command.ts';
import type { MinerSnapshot, ReadBack, WriteOutcome } from '../adapters/miner-adapter.ts';
import type { Miner } from '../miners.ts';
import type { Journal } from './journal.ts';
import { planRollback } from './plan-rollback.ts';

/** How one order is carried out at its miner. */
export type Work = {
  readonly snapshot: (signal: AbortSignal) => Promise<MinerSnapshot>;
  readonly write: (before: MinerSnapshot) => Promise<WriteOutcome>;
  readonly readBack: (before: MinerSnapshot, sinceMs: number, signal: AbortSignal) => Promise<ReadBack>;
};

/** The work of an order, or why there is none. A rollback takes its meaning from the journal. */
export const workOf = (
  journal: Journal,
  { minerId, adapter }: Miner,
  order: CommandOrder,
): Work | { readonly notPossible: string } => {
  if (order.type !== 'ROLLBACK')
    return {
      snapshot: (signal) => adapter.snapshot(order, signal),
      write: (before) => adapter.execute(order, before),
      readBack: (before, sinceMs, signal) => adapter.readBack(order, before, sinceMs, signal),
    };
  const plan = planRollback(journal, minerId, order.params.ofCommandId);
  if (!plan.ok) return { notPossible: plan.detail };
  const { restoration } = plan;
  return {
    snapshot: (signal) => adapter.snapshot(restoration.order, signal),
    write: (before) => adapter.restore(restoration, before),
    readBack: (_before, _sinceMs, signal) => adapter.readRestored(restoration, signal),
  };
};
