import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { DomainEvent } from '../../contracts/domain-event.ts';
import type { Text } from '../../contracts/text.ts';

/** The hash before a site's first event. */
export const genesisHash = '0'.repeat(64);

/** One link of a site's chain: the event, its place (from 1) and the hashes that bind it to its predecessor. */
export type ChainLink = {
  readonly seq: number;
  readonly event: DomainEvent;
  readonly prev_hash: string;
  readonly event_hash: string;
};

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
export const link = (
  head: Pick<ChainLink, 'seq' | 'event_hash'>,
  events: readonly DomainEvent[],
): ChainLink[] => {
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

/** What can be wrong with a chain, in words for whoever must act on it. */
export const chainFaults = {
  missing: { en: 'this link is missing or out of order', zh: '此环节缺失或次序错误' },
  malformed: { en: 'this link is not an audit entry', zh: '此环节不是有效的审计记录' },
  previous: { en: 'the previous hash does not match', zh: '前一哈希不匹配' },
  altered: { en: 'the event does not match its hash', zh: '事件内容与其哈希不符' },
  truncated: { en: 'the chain ends before its recorded head', zh: '链条在记录的链头之前中断' },
  beheaded: { en: 'the last link is not the recorded head', zh: '最后一环与记录的链头不符' },
} as const satisfies Record<string, Text>;
export type ChainFault = keyof typeof chainFaults;

export type ChainHead = Pick<ChainLink, 'seq' | 'event_hash'>;
export type ChainVerdict =
  | { readonly intact: true; readonly length: number; readonly head: string }
  | { readonly intact: false; readonly seq: number; readonly code: ChainFault; readonly fault: string };

const broken = (seq: number, code: ChainFault): ChainVerdict => ({
  intact: false,
  seq,
  code,
  fault: chainFaults[code].en,
});

/** The empty chain's head. */
export const emptyHead: ChainHead = { seq: 0, event_hash: genesisHash };

/**
 * The link after `last`, checked: the new head, or what is wrong. `undefined` stands for a stored entry that is not
 * even a link.
 */
export const checkLink = (
  last: ChainHead,
  next: ChainLink | undefined,
): { readonly head: ChainHead } | { readonly fault: ChainVerdict } => {
  const seq = last.seq + 1;
  if (!next) return { fault: broken(seq, 'malformed') };
  if (next.seq !== seq) return { fault: broken(seq, 'missing') };
  if (next.prev_hash !== last.event_hash) return { fault: broken(seq, 'previous') };
  if (eventHash(next.event, next.prev_hash) !== next.event_hash) return { fault: broken(seq, 'altered') };
  return { head: { seq, event_hash: next.event_hash } };
};

/** The verdict at the end of a walk that found no fault: is the last link the one that the chain's head records? */
export const checkEnd = (last: ChainHead, storedHead: ChainHead): ChainVerdict => {
  if (last.seq < storedHead.seq) return broken(last.seq + 1, 'truncated');
  if (last.seq !== storedHead.seq || last.event_hash !== storedHead.event_hash)
    return broken(Math.max(1, last.seq), 'beheaded');
  return { intact: true, length: last.seq, head: last.event_hash };
};

/** Walks a whole chain from its first link. The stored head catches links cut off at the end. */
export const verifyChain = (links: Iterable<ChainLink | undefined>, storedHead: ChainHead): ChainVerdict => {
  let last = emptyHead;
  for (const next of links) {
    const checked = checkLink(last, next);
    if ('fault' in checked) return checked.fault;
    last = checked.head;
  }
  return checkEnd(last, storedHead);
};
