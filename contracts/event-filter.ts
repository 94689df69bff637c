import * as z from 'zod';
import { type EventType, eventPayloads } from './event-catalogue.ts';

const types = Object.keys(eventPayloads) as EventType[];

/** `*` is every type, `control.*` and `control.command.*` are what begins so, and anything else is one type. */
const matches = (filter: string, type: string) =>
  filter === '*' || (filter.endsWith('.*') ? type.startsWith(filter.slice(0, -1)) : filter === type);

export const matchesAny = (filters: readonly string[], type: string) =>
  filters.some((filter) => matches(filter, type));

/** Every pattern and type that a subscription may name, the widest first. */
export const eventFilters: readonly string[] = [
  ...new Set([
    '*',
    ...types.flatMap((type) => {
      const [context, noun] = type.split('.');
      return [`${context}.*`, `${context}.${noun}.*`, type];
    }),
  ]),
];

/** One entry of a subscription: a type of the catalogue, or a pattern that at least one of them fits. */
export const eventFilter = z
  .string()
  .max(80)
  .refine((filter) => types.some((type) => matches(filter, type)), {
    error: 'must be an event type of the catalogue, or a beginning of some with .* such as control.command.*',
  });
