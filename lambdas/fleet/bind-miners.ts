import { customersOf, type Principal } from '../../contracts/access.ts';
import type { Handlers } from '../shared/api-handler.ts';
import { toCursor } from '../shared/cursor.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { minerRoutes } from './api.ts';
import type { FleetDeps } from './bind-sites.ts';
import {
  assignmentStart,
  changeMiners,
  eventsOf,
  type PlanMiner,
  planAssignment,
  planChange,
  planOne,
} from './change-miners.ts';
import { changedMeanwhile } from './commit-steps.ts';
import { listCustomers, readCustomer } from './customer-repository.ts';
import type { StoredMiner } from './fleet-keys.ts';
import { listGatewayNames } from './fleet-repository.ts';
import { importMiners } from './import-miners.ts';
import { readRegistry } from './miner-registry.ts';
import { inParts, writeAtOnce, writePart } from './miner-repository.ts';
import { type Reached, seenBy } from './reach.ts';
import { registerMiners } from './register-miners.ts';
import { pageOf, presentMiner, presentOwners, searchMiners } from './select-miners.ts';
import { listZones } from './zone-repository.ts';

/** Miners: one, many, and from files. */
export const minerHandlers = ({ store, atSite, clock }: FleetDeps): Handlers<typeof minerRoutes> => {
  const answer = (who: Principal, miner: StoredMiner) => {
    const customers = customersOf(who);
    const ownership = presentOwners(
      miner,
      (customer) => customers === 'all' || (customer !== null && customers.includes(customer)),
    );
    return { body: { miner: presentMiner(miner, clock.nowMs()), ownership } };
  };
  const atMiner = <T>(
    who: Principal,
    { site_id, miner_id }: { readonly site_id: number; readonly miner_id: string },
    then: (miner: StoredMiner, reached: Reached) => Promise<Result<T>>,
  ) =>
    atSite(who, site_id, async (reached) => {
      const miner = (await readRegistry(store)(site_id)).miners.get(miner_id);
      return miner && seenBy(who, clock.nowMs())(miner)
        ? then(miner, reached)
        : fail('not_found', 'Miner not found');
    });
  const changeOne = (
    who: Principal,
    params: { readonly site_id: number; readonly miner_id: string },
    { version, reason }: { readonly version: number; readonly reason?: string | undefined },
    planOf: (now: string) => PlanMiner,
  ) =>
    atMiner(who, params, async (miner, { doing }) => {
      const { code, message } = changedMeanwhile(`Miner ${miner.miner_id}`);
      if (miner.version !== version) return fail(code, message);
      const planned = planOne(planOf(doing.now), miner);
      if (!planned.ok) return planned;
      if (!planned.value) return succeed(answer(who, miner));
      const part = [planned.value];
      const written = await writeAtOnce(store)(
        doing,
        part,
        eventsOf(doing, part, reason),
        planned.value.after,
      );
      return written.ok ? succeed(answer(who, written.value)) : written;
    });
  const turn =
    (status: StoredMiner['status']) =>
    (now: string): PlanMiner =>
    (miner) =>
      miner.status === status
        ? fail('invalid_state', `Miner ${miner.miner_id} is ${status} already`)
        : planChange({ status }, now)(miner);
  const bulk = changeMiners({ readRegistry: readRegistry(store), inParts, writePart: writePart(store) });
  const inUse = (siteId: number) => async () => {
    const [zones, gateways, customers] = await Promise.all([
      listZones(store)(siteId),
      listGatewayNames(store)(siteId),
      listCustomers(store)(siteId),
    ]);
    return {
      zone_id: new Set(zones.flatMap(({ zone_id, status }) => (status === 'active' ? [zone_id] : []))),
      gateway_id: new Set(gateways),
      customer_id: new Set(
        customers.flatMap(({ customer_id, status }) => (status === 'active' ? [customer_id] : [])),
      ),
    };
  };
  const missingPlace = async (
    siteId: number,
    named: { zone_id?: string | undefined; gateway_id?: string | undefined },
  ) => {
    if (named.zone_id === undefined && named.gateway_id === undefined) return undefined;
    const places = await inUse(siteId)();
    for (const field of ['zone_id', 'gateway_id'] as const) {
      const name = named[field];
      if (name !== undefined && !places[field].has(name)) {
        const message = `${field}: ${name} is not one of this site, or archived`;
        return fail('validation_failed', message, [{ field: `change.${field}`, message }]);
      }
    }
    return undefined;
  };
  return {
    listMiners: ({ who, params, query }) =>
      atSite(who, params.site_id, async () => {
        const nowMs = clock.nowMs();
        const { miners } = await readRegistry(store)(params.site_id);
        const seen = [...miners.values()].filter(seenBy(who, nowMs));
        const found = searchMiners(
          seen.map((miner) => presentMiner(miner, nowMs)),
          query,
        );
        const { page, lastPlace } = pageOf(found, query);
        return succeed({
          body: {
            miners: page,
            count: page.length,
            total: found.length,
            ...(lastPlace !== undefined && { next_cursor: toCursor(lastPlace) }),
          },
        });
      }),
    registerMiners: ({ who, params, body }) =>
      atSite(who, params.site_id, async ({ doing }) => {
        const registered = await registerMiners({ writeAtOnce: writeAtOnce(store) })(doing, body.miners);
        if (!registered.ok) return registered;
        const miners = registered.value.map((miner) => presentMiner(miner, clock.nowMs()));
        return succeed({ body: { miners, count: miners.length, total: miners.length } });
      }),
    importMiners: ({ who, params, body }) =>
      atSite(who, params.site_id, async ({ doing }) => {
        const imported = await importMiners({
          readRegistry: readRegistry(store),
          readPlaces: (siteId) => inUse(siteId)(),
          writePart: writePart(store),
        })(doing, body);
        return imported.ok ? succeed({ body: imported.value }) : imported;
      }),
    changeMiners: ({ who, params, body }) =>
      atSite(who, params.site_id, async ({ doing }) => {
        const missing = await missingPlace(params.site_id, body.change);
        if (missing) return missing;
        const changed = await bulk(doing, body, planChange(body.change, doing.now));
        return changed.ok ? succeed({ body: changed.value }) : changed;
      }),
    assignMiners: ({ who, params, body }) =>
      atSite(who, params.site_id, async ({ doing }) => {
        const start = assignmentStart(body.from, clock.nowMs());
        if (!start.ok) return start;
        const { customer_id: customer } = body;
        if (customer !== null && (await readCustomer(store)(params.site_id, customer))?.status !== 'active') {
          const message = `customer_id: ${customer} is not one of this site, or archived`;
          return fail('validation_failed', message, [{ field: 'customer_id', message }]);
        }
        const assigned = { customer, fromMs: start.value };
        const changed = await bulk(doing, body, planAssignment(customer, start.value), assigned);
        return changed.ok ? succeed({ body: changed.value }) : changed;
      }),
    getMiner: ({ who, params }) => atMiner(who, params, async (miner) => succeed(answer(who, miner))),
    changeMiner: ({ who, params, body: { version, reason, ...change } }) =>
      changeOne(who, params, { version, reason }, (now) => planChange(change, now)),
    retireMiner: ({ who, params, body }) => changeOne(who, params, body, turn('retired')),
    restoreMiner: ({ who, params, body }) => changeOne(who, params, body, turn('active')),
  };
};
