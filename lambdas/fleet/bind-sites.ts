import type { Principal } from '../../contracts/access.ts';
import { customersOf, reachesSite } from '../../contracts/access.ts';
import type { Handlers } from '../shared/api-handler.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { siteRoutes } from './api.ts';
import type { FleetWriter } from './fleet-repository.ts';
import { changeThing, endThing } from './keep-things.ts';
import type { Kept } from './life-cycle.ts';
import { userOf } from './life-cycle.ts';
import { readRegistry } from './miner-registry.ts';
import { ownerAt } from './ownership.ts';
import type { AtSite } from './reach.ts';
import { insertSite, listSites, siteThing } from './site-repository.ts';
import { insertZone, listZones, readZone, zoneThing } from './zone-repository.ts';

export type FleetDeps = { readonly store: FleetWriter; readonly atSite: AtSite; readonly clock: Clock };

export const fits = (status: Kept['status'] | 'all') => (thing: Kept) =>
  status === 'all' || thing.status === status;

/** Sites and their zones. */
export const siteHandlers = ({ store, atSite, clock }: FleetDeps): Handlers<typeof siteRoutes> => {
  const endSite = (
    who: Principal,
    siteId: number,
    body: { version: number; reason: string },
    status: Kept['status'],
  ) =>
    atSite(who, siteId, async ({ site, doing }) => {
      const { changes, miners } = await readRegistry(store)(siteId);
      const used = [...miners.values()].filter((miner) => miner.status === 'active').length;
      if (status === 'archived' && used > 0)
        return fail('invalid_state', `${used} miners of the site are in use; retire them first`);
      const ended = await endThing(store)(doing, siteThing(who.tenantId, site), {
        ...body,
        status,
        seen: changes,
      });
      return ended.ok ? succeed({ body: { site: ended.value } }) : ended;
    });
  const atZone = <T>(
    who: Principal,
    { site_id, zone_id }: { readonly site_id: number; readonly zone_id: string },
    answer: (found: {
      readonly thing: ReturnType<typeof zoneThing>;
      readonly doing: Parameters<Parameters<AtSite>[2]>[0]['doing'];
    }) => Promise<Result<T>>,
  ) =>
    atSite(who, site_id, async ({ doing }) => {
      const found =
        (await zonesOf(who, site_id))?.has(zone_id) === false
          ? undefined
          : await readZone(store)(site_id, zone_id);
      return found
        ? answer({ thing: zoneThing(site_id, found), doing })
        : fail('not_found', 'Zone not found');
    });
  /** The zones in which a client has machines; undefined for who sees all. */
  const zonesOf = async (who: Principal, siteId: number) => {
    const customers = customersOf(who);
    if (customers === 'all') return undefined;
    const { miners } = await readRegistry(store)(siteId);
    return new Set(
      [...miners.values()]
        .filter(({ owners }) => customers.includes(ownerAt(owners, clock.nowMs()) ?? ''))
        .map(({ zone_id }) => zone_id),
    );
  };
  return {
    listSites: async ({ who, query }) => {
      const sites = (await listSites(store)(who.tenantId)).filter(
        (site) => reachesSite(who, site.site_id) && fits(query.status)(site),
      );
      return succeed({ body: { sites, count: sites.length } });
    },
    createSite: async ({ who, body }) =>
      succeed({
        body: { site: await insertSite(store)(who.tenantId, userOf(who), body, toUtc(clock.nowMs())) },
      }),
    getSite: ({ who, params }) =>
      atSite(who, params.site_id, async ({ site }) => succeed({ body: { site } })),
    changeSite: ({ who, params, body }) =>
      atSite(who, params.site_id, async ({ site, doing }) => {
        const changed = await changeThing(store)(doing, siteThing(who.tenantId, site), body);
        return changed.ok ? succeed({ body: { site: changed.value } }) : changed;
      }),
    archiveSite: ({ who, params, body }) => endSite(who, params.site_id, body, 'archived'),
    restoreSite: ({ who, params, body }) => endSite(who, params.site_id, body, 'active'),
    listZones: ({ who, params, query }) =>
      atSite(who, params.site_id, async () => {
        const [all, own] = await Promise.all([
          listZones(store)(params.site_id),
          zonesOf(who, params.site_id),
        ]);
        const zones = all.filter((zone) => fits(query.status)(zone) && own?.has(zone.zone_id) !== false);
        return succeed({ body: { zones, count: zones.length } });
      }),
    createZone: ({ who, params, body }) =>
      atSite(who, params.site_id, async ({ doing }) => {
        const added = await insertZone(store)(doing, body);
        return added.ok
          ? succeed({ body: { zone: { ...body, status: 'active' as const, version: 1 } } })
          : fail(added.failure.code, added.failure.message);
      }),
    getZone: ({ who, params }) =>
      atZone(who, params, async ({ thing }) => succeed({ body: { zone: thing.current } })),
    changeZone: ({ who, params, body }) =>
      atZone(who, params, async ({ thing, doing }) => {
        const changed = await changeThing(store)(doing, thing, body);
        return changed.ok ? succeed({ body: { zone: changed.value } }) : changed;
      }),
    archiveZone: ({ who, params, body }) =>
      atZone(who, params, async ({ thing, doing }) => {
        const { changes, miners } = await readRegistry(store)(params.site_id);
        const used = [...miners.values()].filter(
          (miner) => miner.status === 'active' && miner.zone_id === params.zone_id,
        ).length;
        if (used > 0)
          return fail('invalid_state', `${used} miners of the zone are in use; move or retire them first`);
        const ended = await endThing(store)(doing, thing, { ...body, status: 'archived', seen: changes });
        return ended.ok ? succeed({ body: { zone: ended.value } }) : ended;
      }),
    restoreZone: ({ who, params, body }) =>
      atZone(who, params, async ({ thing, doing }) => {
        const ended = await endThing(store)(doing, thing, { ...body, status: 'active' });
        return ended.ok ? succeed({ body: { zone: ended.value } }) : ended;
      }),
  };
};
