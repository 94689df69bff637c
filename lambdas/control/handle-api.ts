import * as z from 'zod';
import { readSite } from '../fleet/fleet-directory.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { type Result, succeed } from '../shared/result.ts';
import { controlRoutes } from './api.ts';
import { listCommands, readCommand } from './command-repository.ts';
import { showCommand, showCommands } from './view-command.ts';

const env = config({ CONTROL_TABLE: z.string(), FLEET_TABLE: z.string() });
const db = documentClient();
const store = { db, controlTable: env.CONTROL_TABLE };
const list = showCommands({
  readSite: readSite({ db, fleetTable: env.FLEET_TABLE }),
  listCommands: listCommands(store),
});
const get = showCommand({ readCommand: readCommand(store) });

const asBody = <T>(result: Result<T>) => (result.ok ? succeed({ body: result.value }) : result);

export const handler = apiHandler(controlRoutes, {
  listCommands: async ({ who, query }) => asBody(await list(who, query)),
  getCommand: async ({ who, params, query }) => asBody(await get(who, query.site_id, params.command_id)),
});
