import * as z from 'zod';
import { gatewaySealedMessage } from '../../contracts/gateway-sealing.ts';
import { gatewayId, siteIdText } from '../../contracts/identifiers.ts';
import { readGatewayOwner } from '../fleet/fleet-directory.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import * as repository from './sealing-repository.ts';
import { takeSealed } from './take-sealed.ts';

const env = config({ SEALING_TABLE: z.string(), AUDIT_TABLE: z.string(), FLEET_TABLE: z.string() });
const db = documentClient();
const store = { db, sealingTable: env.SEALING_TABLE, auditTable: env.AUDIT_TABLE };
/** The place that the rule adds, taken from the topic that the gateway's policy lets it use. */
const received = z.object({ topicSiteId: siteIdText, topicGatewayId: gatewayId }).loose();

const take = takeSealed({
  readGatewayOwner: readGatewayOwner({ db, fleetTable: env.FLEET_TABLE }),
  putGatewayKey: repository.putGatewayKey(store),
  putPart: repository.putPart(store),
  listParts: repository.listParts(store),
  deletePart: repository.deletePart(store),
  readInventory: repository.readInventory(store),
  putInventory: repository.putInventory(store),
  clock: systemClock,
});

/** Takes in the keys that gateways name and the inventories that they sealed. */
export const handler = sqsHandler(async ({ body }) => {
  const { topicSiteId, topicGatewayId, ...message } = received.parse(JSON.parse(body));
  await take({
    siteId: topicSiteId,
    gatewayId: topicGatewayId,
    message: gatewaySealedMessage.parse(message),
  });
});
