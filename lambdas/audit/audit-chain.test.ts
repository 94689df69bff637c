import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DomainEvent } from '../../contracts/domain-event.ts';
import { type ChainLink, eventHash, genesisHash, link, verifyChain } from './audit-chain.ts';

const event = (index: number, note: string): DomainEvent => ({
  version: 1,
  event_id: `evt_${String(index).padStart(24, '0')}`,
  tenant_id: 'tenant-1',
  site_id: 1,
  actor_type: 'user',
  actor_id: '7',
  type: 'control.command.denied',
  ref_type: 'command',
  ref_id: `cmd-${index}`,
  payload: { command_id: `cmd-${index}`, reason: note, nested: { list: [1, { a: null }] } },
  created_at: '2026-01-27T10:30:00.000Z',
});
const start = { seq: 0, event_hash: genesisHash };
const chains = fc.array(fc.string(), { minLength: 2, maxLength: 8 }).map((notes) =>
  link(
    start,
    notes.map((note, index) => event(index, note)),
  ),
);
const headOf = (links: readonly ChainLink[]) => links.at(-1) ?? start;
const isIntact = (links: readonly ChainLink[], head: Pick<ChainLink, 'seq' | 'event_hash'>) =>
  verifyChain(links, head).intact;

test('every chain that was built verifies, also when it was built in parts', () => {
  fc.assert(
    fc.property(chains, fc.nat(), (links, at) => {
      expect(verifyChain(links, headOf(links))).toEqual({
        intact: true,
        length: links.length,
        head: headOf(links).event_hash,
      });
      const first = links.slice(0, at % links.length);
      const rest = link(
        headOf(first),
        links.slice(first.length).map((one) => one.event),
      );
      expect([...first, ...rest]).toEqual(links);
    }),
  );
  expect(verifyChain([], start)).toMatchObject({ intact: true, length: 0 });
});

const fields = [
  'event_id',
  'tenant_id',
  'actor_type',
  'actor_id',
  'type',
  'ref_type',
  'ref_id',
  'created_at',
] as const;
const tampered = fc.oneof(
  fc.constantFrom(...fields).map(
    (field) =>
      (one: ChainLink): ChainLink => ({ ...one, event: { ...one.event, [field]: `${one.event[field]}x` } }),
  ),
  fc.constant(
    (one: ChainLink): ChainLink => ({ ...one, event: { ...one.event, site_id: one.event.site_id + 1 } }),
  ),
  fc.constant(
    (one: ChainLink): ChainLink => ({
      ...one,
      event: { ...one.event, payload: { ...one.event.payload, more: null } },
    }),
  ),
  fc.constant(
    (one: ChainLink): ChainLink => ({
      ...one,
      event: { ...one.event, payload: { ...one.event.payload, nested: { list: [1, { a: 0 }] } } },
    }),
  ),
  fc.constant((one: ChainLink): ChainLink => ({ ...one, event: { ...one.event, payload: {} } })),
  fc.constant(
    (one: ChainLink): ChainLink => ({
      ...one,
      event: JSON.parse(JSON.stringify({ ...one.event, extra: 1 })),
    }),
  ),
  fc.constant(
    (one: ChainLink): ChainLink => ({
      ...one,
      prev_hash: `f${one.prev_hash.slice(1)}` === one.prev_hash ? genesisHash : `f${one.prev_hash.slice(1)}`,
    }),
  ),
  fc.constant(
    (one: ChainLink): ChainLink => ({
      ...one,
      event_hash:
        one.event_hash.toUpperCase() === one.event_hash ? genesisHash : one.event_hash.toUpperCase(),
    }),
  ),
  fc.constant((one: ChainLink): ChainLink => ({ ...one, seq: one.seq + 1 })),
);

test('a change of any single field of any link is detected', () => {
  fc.assert(
    fc.property(chains, fc.nat(), tampered, (links, at, tamper) => {
      const place = at % links.length;
      const changed = links.map((one, index) => (index === place ? tamper(one) : one));
      expect(verifyChain(changed, headOf(links)).intact).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('a change with its own hash made anew is detected at the next link, or, at the last, by the head', () => {
  fc.assert(
    fc.property(chains, fc.nat(), (links, at) => {
      const place = at % links.length;
      const changed = links.map((one, index) => {
        if (index !== place) return one;
        const forged = { ...one.event, actor_id: 'other' };
        return { ...one, event: forged, event_hash: eventHash(forged, one.prev_hash) };
      });
      const verdict = verifyChain(changed, headOf(links));
      expect(verdict).toMatchObject({ intact: false, seq: Math.min(place + 2, links.length) });
    }),
  );
});

test('a deleted link, two exchanged links and a cut end are detected, also when numbers are made to fit', () => {
  const renumber = (links: readonly ChainLink[]) => links.map((one, index) => ({ ...one, seq: index + 1 }));
  fc.assert(
    fc.property(chains, fc.nat(), fc.nat(), fc.boolean(), (links, from, to, fit) => {
      const [a, b] = [from % links.length, to % links.length];
      const head = headOf(links);
      const shown = (some: readonly ChainLink[]) => (fit ? renumber(some) : some);
      expect(isIntact(shown(links.filter((_, index) => index !== a)), head)).toBe(false);
      expect(isIntact(links.slice(0, a), head)).toBe(false);
      fc.pre(a !== b);
      const exchanged = links
        .map((one, index) => (index === a ? links[b] : index === b ? links[a] : one))
        .filter((one) => one !== undefined);
      expect(isIntact(shown(exchanged), head)).toBe(false);
    }),
  );
});

test('a head that lies beyond or before the last link is detected', () => {
  const links = link(start, [event(0, 'a'), event(1, 'b')]);
  expect(isIntact(links, { ...headOf(links), seq: 3 })).toBe(false);
  expect(isIntact(links, { ...headOf(links), event_hash: genesisHash })).toBe(false);
});

test("the order of an event's keys does not change its hash; moving text between fields does", () => {
  const one = event(0, 'a');
  const reversed: DomainEvent = Object.assign(
    {},
    ...Object.entries(one)
      .reverse()
      .map(([name, value]) => ({ [name]: value })),
  );
  expect(eventHash(reversed, genesisHash)).toBe(eventHash(one, genesisHash));
  expect(eventHash({ ...one, ref_type: 'comman', ref_id: 'dcmd-0' }, genesisHash)).not.toBe(
    eventHash(one, genesisHash),
  );
});
