import * as z from 'zod';
import { listCommands } from '../control/command-lists.ts';
import {
  amendCommand,
  findByDedupeKey,
  insertCommand,
  moveCommand,
  readCommand,
} from '../control/command-repository.ts';
import { readPolicy } from '../control/policy-repository.ts';
import { quotaItems } from '../control/quota-repository.ts';
import { readMiner, readSite } from '../fleet/fleet-directory.ts';
import { sealOrder } from '../sealing/seal-orders.ts';
import { readGatewayKey } from '../sealing/sealing-repository.ts';
import { systemClock as clock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { legacyApi, legacyDeps } from './legacy-api.ts';
import { isOn, listSitesOn, readSwitch } from './legacy-repository.ts';

const env = config({
  LEGACY_TABLE: z.string(),
  CONTROL_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  SEALING_TABLE: z.string(),
});
const db = documentClient();
const store = { db, legacyTable: env.LEGACY_TABLE };
const control = { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };
const fleet = { db, fleetTable: env.FLEET_TABLE };
const successor = {
  readSite: readSite(fleet),
  readMiner: readMiner(fleet),
  readPolicy: readPolicy(control),
  readCommand: readCommand(control),
  listCommands: listCommands(control),
  findByDedupeKey: findByDedupeKey(control),
  insertCommand: insertCommand(control),
  moveCommand: moveCommand(control),
  amendCommand: amendCommand(control),
  sealOrder: sealOrder(readGatewayKey({ db, sealingTable: env.SEALING_TABLE })),
  quotaItems: quotaItems(control),
  clock,
};
const sitesOn = (tenantId: string) => listSitesOn(store)(tenantId, clock.nowMs());

export const handler = legacyApi(legacyDeps(successor, sitesOn), async (tenantId, siteId) => {
  const setting = await readSwitch(store)(tenantId, siteId);
  return setting !== undefined && isOn(setting, clock.nowMs());
});
