import type { NewSafetyEvent } from '../reports.ts';
import type { Change } from './adopt.ts';

/** Beyond this many, one event tells their number: a new plan of addresses is one thing that happened, not ten thousand. */
const mostEvents = 50;

const codes = {
  moved: 'MOVED',
  back: 'BACK',
  new: 'NEW',
  replaced: 'REPLACED',
  missing: 'MISSING',
  firmware: 'FIRMWARE_CHANGED',
  unproved: 'UNPROVED',
  duplicate: 'DUPLICATE_MAC',
  left_out: 'LEFT_OUT',
} as const satisfies Record<Change['kind'], string>;

const details: Readonly<Record<Change['kind'], (change: Change) => string>> = {
  moved: () => 'the same machine answers at another address',
  back: () => 'a machine that had left the inventory is back under its id',
  new: ({ found }) => `a machine that was not known: ${found?.model ?? found?.family ?? ''}`,
  replaced: ({ found, newId }) =>
    `another machine stands in its place: ${found?.model ?? found?.family ?? ''}${newId ? `, now ${newId}` : ''}`,
  missing: () => 'found nowhere in the ranges',
  firmware: ({ found }) =>
    `answers with other firmware: ${found?.family ?? ''} ${found?.firmware ?? ''}`.trim(),
  unproved: () => 'does not let in any more, so that it may be another machine',
  duplicate: ({ found }) =>
    `a ${found?.model ?? found?.family ?? 'machine'} claims the MAC address of another`,
  left_out: ({ found }) => `found and not taken into the inventory: ${found?.model ?? found?.family ?? ''}`,
};

/** What the cloud is told of an inventory's changes: ids, models and firmware; no address, MAC, name or login. */
export const inventoryEvents = (changes: readonly Change[]): NewSafetyEvent[] => {
  const told = changes.filter(({ kind }) => kind !== 'left_out');
  const event = (change: Change): NewSafetyEvent => ({
    kind: 'inventory_changed',
    ...(change.minerId !== undefined && { minerId: change.minerId }),
    code: codes[change.kind],
    detail: details[change.kind](change).slice(0, 300),
  });
  if (told.length <= mostEvents) return told.map(event);
  const counts = Map.groupBy(told, ({ kind }) => kind);
  return [
    {
      kind: 'inventory_changed',
      code: 'MANY',
      detail: [...counts].map(([kind, all]) => `${all.length} ${kind}`).join(', '),
    },
  ];
};
