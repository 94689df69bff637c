import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DomainEvent } from '../../contracts/domain-event.ts';
import { emptyHead, link } from './audit-chain.ts';
import { auditKeys } from './commit-with-audit.ts';
import type { BusEntry } from './publish-events.ts';
import { publishStream, type StreamChange } from './publish-stream.ts';

const event = (index: number, padding = 0): DomainEvent => ({
  version: 1,
  event_id: `evt_${String(index).padStart(24, '0')}`,
  tenant_id: 'tenant-1',
  site_id: 1,
  actor_type: 'system',
  actor_id: 'control',
  type: 'control.command.expired',
  ref_type: 'command',
  ref_id: `cmd-${index}`,
  payload: { command_id: `cmd-${index}`, padding: 'x'.repeat(padding) },
  created_at: '2026-01-27T10:30:00.000Z',
});

/** A stream as DynamoDB gives it: each commit puts a head and its links. */
const streamOf = (events: readonly DomainEvent[]): StreamChange[] =>
  link(emptyHead, events).flatMap((one) => [
    { sequenceNumber: `h${one.seq}`, inserted: one.seq === 1 ? { ...auditKeys.head(1), seq: 1 } : undefined },
    { sequenceNumber: `${one.seq}`, inserted: { ...auditKeys.link(1, one.seq), ...one } },
  ]);

test('publishes each new link once, in order, at most ten and 256 KB at a time', async () => {
  const puts: (readonly BusEntry[])[] = [];
  const publish = publishStream(async (entries) => {
    puts.push(entries);
    return entries.map(() => true);
  });
  const events = Array.from({ length: 37 }, (_, index) => event(index, index % 5 === 0 ? 60_000 : 0));
  expect(await publish(streamOf(events))).toBeUndefined();
  expect(puts.flat().map(({ Detail }) => JSON.parse(Detail))).toEqual(events);
  expect(puts[0]?.[0]).toMatchObject({
    Source: 'hashinsight.control',
    DetailType: 'control.command.expired',
  });
  for (const put of puts) {
    expect(put.length).toBeLessThanOrEqual(10);
    expect(put.reduce((bytes, { Detail }) => bytes + Detail.length, 0)).toBeLessThan(256 * 1024);
  }
});

test('however often the bus refuses some, retrying from the named record publishes all of them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 35 }),
      fc.array(fc.nat(30), { maxLength: 25 }),
      async (count, refusals) => {
        const left = [...refusals];
        const delivered: string[] = [];
        const publish = publishStream(async (entries) => {
          const refused = left.shift();
          const taken = entries.map((_, index) => index !== refused);
          delivered.push(
            ...entries
              .filter((_, index) => taken[index])
              .map(({ Detail }) => String(JSON.parse(Detail).event_id)),
          );
          return taken;
        });
        const stream = streamOf(Array.from({ length: count }, (_, index) => event(index)));
        let from = 0;
        for (let round = 0; round < 40; round++) {
          const failed = await publish(stream.slice(from));
          if (!failed) break;
          from = stream.findIndex(({ sequenceNumber }) => sequenceNumber === failed.sequenceNumber);
        }
        const firsts = [...new Set(delivered)];
        expect(firsts).toHaveLength(count);
        expect(delivered.at(-1)).toBe(event(count - 1).event_id);
      },
    ),
  );
});

test('what is not a link stops the stream there, after what came before it', async () => {
  const delivered: BusEntry[] = [];
  const publish = publishStream(async (entries) => {
    delivered.push(...entries);
    return entries.map(() => true);
  });
  const stream = streamOf([event(0), event(1), event(2)]);
  stream[3] = { sequenceNumber: 'bad', inserted: { ...auditKeys.link(1, 2), seq: 2 } };
  expect(await publish(stream)).toMatchObject({ sequenceNumber: 'bad' });
  expect(delivered).toHaveLength(1);
});
