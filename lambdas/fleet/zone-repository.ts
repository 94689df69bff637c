import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import { type newZone, type Zone, zone } from '../../contracts/api-fleet.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { commitSteps, insertStep, inUseStep } from './commit-steps.ts';
import { type FleetStore, fleetKeys, zoneItem } from './fleet-keys.ts';
import { type FleetWriter, listBelow } from './fleet-repository.ts';
import type { Thing } from './keep-things.ts';
import { type Doing, refTo } from './life-cycle.ts';

const toZone = (item: unknown): Zone => zoneItem.strip().parse(item);

export const zoneThing = (siteId: number, current: Zone): Thing<Zone> => ({
  kind: 'zone',
  id: current.zone_id,
  name: `Zone ${current.zone_id}`,
  key: fleetKeys.zone(siteId, current.zone_id),
  payload: { zone_id: current.zone_id },
  current,
  parse: (item) => zone.parse(item),
});

export const listZones = (store: FleetStore) => (siteId: number) => listBelow(store, siteId, 'ZONE#', toZone);

export const readZone =
  ({ db, fleetTable }: FleetStore) =>
  async (siteId: number, zoneId: string): Promise<Zone | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: fleetKeys.zone(siteId, zoneId), ConsistentRead: true }),
    );
    return Item && toZone(Item);
  };

export const insertZone = (store: FleetWriter) => (doing: Doing, added: z.output<typeof newZone>) =>
  commitSteps(store)(
    [
      inUseStep(store.fleetTable, fleetKeys.site(doing.tenantId, doing.siteId), 'Site'),
      insertStep(
        store.fleetTable,
        fleetKeys.zone(doing.siteId, added.zone_id),
        { ...added, status: 'active', version: 1 },
        `zone_id ${added.zone_id} exists already`,
      ),
    ],
    [
      stateEvent({
        ...refTo(doing, 'zone', added.zone_id),
        type: 'fleet.zone.created',
        payload: { zone_id: added.zone_id },
      }),
    ],
  );
