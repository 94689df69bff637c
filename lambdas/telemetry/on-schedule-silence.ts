import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ScheduledHandler } from 'aws-lambda';
import * as z from 'zod';
import { readGatewayOwner, readMiner, readMinersOfGateway } from '../fleet/fleet-directory.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { closedWindows, silence, silentShards } from './find-silence.ts';
import { gatewayRegistry } from './gateway-registry.ts';
import {
  type LiveHead,
  noteClosed,
  readBlock,
  readHeads,
  replaceBlock,
  reportingSites,
} from './live-repository.ts';
import { publishAnomalies } from './publish-anomalies.ts';
import { requestRollUp } from './roll-up-request.ts';
import type { Shard } from './telemetry-keys.ts';

const env = config({
  TELEMETRY_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  EVENT_BUS: z.string(),
  ROLL_UP_QUEUE: z.string(),
});
const store = { db: documentClient(), telemetryTable: env.TELEMETRY_TABLE, fleetTable: env.FLEET_TABLE };
const registry = gatewayRegistry(
  {
    readMinersOfGateway: readMinersOfGateway(store),
    readMiner: readMiner(store),
    readGatewayOwner: readGatewayOwner(store),
  },
  systemClock,
);
const publish = publishAnomalies(new EventBridgeClient({}), env.EVENT_BUS);
const request = requestRollUp(new SQSClient({}), env.ROLL_UP_QUEUE);

const shardOf = ({ site_id, gateway_id, shard }: LiveHead): Shard => ({
  siteId: site_id,
  gatewayId: gateway_id,
  shard,
});

/** Announces first and marks then: a crash in between announces twice, which alerting takes for one. */
const report = async (head: LiveHead, nowMs: number) => {
  const block = await readBlock(store)(shardOf(head));
  if (block.version !== head.version) return;
  const found = silence(block, await registry.readFacts(head.gateway_id, []), nowMs);
  if (found.detected.anomalies.length > 0) await publish(found.detected);
  await replaceBlock(store)(found.block);
  logger.warn('gateway silent', {
    siteId: head.site_id,
    gatewayId: head.gateway_id,
    shard: head.shard,
    miners: block.miners.size,
  });
};

/** Each minute: gateways that have fallen silent, and windows that no later batch will close. */
export const handler: ScheduledHandler = async () => {
  const nowMs = systemClock.nowMs();
  for (const site of await reportingSites(store)()) {
    const heads = await readHeads(store)(site);
    for (const { head, windowStartMs } of closedWindows(heads, nowMs)) {
      await request(shardOf(head), [windowStartMs], true);
      await noteClosed(store)(head, windowStartMs);
    }
    for (const head of silentShards(heads, nowMs)) await report(head, nowMs);
  }
};
