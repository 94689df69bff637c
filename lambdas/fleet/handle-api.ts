import * as z from 'zod';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fleetRoutes } from './api.ts';
import { customerHandlers } from './bind-customers.ts';
import { minerHandlers } from './bind-miners.ts';
import { siteHandlers } from './bind-sites.ts';
import { readSite } from './fleet-directory.ts';
import { atSiteOf } from './reach.ts';

const env = config({ FLEET_TABLE: z.string(), AUDIT_TABLE: z.string() });
const store = { db: documentClient(), fleetTable: env.FLEET_TABLE, auditTable: env.AUDIT_TABLE };
const clock = systemClock;
const atSite = atSiteOf(readSite(store), clock);
const deps = { store, atSite, clock };

export const handler = apiHandler(fleetRoutes, {
  ...siteHandlers(deps),
  ...minerHandlers(deps),
  ...customerHandlers(deps),
});
