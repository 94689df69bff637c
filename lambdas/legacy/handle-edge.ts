import * as z from 'zod';
import { device } from '../../contracts/gateway-keys.ts';
import { pendingEnvelopes } from '../control/pending-envelopes.ts';
import { readMiner } from '../fleet/fleet-directory.ts';
import { readGateway } from '../gateway/gateway-repository.ts';
import { pollCommands } from '../gateway/poll-commands.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock as clock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, succeed } from '../shared/result.ts';
import { legacyEdgeRoutes } from './api.ts';
import { withSunset } from './gone.ts';
import { isOn, readSwitch } from './legacy-repository.ts';

const env = config({ LEGACY_TABLE: z.string(), CONTROL_TABLE: z.string(), FLEET_TABLE: z.string() });
const db = documentClient();
const fleet = { db, fleetTable: env.FLEET_TABLE };
/** The old answer has no place for a halt: gateways hear of it over MQTT, and the dispatcher hands nothing out meanwhile. */
const neverHalted = -1;
const notTold = async () => {
  throw new Error('the old poll tells of no halt');
};
const poll = pollCommands({
  pendingEnvelopes: pendingEnvelopes({ db, controlTable: env.CONTROL_TABLE }),
  readMiner: readMiner(fleet),
  readGateway: readGateway(fleet),
  readHalt: async () => ({ epoch: neverHalted, message: notTold }),
  clock,
});

/** The old poll did not wait. */
const handle = apiHandler(legacyEdgeRoutes, {
  pollLegacyCommands: async ({ who, query }) => {
    const answer = await poll(who, { after: query.after, wait_s: 0, halt_epoch: neverHalted });
    if (!answer) return fail('not_authenticated', 'Authentication required');
    const { commands } = answer;
    return succeed({ body: { success: true, commands, count: commands.length } });
  },
});

export const handler = withSunset<Parameters<typeof handle>[0]>(async ({ requestContext }) => {
  const text = requestContext.authorizer?.lambda?.device;
  if (!text) return 'stranger';
  const { tenantId, siteId } = device.parse(JSON.parse(text));
  const setting = await readSwitch({ db, legacyTable: env.LEGACY_TABLE })(tenantId, siteId);
  return setting !== undefined && isOn(setting, clock.nowMs());
}, handle);
