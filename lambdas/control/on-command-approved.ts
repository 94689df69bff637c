import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { topics } from '../../contracts/topics.ts';
import { openGatewaySecret } from '../fleet/fleet-directory.ts';
import { parseDomainEvent } from '../shared/bus-message.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { readCommand } from './command-repository.ts';
import { dispatchCommand } from './dispatch-command.ts';
import { allocate, markPublished, readLane } from './lane-repository.ts';

const env = config({ CONTROL_TABLE: z.string(), AUDIT_TABLE: z.string(), FLEET_TABLE: z.string() });
const db = documentClient();
const store = { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };
const broker = new IoTDataPlaneClient({});

const dispatch = dispatchCommand({
  readCommand: readCommand(store),
  readLane: readLane(store),
  allocate: allocate(store),
  markPublished: markPublished(store),
  openGatewaySecret: openGatewaySecret({ db, fleetTable: env.FLEET_TABLE, kms: new KMSClient({}) }),
  publish: async (envelope) => {
    const payload = Buffer.from(JSON.stringify(envelope), 'utf8');
    await broker.send(new PublishCommand({ topic: topics.commandRequest(envelope), qos: 1, payload }));
  },
  clock: systemClock,
});

/** Sends approved commands to their gateways. */
export const handler = sqsHandler(async ({ body }) => {
  const { event, payload } = parseDomainEvent(body, 'control.command.approved');
  await dispatch(event.site_id, payload.command_id);
});
