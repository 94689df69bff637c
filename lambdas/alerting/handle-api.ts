import * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import { readSite } from '../fleet/fleet-directory.ts';
import { reachSite } from '../fleet/manage-fleet.ts';
import { readRegistry } from '../fleet/miner-registry.ts';
import { type OwnMachines, ownMachines } from '../fleet/own-machines.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { toCursor } from '../shared/cursor.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { listAlerts, listIncidents, type PageRequest } from './alert-repository.ts';
import { alertingRoutes } from './api.ts';
import { isOwnAlert, ownIncident, pageOfShown } from './own-alerts.ts';
import { presentAlert, presentIncident } from './present-alert.ts';
import { readAlert } from './read-alert.ts';

const env = config({ ALERTING_TABLE: z.string(), FLEET_TABLE: z.string() });
const store = { db: documentClient(), alertingTable: env.ALERTING_TABLE, fleetTable: env.FLEET_TABLE };
const reach = reachSite(readSite(store));
const machinesOf = ownMachines(readRegistry(store), systemClock);

/** Answers for a site that the caller reaches; others are not found. A client sees its own machines there. */
const atSite = async <T>(
  who: Principal,
  siteId: number,
  answer: (own: OwnMachines | undefined) => Promise<Result<T>>,
) => {
  const reached = await reach(who, siteId);
  return reached.ok ? answer(await machinesOf(who, siteId)) : reached;
};
const nextOf = ({ nextPlace }: { readonly nextPlace?: string }) =>
  nextPlace === undefined ? {} : { next_cursor: toCursor(nextPlace) };

export const handler = apiHandler(alertingRoutes, {
  listAlerts: ({ who, query }) =>
    atSite(who, query.site_id, async (own) => {
      const list = (request: PageRequest) => listAlerts(store)(query.site_id, request);
      const isShown = own && isOwnAlert(own);
      const shown = isShown ? pageOfShown(list, (alert) => (isShown(alert) ? alert : undefined)) : list;
      const page = await shown(query);
      return succeed({
        body: { alerts: page.found.map(presentAlert), count: page.found.length, ...nextOf(page) },
      });
    }),
  getAlert: ({ who, params, query }) =>
    atSite(who, query.site_id, async (own) => {
      const alert = await readAlert(store)(query.site_id, params.alert_id);
      return alert && (!own || isOwnAlert(own)(alert))
        ? succeed({ body: { alert: presentAlert(alert) } })
        : fail('not_found', 'Alert not found');
    }),
  listIncidents: ({ who, query }) =>
    atSite(who, query.site_id, async (own) => {
      const list = (request: PageRequest) => listIncidents(store)(query.site_id, request);
      const page = await (own ? pageOfShown(list, ownIncident(own)) : list)(query);
      return succeed({
        body: { incidents: page.found.map(presentIncident), count: page.found.length, ...nextOf(page) },
      });
    }),
});
