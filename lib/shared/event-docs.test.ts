import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { domainEvent } from '../../contracts/domain-event.ts';
import { eventPayloads } from '../../contracts/event-catalogue.ts';
import { eventWords } from '../../contracts/event-words.ts';
import { parseDomainEvent } from '../../lambdas/shared/bus-message.ts';
import { busExample, eventSchema, eventsPage, eventTypes } from './event-docs.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');
/** What to do when one of these fails. */
const remedy =
  'Say in contracts/event-words.ts what the type means, give its fields values in contracts/event-samples.ts, and run npm run events';

describe('every type of event', () => {
  it('is said in English and Chinese', () => {
    expect([remedy, eventTypes.filter((type) => !eventWords[type])]).toEqual([remedy, []]);
  });

  it.each(eventTypes)('%s has an example that its consumers take', (type) => {
    const example = busExample(type);
    expect(domainEvent.parse(example.detail)).toEqual(example.detail);
    expect(parseDomainEvent(example, type).payload).toEqual(example.detail.payload);
    const needed = Object.entries(eventPayloads[type].shape).filter(
      ([, schema]) => !schema.safeParse(undefined).success,
    );
    expect(Object.keys(example.detail.payload)).toEqual(expect.arrayContaining(needed.map(([name]) => name)));
  });

  it('has a schema that the registry takes', () => {
    for (const type of eventTypes) {
      const schema = eventSchema(type);
      const text = JSON.stringify(schema);
      const { definitions } = z.looseObject({ definitions: z.looseObject({}).default({}) }).parse(schema);
      expect(text).toContain('draft-04');
      expect(text.length).toBeLessThan(100_000);
      for (const reference of text.matchAll(/"\$ref":"([^"]+)"/g)) {
        const [name = ''] = reference[1]?.split('/').slice(-1) ?? [];
        expect(Object.keys(definitions)).toContain(name);
      }
    }
  });
});

describe('the page', () => {
  it('is the one that the catalogue makes', () => {
    const page = readFileSync(join(docs, 'events.md'), 'utf8');
    expect(page === eventsPage() ? '' : remedy).toBe('');
  });
});
