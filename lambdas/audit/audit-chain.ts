import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { DomainEvent } from '../../contracts/domain-event.ts';

/** The hash before a site's first event. */
export const genesisHash = '0'.repeat(64);

/** One link of a site's chain: the event, its place (from 1) and the hashes that bind it to its predecessor. */
export type ChainLink = { readonly seq: number; readonly event: DomainEvent; readonly prev_hash: string; readonly event_hash: string };

/**
 * `SHA256(event_id + actor + event_type + payload + prev_hash)` in hex (`000` §6.4). To leave no field of the event
 * unprotected and no two events with one preimage, the five parts stand as an RFC 8785 canonical JSON array: event id,
 * actor (type and id), event type, payload (the whole rest of the event), previous hash.
 */
export const eventHash = (event: DomainEvent, prevHash: string): string => {
  const { event_id, actor_type, actor_id, type, ...rest } = event;
  const preimage = canonicalize([event_id, { actor_type, actor_id }, type, rest, prevHash]);
  if (preimage === undefined) throw new Error('an event is not JSON');
  return createHash('sha256').update(preimage, 'utf8').digest('hex');
};

/** The links that append these events, in this order, after a head. */
export const link = (head: Pick<ChainLink, 'seq' | 'event_hash'>, events: readonly DomainEvent[]): ChainLink[] => {
  const links: ChainLink[] = [];
  let { seq, event_hash: prev } = head;
  for (const event of events) {
    seq += 1;
    const hash = eventHash(event, prev);
    links.push({ seq, event, prev_hash: prev, event_hash: hash });
    prev = hash;
  }
  return links;
};

export type ChainVerdict = { readonly intact: true; readonly length: number; readonly head: string } | { readonly intact: false; readonly seq: number; readonly fault: string };

/** Walks a whole chain from its first link. The stored head catches links cut off at the end. */
export const verifyChain = (links: readonly ChainLink[], storedHead: Pick<ChainLink, 'seq' | 'event_hash'>): ChainVerdict => {
  let prev = genesisHash;
  for (const [index, { seq, event, prev_hash, event_hash }] of links.entries()) {
    if (seq !== index + 1) return { intact: false, seq: index + 1, fault: `link ${index + 1} is missing or out of order` };
    if (prev_hash !== prev) return { intact: false, seq, fault: 'the previous hash does not match' };
    if (eventHash(event, prev) !== event_hash) return { intact: false, seq, fault: 'the event does not match its hash' };
    prev = event_hash;
  }
  if (storedHead.seq !== links.length || storedHead.event_hash !== prev)
    return { intact: false, seq: links.length + 1, fault: 'the chain ends before its recorded head' };
  return { intact: true, length: links.length, head: prev };
};
