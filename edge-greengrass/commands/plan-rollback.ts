import type { MinerOrderType, Pool } from '../../contracts/command.ts';
import type { Restoration } from '../adapters/miner-adapter.ts';
import type { Journal, JournalEntry } from './journal.ts';

/** Orders of the same setting undo each other; a restart changes none. */
const settingOf: Readonly<Record<MinerOrderType, string | undefined>> = {
  MINER_RESTART: undefined,
  HASHING_DISABLE: 'mode',
  HASHING_ENABLE: 'mode',
  POWER_MODE: 'mode',
  POWER_LIMIT: 'power limit',
  FREQUENCY_SET: 'frequency',
  SET_FAN: 'fan',
  POOL_SET: 'pools',
  LED: 'LED',
};

export type RollbackPlan =
  | { readonly ok: true; readonly restoration: Restoration }
  | { readonly ok: false; readonly detail: string };

const no = (detail: string): RollbackPlan => ({ ok: false, detail });
const reached = ({ phase, answer }: JournalEntry) => phase !== 'accepted' && answer.outcome !== 'failed';

/**
 * What putting back an earlier command to this miner means, from the journal alone: the settings recorded before its
 * write. Refused where there is no such record, or where a later order changed the same setting and stands.
 */
export const planRollback = (
  journal: Pick<Journal, 'ofMiner'>,
  minerId: string,
  ofCommandId: string,
): RollbackPlan => {
  const entries = journal.ofMiner(minerId);
  const at = entries.findIndex(({ envelope }) => envelope.commandId === ofCommandId);
  const entry = entries[at];
  if (!entry) return no('this gateway has no record of that command to this miner');
  const { order } = entry.envelope;
  if (order.type === 'ROLLBACK') return no('a rollback is not rolled back: give the order anew');
  const setting = settingOf[order.type];
  if (setting === undefined) return no(`${order.type} leaves nothing to put back`);
  if (entry.phase !== 'done') return no('that command is still under way');
  if (!entry.snapshot) return no('that command never touched the miner');
  const undone = new Set(entries.flatMap(revertedBy));
  if (undone.has(ofCommandId)) return no('that command was put back already');
  const later = entries.slice(at + 1).find(({ envelope, ...rest }) => {
    const other = envelope.order;
    return (
      other.type !== 'ROLLBACK' &&
      settingOf[other.type] === setting &&
      reached({ envelope, ...rest }) &&
      !undone.has(envelope.commandId)
    );
  });
  if (later) return no(`a later command changed the ${setting}: ${later.envelope.commandId}`);
  return {
    ok: true,
    restoration: { order, before: entry.snapshot, earlierPools: poolsOf(entries.slice(0, at)) },
  };
};

const revertedBy = ({ envelope: { order }, answer }: JournalEntry) =>
  order.type === 'ROLLBACK' && answer.outcome === 'succeeded' ? [order.params.ofCommandId] : [];

const poolsOf = (entries: readonly JournalEntry[]): Pool[] =>
  entries
    .toReversed()
    .flatMap(({ envelope: { order } }) => (order.type === 'POOL_SET' ? order.params.pools : []));
