import type { DomainEvent } from '../../contracts/domain-event.ts';
import { logger } from '../shared/logger.ts';
import { toLink } from './audit-repository.ts';
import { type PutEntries, publishEvents } from './publish-events.ts';

/** One record of the audit table's stream; `inserted` is the new item of an insert. */
export type StreamChange = {
  readonly sequenceNumber: string;
  readonly inserted: Record<string, unknown> | undefined;
};

/** Heads, checkpoints and the list of sites stand beside the links. */
const isNoLink = ({ pk, sk }: Record<string, unknown>) =>
  pk === 'SITES' || sk === 'HEAD' || sk === 'CHECKPOINT';

/**
 * Publishes the new links among these changes. Returns the first change that could not be published, from which the
 * stream is to be read again: what the bus refused, or an inserted link that is not one.
 */
export const publishStream = (putEntries: PutEntries) => async (changes: readonly StreamChange[]) => {
  const pending: { readonly change: StreamChange; readonly event: DomainEvent }[] = [];
  let malformed: StreamChange | undefined;
  for (const change of changes) {
    if (!change.inserted || isNoLink(change.inserted)) continue;
    const link = toLink(change.inserted);
    if (!link) {
      malformed = change;
      logger.error('a stream record is not an audit link', { sequenceNumber: change.sequenceNumber });
      break;
    }
    pending.push({ change, event: link.event });
  }
  const refused = await publishEvents(putEntries)(pending.map(({ event }) => event));
  return refused === undefined ? malformed : pending[refused]?.change;
};
