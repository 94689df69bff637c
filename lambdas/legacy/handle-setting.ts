import * as z from 'zod';
import { readSite } from '../fleet/fleet-directory.ts';
import { reachSite } from '../fleet/manage-fleet.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { type Result, succeed } from '../shared/result.ts';
import { legacySettingRoutes } from './api.ts';
import { readSwitch, writeSwitch } from './legacy-repository.ts';
import { showSwitch, switchLegacy } from './switch-legacy.ts';

const env = config({ LEGACY_TABLE: z.string(), AUDIT_TABLE: z.string(), FLEET_TABLE: z.string() });
const db = documentClient();
const store = { db, legacyTable: env.LEGACY_TABLE, auditTable: env.AUDIT_TABLE };
const deps = {
  reach: reachSite(readSite({ db, fleetTable: env.FLEET_TABLE })),
  readSwitch: readSwitch(store),
  writeSwitch: writeSwitch(store),
  clock: systemClock,
};

const asBody = <T>(result: Result<T>) => (result.ok ? succeed({ body: result.value }) : result);

export const handler = apiHandler(legacySettingRoutes, {
  getLegacyApi: async ({ who, params }) => asBody(await showSwitch(deps)(who, params.site_id)),
  switchLegacyApi: async ({ who, params, body }) =>
    asBody(await switchLegacy(deps)(who, params.site_id, body)),
});
