import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { moveCommand, noteLateAnswer, readCommand } from '../control/command-repository.ts';
import { combined } from '../control/halt.ts';
import { readHaltsOver } from '../control/halt-repository.ts';
import { pendingEnvelopes } from '../control/pending-envelopes.ts';
import { haltMessageFor } from '../control/publish-halts.ts';
import { recordResponse } from '../control/record-response.ts';
import { openGatewaySecret, readMiner } from '../fleet/fleet-directory.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { receiptFor } from '../telemetry/gateway-receipts.ts';
import { readHeads } from '../telemetry/live-repository.ts';
import { acknowledgeCommand } from './acknowledge-command.ts';
import { edgeRoutes } from './edge-api.ts';
import { forwardGone, forwardSafety, forwardTelemetry } from './forward-reports.ts';
import { readGateway } from './gateway-repository.ts';
import { pollCommands } from './poll-commands.ts';
import { sendToQueue } from './send-to-queue.ts';

const env = config({
  CONTROL_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  TELEMETRY_QUEUE: z.string(),
  GONE_QUEUE: z.string(),
  SAFETY_QUEUE: z.string(),
  TELEMETRY_TABLE: z.string(),
});
const db = documentClient();
const control = { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };
const fleet = { db, fleetTable: env.FLEET_TABLE };
const sqs = new SQSClient({});
const clock = systemClock;

const tellHalt = haltMessageFor({
  readHaltsOver: readHaltsOver(control),
  openGatewaySecret: openGatewaySecret({ ...fleet, kms: new KMSClient({}) }),
  clock,
});
const poll = pollCommands({
  pendingEnvelopes: pendingEnvelopes(control),
  readMiner: readMiner(fleet),
  readGateway: readGateway(fleet),
  readHalt: async ({ tenantId, siteId, gatewayId }) => ({
    epoch: combined(await readHaltsOver(control)(tenantId, siteId, gatewayId)).epoch,
    message: () => tellHalt(tenantId, siteId, gatewayId),
  }),
  clock,
});
const acknowledge = acknowledgeCommand({
  readCommand: readCommand(control),
  recordResponse: recordResponse({
    readCommand: readCommand(control),
    moveCommand: moveCommand(control),
    noteLateAnswer: noteLateAnswer(control),
    clock,
  }),
});
const telemetry = forwardTelemetry({ enqueue: sendToQueue(sqs, env.TELEMETRY_QUEUE), clock });
const gone = forwardGone({ enqueue: sendToQueue(sqs, env.GONE_QUEUE) });
const safety = forwardSafety({ enqueue: sendToQueue(sqs, env.SAFETY_QUEUE) });

const heads = readHeads({ db, telemetryTable: env.TELEMETRY_TABLE });

const asBody = <T>(result: Result<T>) => (result.ok ? succeed({ body: result.value }) : result);

export const handler = apiHandler(edgeRoutes, {
  pollCommands: async ({ who, query }) => {
    const body = await poll(who, query);
    return body ? succeed({ body }) : fail('not_authenticated', 'Authentication required');
  },
  acknowledgeCommand: async ({ who, params, body }) =>
    asBody(await acknowledge(who, params.command_id, body)),
  ingestTelemetry: async ({ who, bytes }) => asBody(await telemetry(who, bytes)),
  readReceipt: async ({ who: { siteId, gatewayId } }) => {
    const receipt = receiptFor(await heads(siteId), gatewayId, clock.nowMs());
    return succeed({ body: { ...(receipt && { receipt }) } });
  },
  reportGone: async ({ who, body }) => asBody(await gone(who, body)),
  reportSafety: async ({ who, body }) => asBody(await safety(who, body.events)),
});
