import type { DomainEvent } from '../../contracts/domain-event.ts';
import { readHead } from './audit-repository.ts';
import { readLinks } from './checkpoint-repository.ts';
import type { AuditStore } from './commit-with-audit.ts';

type Store = Pick<AuditStore, 'db' | 'auditTable'>;
export type NumberedEvent = { readonly seq: number; readonly event: DomainEvent };

/** A site's events from a number on, oldest first, at most so many; fewer where the log ends. */
export const readEvents = (store: Store) => {
  const links = readLinks(store);
  return async (siteId: number, fromSeq: number, most: number): Promise<NumberedEvent[]> => {
    const found: NumberedEvent[] = [];
    for await (const link of links(siteId, fromSeq, fromSeq + most - 1))
      if (link) found.push({ seq: link.seq, event: link.event });
    return found;
  };
};

/**
 * The number of a site's first event at or after a time, by bisection: the log's times rise, but for the skew of the clocks that
 * wrote them. One more than the log's length where there is none.
 */
export const seqAt = (store: Store) => {
  const read = readEvents(store);
  const head = readHead(store);
  return async (siteId: number, atMs: number): Promise<number> => {
    let low = 1;
    let high = (await head(siteId)).seq + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [found] = await read(siteId, middle, 1);
      if (found && Date.parse(found.event.created_at) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };
};
