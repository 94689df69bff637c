import * as z from 'zod';
import { readGatewayOwner } from '../fleet/fleet-directory.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { parseSafetyEvent } from './gateway-message.ts';
import { recordSafetyEvent } from './record-safety-event.ts';
import { insertSafetyEvent } from './safety-repository.ts';

const env = config({ CONTROL_TABLE: z.string(), AUDIT_TABLE: z.string(), FLEET_TABLE: z.string() });
const db = documentClient();

const record = recordSafetyEvent({
  readGatewayOwner: readGatewayOwner({ db, fleetTable: env.FLEET_TABLE }),
  insertSafetyEvent: insertSafetyEvent({ db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE }),
});

/** Keeps what gateways refused or did by themselves to protect their sites. */
export const handler = sqsHandler(async ({ body }) => record(parseSafetyEvent(body)));
