#!/usr/bin/env node
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventSchema, eventsPage, eventTypes } from '../lib/shared/event-docs.ts';

/** Writes docs/events.md from the catalogue of events, and each type's JSON Schema into dist/event-schemas. */
const root = join(import.meta.dirname, '..');
const schemas = join(root, 'dist', 'event-schemas');
mkdirSync(schemas, { recursive: true });
writeFileSync(join(root, 'docs', 'events.md'), eventsPage());
for (const type of eventTypes)
  writeFileSync(join(schemas, `${type}.json`), `${JSON.stringify(eventSchema(type), null, 2)}\n`);
console.log(`${eventTypes.length} types: docs/events.md, dist/event-schemas`);
