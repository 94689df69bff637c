import { setTimeout as delay } from 'node:timers/promises';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { openGatewaySecret } from '../fleet/fleet-directory.ts';
import { parseDomainEvent } from '../shared/bus-message.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsGroupHandler } from '../shared/sqs-group.ts';
import { listApproved } from './command-lists.ts';
import { readCommands } from './command-repository.ts';
import { dispatchCommands } from './dispatch-command.ts';
import { allocate, markPublished, readLane } from './lane-repository.ts';
import { publishEnvelopes } from './publish-envelopes.ts';

const env = config({ CONTROL_TABLE: z.string(), AUDIT_TABLE: z.string(), FLEET_TABLE: z.string() });
const db = documentClient();
const store = { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };
const broker = new IoTDataPlaneClient({});

const dispatch = dispatchCommands({
  readCommands: readCommands(store),
  listApproved: listApproved(store),
  readLane: readLane(store),
  allocate: allocate(store),
  markPublished: markPublished(store),
  openGatewaySecret: openGatewaySecret({ db, fleetTable: env.FLEET_TABLE, kms: new KMSClient({}) }),
  publish: publishEnvelopes(broker),
  wait: delay,
  clock: systemClock,
});

/** Sends approved commands to their gateways, those of one gateway together. */
export const handler = sqsGroupHandler({
  parse: ({ body }) => {
    const { event, payload } = parseDomainEvent(body, 'control.command.approved');
    return { siteId: event.site_id, gatewayId: payload.gateway_id, commandId: payload.command_id };
  },
  groupBy: ({ siteId, gatewayId }) => `${siteId}/${gatewayId}`,
  handle: async (group) => {
    const siteId = group[0]?.siteId ?? 0;
    await dispatch(siteId, [...new Set(group.map(({ commandId }) => commandId))]);
    return [];
  },
});
