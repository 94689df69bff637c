import type { MinerOrder, MinerOrderType } from '../../contracts/command.ts';
import type { MinerIdentity } from './miner-adapter.ts';

/** `true`, or why this firmware cannot do it. A list of modes limits POWER_MODE to them. */
type Capability = true | string | { readonly modes: readonly string[]; readonly otherwise: string };

/** One row per firmware family; the first that matches the identity holds. */
export type CapabilityRow = {
  readonly firmware: string;
  readonly matches: (identity: MinerIdentity) => boolean;
  readonly orders: Readonly<Record<MinerOrderType, Capability>>;
};

/** Why the miner cannot carry out the order, or undefined when it can. */
export const unsupportedReason = (
  rows: readonly CapabilityRow[],
  identity: MinerIdentity,
  order: MinerOrder,
) => {
  const row = rows.find((candidate) => candidate.matches(identity));
  if (!row) return `no capability table for this firmware of ${identity.vendor}`;
  const capability = row.orders[order.type];
  if (capability === true) return undefined;
  if (typeof capability === 'string') return capability;
  return order.type === 'POWER_MODE' && capability.modes.includes(order.params.mode)
    ? undefined
    : capability.otherwise;
};
