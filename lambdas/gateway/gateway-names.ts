import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { siteId } from '../../contracts/identifiers.ts';
import { type FleetStore, fleetKeys } from '../fleet/fleet-keys.ts';
import { gatewayKeys } from './gateway-keys.ts';

const nameItem = z.object({ site_id: siteId });

/** The site that has a gateway of this name, if any. */
export const findSiteOfGateway =
  ({ db, fleetTable }: FleetStore) =>
  async (gatewayId: string): Promise<number | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: fleetTable, Key: gatewayKeys.name(gatewayId), ConsistentRead: true }),
    );
    return Item && nameItem.parse(Item).site_id;
  };

/** Which of these zones the site does not have, in the order given. */
export const missingZones =
  ({ db, fleetTable }: FleetStore) =>
  async (site: number, zoneIds: readonly string[]): Promise<string[]> => {
    const wanted = [...new Set(zoneIds)];
    const found = await Promise.all(
      wanted.map(async (zoneId) => {
        const { Item } = await db.send(
          new GetCommand({ TableName: fleetTable, Key: fleetKeys.zone(site, zoneId) }),
        );
        return Item !== undefined;
      }),
    );
    return wanted.filter((_, index) => !found[index]);
  };
