import { setTimeout as delay } from 'node:timers/promises';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { topics } from '../../contracts/topics.ts';
import {
  openGatewaySecret,
  readGatewayIds,
  readGatewayOwner,
  readSiteIds,
} from '../fleet/fleet-directory.ts';
import { parseBusEvent, parseDomainEvent } from '../shared/bus-message.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { listApproved, listCommands } from './command-lists.ts';
import { readCommands } from './command-repository.ts';
import { dispatchCommands } from './dispatch-command.ts';
import { gatewaysUnder } from './gateways-under.ts';
import { readHaltsOver } from './halt-repository.ts';
import { allocate, markPublished, readLane } from './lane-repository.ts';
import { publishEnvelopes } from './publish-envelopes.ts';
import { publishHalts } from './publish-halts.ts';

const env = config({ CONTROL_TABLE: z.string(), AUDIT_TABLE: z.string(), FLEET_TABLE: z.string() });
const db = documentClient();
const store = { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };
const fleet = { db, fleetTable: env.FLEET_TABLE };
const broker = new IoTDataPlaneClient({});
const secrets = openGatewaySecret({ ...fleet, kms: new KMSClient({}) });
const list = listCommands(store);
const mostWaiting = 1_000;

const dispatch = dispatchCommands({
  readCommands: readCommands(store),
  listApproved: listApproved(store),
  readLane: readLane(store),
  allocate: allocate(store),
  markPublished: markPublished(store),
  openGatewaySecret: secrets,
  publish: publishEnvelopes(broker),
  wait: delay,
  clock: systemClock,
});

const publish = publishHalts({
  readHaltsOver: readHaltsOver(store),
  openGatewaySecret: secrets,
  gatewaysUnder: gatewaysUnder({
    readSiteIds: readSiteIds(fleet),
    readGatewayIds: readGatewayIds(fleet),
    readGatewayOwner: readGatewayOwner(fleet),
  }),
  publish: async (message) => {
    const payload = Buffer.from(JSON.stringify(message), 'utf8');
    await broker.send(new PublishCommand({ topic: topics.halt(message), qos: 1, retain: true, payload }));
  },
  listApproved: async (siteId) =>
    (await list(siteId, mostWaiting, 'APPROVED')).commands.map(({ commandId }) => commandId),
  dispatch,
  clock: systemClock,
});

/** Tells the gateways under a kill switch that it was set or lifted, and a gateway with a new secret how it stands, signed anew. */
export const handler = sqsHandler(async ({ body }) => {
  if (parseBusEvent(body).type.startsWith('gateway.')) {
    const { event, payload } = parseDomainEvent(
      body,
      'gateway.credentials.issued',
      'gateway.credentials.taken_up',
    );
    const place = { siteId: event.site_id, gatewayId: payload.gateway_id };
    // A later set is told of when it is taken up: until then the gateway may not have what the cloud signs with.
    const isCurrent = event.type === 'gateway.credentials.taken_up' || payload.generation === 1;
    if (isCurrent) await publish({ tenantId: event.tenant_id, ...place }, false);
    return;
  }
  const { type, event, payload } = parseDomainEvent(body, 'control.halt.set', 'control.halt.lifted');
  await publish(
    {
      tenantId: event.tenant_id,
      ...(payload.scope !== 'tenant' && { siteId: event.site_id }),
      ...(payload.gateway_id !== undefined && { gatewayId: payload.gateway_id }),
    },
    type === 'control.halt.lifted',
  );
});
