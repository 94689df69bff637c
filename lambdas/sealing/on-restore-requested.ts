import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import * as z from 'zod';
import { topics } from '../../contracts/topics.ts';
import { parseDomainEvent } from '../shared/bus-message.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { sendInventory } from './restore-inventory.ts';
import { listParts } from './sealing-repository.ts';

const env = config({ SEALING_TABLE: z.string() });
const broker = new IoTDataPlaneClient({});
const send = sendInventory({
  listParts: listParts({ db: documentClient(), sealingTable: env.SEALING_TABLE }),
  publish: async (part) => {
    const payload = Buffer.from(JSON.stringify(part), 'utf8');
    await broker.send(new PublishCommand({ topic: topics.inventory(part), qos: 1, payload }));
  },
});

/** Hands gateways the sealed inventories that somebody asked for. */
export const handler = sqsHandler(async ({ body }) => {
  const { event, payload } = parseDomainEvent(body, 'sealing.inventory.restore_requested');
  const parts = await send({ siteId: event.site_id, gatewayId: payload.gateway_id }, payload.backup_id);
  logger.info('sent a sealed inventory', { gatewayId: payload.gateway_id, parts });
});
