import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder, Pool } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';

/** Who the miner says it is. */
export type MinerIdentity = {
  readonly vendor: Vendor;
  readonly model: string;
  readonly firmware: string;
  readonly apiVersion: string;
  /**
   * What stays with the machine whatever address it is given, as far as it says so; as the firmware writes them, but for an Avalon's MAC
   * address, which gets its colons.
   */
  readonly macAddress?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly hostname?: string | undefined;
};

/**
 * What a write is about to change, as the vendor holds it, so that it can be put back. `settings` is JSON; it may hold
 * pool credentials, so it stays in the gateway's own state file.
 */
export type MinerSnapshot = {
  readonly reading: MinerReading;
  readonly settings: Readonly<Record<string, unknown>>;
};

/** `done`: the miner said yes. `refused`: it said no. `lost`: the order left and no answer came. */
export type WriteOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'lost'; readonly detail: string };

/** `seen` is false while the effect has not come, undefined when the miner could not be asked. */
export type ReadBack = { readonly seen: boolean | undefined; readonly reading?: MinerReading };

/** What a rollback puts back: the settings that `order` changed, as `before` recorded them. */
export type Restoration = {
  readonly order: MinerOrder;
  readonly before: MinerSnapshot;
  /** Pools that earlier orders gave this miner, newest first: where the vendor does not tell passwords, these do. */
  readonly earlierPools: readonly Pool[];
};

/** `core` is what detection needs, in the fewest connections; `full` is everything the miner says. */
export type ReadDepth = 'core' | 'full';

/**
 * One miner in its vendor's protocol. Every promise settles within the configured deadlines. `read` never rejects: a
 * miner that cannot be asked or understood reads as `unreachable`; `fault` says which of the two. All other
 * methods reject with MinerFault.
 */
export type MinerAdapter = {
  readonly identify: (signal?: AbortSignal) => Promise<MinerIdentity>;
  readonly read: (depth: ReadDepth, signal?: AbortSignal) => Promise<MinerReadResult>;
  readonly snapshot: (order: MinerOrder, signal?: AbortSignal) => Promise<MinerSnapshot>;
  readonly execute: (order: MinerOrder, before: MinerSnapshot, signal?: AbortSignal) => Promise<WriteOutcome>;
  /** `sinceMs` is when the write was sent. */
  readonly readBack: (
    order: MinerOrder,
    before: MinerSnapshot,
    sinceMs: number,
    signal?: AbortSignal,
  ) => Promise<ReadBack>;
  /** `now` is what the miner has before this; settings that the restored order did not touch stay as they are there. */
  readonly restore: (
    restoration: Restoration,
    now: MinerSnapshot,
    signal?: AbortSignal,
  ) => Promise<WriteOutcome>;
  readonly readRestored: (restoration: Restoration, signal?: AbortSignal) => Promise<ReadBack>;
};

export type MinerReadResult = {
  readonly reading: MinerReading;
  readonly fault?: 'unreachable' | 'unparseable' | 'aborted';
};
