import { customersOf, type Principal } from '../../contracts/access.ts';
import type { Customer } from '../../contracts/api-customers.ts';
import type { Handlers } from '../shared/api-handler.ts';
import { toCursor } from '../shared/cursor.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { customerRoutes } from './api.ts';
import { type FleetDeps, fits } from './bind-sites.ts';
import { customerThing, insertCustomer, listCustomers, readCustomer } from './customer-repository.ts';
import type { StoredMiner } from './fleet-keys.ts';
import { changeThing, endThing } from './keep-things.ts';
import { ownershipsBetween } from './list-ownership.ts';
import { readRegistry } from './miner-registry.ts';
import { ownerAt } from './ownership.ts';
import type { Reached } from './reach.ts';

/** Customers, and whose the machines were when. */
export const customerHandlers = ({ store, atSite, clock }: FleetDeps): Handlers<typeof customerRoutes> => {
  const isSeen = (who: Principal) => {
    const customers = customersOf(who);
    return (id: string) => customers === 'all' || customers.includes(id);
  };
  const atCustomer = <T>(
    who: Principal,
    { site_id, customer_id }: { readonly site_id: number; readonly customer_id: string },
    then: (customer: Customer, reached: Reached) => Promise<Result<T>>,
  ) =>
    atSite(who, site_id, async (reached) => {
      const found = isSeen(who)(customer_id) ? await readCustomer(store)(site_id, customer_id) : undefined;
      return found ? then(found, reached) : fail('not_found', 'Customer not found');
    });
  const asBody = (changed: Result<Customer>) =>
    changed.ok ? succeed({ body: { customer: changed.value } }) : changed;
  return {
    listCustomers: ({ who, params, query }) =>
      atSite(who, params.site_id, async () => {
        const [all, { miners }] = await Promise.all([
          listCustomers(store)(params.site_id),
          readRegistry(store)(params.site_id),
        ]);
        const nowMs = clock.nowMs();
        const machines = Map.groupBy(
          [...miners.values()].filter(({ status }) => status === 'active'),
          ({ owners }) => ownerAt(owners, nowMs),
        );
        const customers = all
          .filter((one) => fits(query.status)(one) && isSeen(who)(one.customer_id))
          .map((one) => {
            const own = machines.get(one.customer_id) ?? [];
            const powerW = own.reduce((sum, { rated_power_w }) => sum + rated_power_w, 0);
            return { ...one, miners: own.length, rated_power_kw: Math.round(powerW) / 1_000 };
          });
        return succeed({ body: { customers, count: customers.length } });
      }),
    createCustomer: ({ who, params, body }) =>
      atSite(who, params.site_id, async ({ doing }) => {
        const customer: Customer = {
          ...body,
          site_id: params.site_id,
          created_at: doing.now,
          status: 'active',
          version: 1,
        };
        const added = await insertCustomer(store)(doing, customer);
        return added.ok ? succeed({ body: { customer } }) : fail(added.failure.code, added.failure.message);
      }),
    getCustomer: ({ who, params }) =>
      atCustomer(who, params, async (customer) => succeed({ body: { customer } })),
    changeCustomer: ({ who, params, body }) =>
      atCustomer(who, params, async (customer, { doing }) =>
        asBody(await changeThing(store)(doing, customerThing(customer), body)),
      ),
    archiveCustomer: ({ who, params, body }) =>
      atCustomer(who, params, async (customer, { doing }) => {
        const { changes, miners } = await readRegistry(store)(params.site_id);
        const owned = [...miners.values()].filter((miner) =>
          isOwnedFrom(miner, params.customer_id, clock.nowMs()),
        ).length;
        if (owned > 0)
          return fail('invalid_state', `${owned} miners are the customer’s; hand them over first`);
        const ending = { ...body, status: 'archived' as const, seen: changes };
        return asBody(await endThing(store)(doing, customerThing(customer), ending));
      }),
    restoreCustomer: ({ who, params, body }) =>
      atCustomer(who, params, async (customer, { doing }) =>
        asBody(await endThing(store)(doing, customerThing(customer), { ...body, status: 'active' })),
      ),
    listOwnership: ({ who, params, query }) =>
      atSite(who, params.site_id, async () => {
        const [fromMs, toMs] = [Date.parse(query.from), Date.parse(query.to)];
        if (fromMs >= toMs) {
          const message = 'from: must be before to';
          return fail('validation_failed', message, [{ field: 'from', message }]);
        }
        const { miners } = await readRegistry(store)(params.site_id);
        const found = ownershipsBetween([...miners.values()], { ...query, fromMs, toMs }, isSeen(who));
        const { ownerships, lastMiner } = found;
        return succeed({
          body: {
            ownerships,
            count: ownerships.length,
            ...(lastMiner !== undefined && { next_cursor: toCursor(lastMiner) }),
          },
        });
      }),
  };
};

/** Now or at a time to come. */
const isOwnedFrom = ({ owners }: StoredMiner, customer: string, fromMs: number) =>
  ownerAt(owners, fromMs) === customer ||
  owners.some(({ from_ms, customer_id }) => from_ms > fromMs && customer_id === customer);
