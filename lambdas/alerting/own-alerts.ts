import type { OwnMachines } from '../fleet/own-machines.ts';
import type { Alert, Incident } from './alert.ts';
import type { Page, PageRequest } from './alert-repository.ts';

/** A client sees the alerts of machines that were its own when they began. */
export const isOwnAlert =
  (own: OwnMachines) =>
  ({ minerId, firstSampledAtMs: atMs }: Pick<Alert, 'minerId' | 'firstSampledAtMs'>): boolean =>
    own.ownThrough(minerId, atMs, atMs + 1);

/** Of an incident, those of its machines that were the client's own; undefined where none was. Its alerts are listed by themselves. */
export const ownIncident =
  (own: OwnMachines) =>
  ({ gatewayId: _, ...incident }: Incident): Incident | undefined => {
    const { firstSampledAtMs } = incident;
    const minerIds = incident.minerIds.filter((minerId) => isOwnAlert(own)({ minerId, firstSampledAtMs }));
    return minerIds.length > 0 ? { ...incident, minerIds, alertIds: [] } : undefined;
  };

const mostPages = 20;

/**
 * A page of those entries of a list that are shown, read from as many pages of the list as it takes, 20 at most: a page may
 * be short of its limit where more follows.
 */
export const pageOfShown =
  <T, U>(list: (request: PageRequest) => Promise<Page<T>>, shown: (entry: T) => U | undefined) =>
  async (request: PageRequest): Promise<Page<U>> => {
    const found: U[] = [];
    let cursor = request.cursor;
    for (let page = 0; page < mostPages; page++) {
      const { found: entries, nextPlace } = await list({
        ...request,
        limit: request.limit - found.length,
        cursor,
      });
      found.push(...entries.map(shown).filter((entry) => entry !== undefined));
      cursor = nextPlace;
      if (cursor === undefined) return { found };
      if (found.length >= request.limit) break;
    }
    return { found, ...(cursor !== undefined && { nextPlace: cursor }) };
  };
