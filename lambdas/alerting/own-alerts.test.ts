import { describe, expect, it } from 'vitest';
import { machinesOf } from '../fleet/own-machines.ts';
import type { PageRequest } from './alert-repository.ts';
import { isOwnAlert, ownIncident, pageOfShown } from './own-alerts.ts';

const owners = [
  { from_ms: 0, customer_id: 'acme' },
  { from_ms: 1_000, customer_id: 'birch' },
];
const own = (customer: string) => machinesOf([customer], [{ minerId: 'm-1', owners, retired: false }], 5_000);

describe('a client', () => {
  it('sees the alerts that began while the machine was its own', () => {
    const seen = (customer: string) =>
      [999, 1_000].map((firstSampledAtMs) => isOwnAlert(own(customer))({ minerId: 'm-1', firstSampledAtMs }));
    expect(seen('acme')).toEqual([true, false]);
    expect(seen('birch')).toEqual([false, true]);
    expect(isOwnAlert(own('acme'))({ minerId: 'm-2', firstSampledAtMs: 1 })).toBe(false);
  });

  it('sees of an incident its own machines alone', () => {
    const incident = {
      incidentId: 'inc-1',
      siteId: 1,
      zoneId: 'z',
      gatewayId: 'gw-1',
      kind: 'offline',
      severity: 'P1',
      status: 'open',
      minerIds: ['m-1', 'm-2'],
      alertIds: ['al-1', 'al-2'],
      openAlerts: 2,
      firstSampledAtMs: 10,
      lastSampledAtMs: 10,
      openedAtMs: 10,
      batchReceivedAtMs: 10,
    } as const;
    const shown = ownIncident(own('acme'))({
      ...incident,
      minerIds: ['m-1', 'm-2'],
      alertIds: ['al-1', 'al-2'],
    });
    expect(shown).toMatchObject({ minerIds: ['m-1'], alertIds: [] });
    expect(shown).not.toHaveProperty('gatewayId');
    expect(ownIncident(own('birch'))({ ...incident, minerIds: ['m-1'], alertIds: [] })).toBeUndefined();
  });

  it('pages through a list of which it sees a part, missing and repeating nothing', async () => {
    const all = Array.from({ length: 1_000 }, (_, at) => at);
    const list = async ({ limit, cursor }: PageRequest) => {
      const from = cursor === undefined ? 0 : Number(cursor) + 1;
      const found = all.slice(from, from + limit);
      const last = found.at(-1);
      return { found, ...(last !== undefined && last < 999 && { nextPlace: String(last) }) };
    };
    const page = pageOfShown(list, (one) => (one % 7 === 3 ? one : undefined));
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const { found, nextPlace } = await page({ limit: 10, cursor });
      expect(found.length).toBeLessThanOrEqual(10);
      seen.push(...found);
      cursor = nextPlace;
    } while (cursor !== undefined);
    expect(seen).toEqual(all.filter((one) => one % 7 === 3));
  });
});
