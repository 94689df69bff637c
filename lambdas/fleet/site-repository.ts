import { paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type newSite, type Site, site } from '../../contracts/api-fleet.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { commitSteps, insertStep } from './commit-steps.ts';
import { type FleetStore, fleetKeys, toSite } from './fleet-keys.ts';
import type { FleetWriter } from './fleet-repository.ts';
import type { Thing } from './keep-things.ts';
import { type By, refTo } from './life-cycle.ts';

const counter = z.object({ last: z.int().positive() });

export const siteThing = (tenantId: string, current: Site): Thing<Site> => ({
  kind: 'site',
  id: String(current.site_id),
  name: 'Site',
  key: fleetKeys.site(tenantId, current.site_id),
  payload: { site_id: current.site_id },
  current,
  parse: (item) => site.parse(item),
  stored: { tenant_id: tenantId },
});

export const listSites =
  ({ db, fleetTable }: FleetStore) =>
  async (tenantId: string): Promise<Site[]> => {
    const sites: Site[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: fleetTable,
        KeyConditionExpression: 'pk = :tenant AND begins_with(sk, :site)',
        ExpressionAttributeValues: { ':tenant': `TENANT#${tenantId}`, ':site': 'SITE#' },
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) sites.push(toSite(item));
    return sites;
  };

/** Takes the next site number and writes the site under it; a number taken by a failed attempt is not used again. */
export const insertSite =
  (store: FleetWriter) =>
  async (tenantId: string, by: By, added: z.output<typeof newSite>, now: string): Promise<Site> => {
    const { Attributes } = await store.db.send(
      new UpdateCommand({
        TableName: store.fleetTable,
        Key: fleetKeys.siteCounter,
        UpdateExpression: 'ADD #last :one',
        ExpressionAttributeNames: { '#last': 'last' },
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'ALL_NEW',
      }),
    );
    const siteId = counter.parse(Attributes).last;
    const made: Site = { ...added, site_id: siteId, created_at: now, status: 'active', version: 1 };
    const committed = await commitSteps(store)(
      [
        insertStep(
          store.fleetTable,
          fleetKeys.site(tenantId, siteId),
          { ...made, tenant_id: tenantId },
          `Site number ${siteId} was taken twice`,
        ),
      ],
      [
        stateEvent({
          ...refTo({ tenantId, siteId, by, now }, 'site', String(siteId)),
          type: 'fleet.site.created',
          payload: { site_id: siteId, tenant_id: tenantId },
        }),
      ],
    );
    if (!committed.ok) throw new Error(committed.failure.message);
    return made;
  };
