import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { type Customer, customer } from '../../contracts/api-customers.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { commitSteps, insertStep, inUseStep } from './commit-steps.ts';
import { customerItem, type FleetStore, fleetKeys } from './fleet-keys.ts';
import { type FleetWriter, listBelow } from './fleet-repository.ts';
import type { Thing } from './keep-things.ts';
import { type Doing, refTo } from './life-cycle.ts';

const toCustomer = (item: unknown): Customer => customerItem.strip().parse(item);

export const customerThing = (current: Customer): Thing<Customer> => ({
  kind: 'customer',
  id: current.customer_id,
  name: `Customer ${current.customer_id}`,
  key: fleetKeys.customer(current.site_id, current.customer_id),
  payload: { customer_id: current.customer_id },
  current,
  parse: (item) => customer.parse(item),
});

export const listCustomers = (store: FleetStore) => (siteId: number) =>
  listBelow(store, siteId, 'CUSTOMER#', toCustomer);

export const readCustomer =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, id: string): Promise<Customer | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.customer(siteId, id), ConsistentRead: true }),
    );
    return Item && toCustomer(Item);
  };

export const insertCustomer = (store: FleetWriter) => (doing: Doing, added: Customer) =>
  commitSteps(store)(
    [
      inUseStep(store.fleetTable, fleetKeys.site(doing.tenantId, doing.siteId), 'Site'),
      insertStep(
        store.fleetTable,
        fleetKeys.customer(doing.siteId, added.customer_id),
        { ...added },
        `customer_id ${added.customer_id} exists already`,
      ),
    ],
    [
      stateEvent({
        ...refTo(doing, 'customer', added.customer_id),
        type: 'fleet.customer.created',
        payload: { customer_id: added.customer_id },
      }),
    ],
  );
