import { expect, it } from 'vitest';
import { eventPayloads } from './event-catalogue.ts';
import { eventFilter, matchesAny } from './event-filter.ts';

const types = Object.keys(eventPayloads);

it('knows every type of the catalogue, and every beginning of one', () => {
  for (const type of types) {
    const parts = type.split('.');
    for (const filter of ['*', type, `${parts[0]}.*`, `${parts[0]}.${parts[1]}.*`]) {
      expect([filter, eventFilter.safeParse(filter).success]).toEqual([filter, true]);
      expect(matchesAny([filter], type)).toBe(true);
    }
  }
});

it('matches whole words only', () => {
  expect(matchesAny(['control.command.*'], 'control.command.failed')).toBe(true);
  expect(matchesAny(['control.*', 'fleet.*'], 'alerting.alert.opened')).toBe(false);
  expect(matchesAny(['control.command.fail'], 'control.command.failed')).toBe(false);
  expect(matchesAny([], 'control.command.failed')).toBe(false);
});

it.each(['', '**', 'contro*', 'control.command', 'control.command.fail*', 'nothing.*', '.*', 'CONTROL.*'])(
  'is not %s',
  (filter) => {
    expect(eventFilter.safeParse(filter).success).toBe(false);
  },
);
