#!/usr/bin/env node
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventSchema, eventsPage, eventTypes } from '../lib/shared/event-docs.ts';

/** Writes docs/events.md and docs/event-schemas from the catalogue of events. */
const docs = join(import.meta.dirname, '..', 'docs');
const schemas = join(docs, 'event-schemas');
mkdirSync(schemas, { recursive: true });
writeFileSync(join(docs, 'events.md'), eventsPage());
for (const type of eventTypes)
  writeFileSync(join(schemas, `${type}.json`), `${JSON.stringify(eventSchema(type), null, 2)}\n`);
const wanted = new Set(eventTypes.map((type) => `${type}.json`));
for (const file of readdirSync(schemas)) if (!wanted.has(file)) rmSync(join(schemas, file));
console.log(`${eventTypes.length} types`);
