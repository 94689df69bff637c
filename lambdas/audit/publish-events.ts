import type { DomainEvent } from '../../contracts/domain-event.ts';

/** An event as EventBridge takes it. */
export type BusEntry = { readonly Source: string; readonly DetailType: string; readonly Detail: string };
/** Puts at most ten entries; says for each whether the bus took it. */
export type PutEntries = (entries: readonly BusEntry[]) => Promise<readonly boolean[]>;

export const maxEntriesPerPut = 10;
/** EventBridge refuses a request above 256 KB; the margin covers source and detail-type. */
const maxBytesPerPut = 240 * 1024;

const toEntry = (event: DomainEvent): BusEntry => ({
  Source: `hashinsight.${event.type.split('.')[0]}`,
  DetailType: event.type,
  Detail: JSON.stringify(event),
});

/**
 * Publishes events in their order. Returns the index of the first one that the bus did not take, or undefined when it
 * took all; the caller tries again from there, so an event after it may be published twice.
 */
export const publishEvents = (putEntries: PutEntries) => async (events: readonly DomainEvent[]) => {
  let done = 0;
  for (const group of groupsOf(events.map(toEntry))) {
    const taken = await putEntries(group);
    const refused = group.findIndex((_, index) => taken[index] !== true);
    if (refused >= 0) return done + refused;
    done += group.length;
  }
  return undefined;
};

const groupsOf = (entries: readonly BusEntry[]) => {
  const groups: BusEntry[][] = [];
  let group: BusEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.Detail);
    if (group.length === maxEntriesPerPut || (group.length > 0 && bytes + size > maxBytesPerPut)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += size;
  }
  return group.length > 0 ? [...groups, group] : groups;
};
