import * as z from 'zod';
import { readSite } from '../fleet/fleet-directory.ts';
import { reachSite } from '../fleet/manage-fleet.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, succeed } from '../shared/result.ts';
import { listAlerts, listIncidents } from './alert-repository.ts';
import { alertingRoutes } from './api.ts';
import { presentAlert, presentIncident } from './present-alert.ts';
import { readAlert } from './read-alert.ts';

const env = config({ ALERTING_TABLE: z.string(), FLEET_TABLE: z.string() });
const store = { db: documentClient(), alertingTable: env.ALERTING_TABLE, fleetTable: env.FLEET_TABLE };
const reach = reachSite(readSite(store));

export const handler = apiHandler(alertingRoutes, {
  listAlerts: async ({ who, query }) => {
    const reached = await reach(who, query.site_id);
    if (!reached.ok) return reached;
    const { found, nextCursor } = await listAlerts(store)(query.site_id, query);
    return succeed({
      body: {
        alerts: found.map(presentAlert),
        count: found.length,
        ...(nextCursor && { next_cursor: nextCursor }),
      },
    });
  },
  getAlert: async ({ who, params, query }) => {
    const reached = await reach(who, query.site_id);
    if (!reached.ok) return reached;
    const alert = await readAlert(store)(query.site_id, params.alert_id);
    return alert ? succeed({ body: { alert: presentAlert(alert) } }) : fail('not_found', 'Alert not found');
  },
  listIncidents: async ({ who, query }) => {
    const reached = await reach(who, query.site_id);
    if (!reached.ok) return reached;
    const { found, nextCursor } = await listIncidents(store)(query.site_id, query);
    return succeed({
      body: {
        incidents: found.map(presentIncident),
        count: found.length,
        ...(nextCursor && { next_cursor: nextCursor }),
      },
    });
  },
});
