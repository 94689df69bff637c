import type { MinerOrder, MinerOrderType } from '../command.ts';
import type { PowerMode } from '../reading.ts';
import type { Text } from '../text.ts';

/** What is known of a miner's firmware. The cloud may know the model only; the gateway has asked the miner. */
export type KnownFirmware = {
  readonly model: string;
  readonly firmware?: string | undefined;
  readonly apiVersion?: string | undefined;
};

/** `true`, or why this firmware cannot do it. A list of modes limits POWER_MODE to them. */
export type Capability = true | Text | { readonly modes: readonly PowerMode[]; readonly otherwise: Text };

/** One row per firmware of a family; the first that matches holds. */
export type CapabilityRow = {
  readonly firmware: string;
  readonly matches: (known: KnownFirmware) => boolean;
  readonly orders: Readonly<Record<MinerOrderType, Capability>>;
};

/** Why a firmware cannot carry out the order, or undefined when it can. */
export const unsupportedReason = (
  rows: readonly CapabilityRow[],
  known: KnownFirmware,
  order: MinerOrder,
): Text | undefined => {
  const row = rows.find((candidate) => candidate.matches(known));
  if (!row)
    return {
      en: `nothing is known of firmware ${known.firmware ?? known.apiVersion ?? 'of this kind'}`,
      zh: `尚不了解固件 ${known.firmware ?? known.apiVersion ?? '（未知）'}`,
    };
  const capability = row.orders[order.type];
  if (capability === true) return undefined;
  if (!('modes' in capability)) return capability;
  return order.type === 'POWER_MODE' && capability.modes.includes(order.params.mode)
    ? undefined
    : capability.otherwise;
};
