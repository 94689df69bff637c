import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import type { ExportOrder } from './export-order.ts';
import { ownedBy } from './export-order.ts';
import { exportSource } from './export-rows.ts';
import { makeExport } from './make-export.ts';
import { ownReaders } from './own-view.ts';
import type { TierReaders } from './tier-readers.ts';

export type FulfilDeps = {
  readonly readMiners: (siteId: number) => Promise<readonly RegisteredMiner[]>;
  readonly readersOf: (timeZone: string) => TierReaders;
};

/** Makes an export from the tiers; of a client's order with the rows of its own machines while they were its own. */
export const fulfilOrder =
  ({ readMiners, readersOf }: FulfilDeps) =>
  async (order: ExportOrder, limit: 'direct' | 'job') => {
    const registered = await readMiners(order.siteId);
    const { ownOf, timeZone } = order;
    const all = readersOf(timeZone);
    const readers = ownOf ? ownReaders(all, ownedBy(ownOf, registered), timeZone) : all;
    return makeExport({ readMiners: async () => registered, source: exportSource(readers) })(order, limit);
  };
