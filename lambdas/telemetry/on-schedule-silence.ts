import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ScheduledHandler } from 'aws-lambda';
import * as z from 'zod';
import { readGatewayOwner, readMiner, readMinersOfGateway } from '../fleet/fleet-directory.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { s3BlockStore } from './block-store.ts';
import { closedWindows, silence, silentShards } from './find-silence.ts';
import { gatewayRegistry } from './gateway-registry.ts';
import { openShard } from './known-shard.ts';
import { encodeLive } from './live-codec.ts';
import {
  type LiveHead,
  noteClosed,
  readHeads,
  readShard,
  reportingSites,
  shardOfHead,
  writeShard,
} from './live-repository.ts';
import { publishAnomalies } from './publish-anomalies.ts';
import { requestShard } from './roll-up-request.ts';

const env = config({
  TELEMETRY_TABLE: z.string(),
  TELEMETRY_BUCKET: z.string(),
  FLEET_TABLE: z.string(),
  EVENT_BUS: z.string(),
  ROLL_UP_QUEUE: z.string(),
});
const store = {
  db: documentClient(),
  telemetryTable: env.TELEMETRY_TABLE,
  fleetTable: env.FLEET_TABLE,
  blocks: s3BlockStore(new S3Client({}), env.TELEMETRY_BUCKET),
};
const registry = gatewayRegistry(
  {
    readMinersOfGateway: readMinersOfGateway(store),
    readMiner: readMiner(store),
    readGatewayOwner: readGatewayOwner(store),
  },
  systemClock,
);
const publish = publishAnomalies(new EventBridgeClient({}), env.EVENT_BUS);
const request = requestShard(new SQSClient({}), env.ROLL_UP_QUEUE);

/** Announces first and marks then: a crash in between announces twice, which alerting takes for one. */
const report = async (head: LiveHead, nowMs: number) => {
  const known = await readShard(store)(shardOfHead(head));
  if (known.head.version !== head.version) return;
  const { live, rows } = openShard(known);
  const found = silence(live, await registry.readFacts(head.gateway_id, []), nowMs);
  if (found.detected.anomalies.length > 0) await publish(found.detected);
  const { sequences } = known.head;
  const bytes = encodeLive(found.live, rows);
  await writeShard(store)({ live: found.live, bytes, sequences, replaces: known.stored });
  logger.warn('gateway silent', {
    siteId: head.site_id,
    gatewayId: head.gateway_id,
    shard: head.shard,
    miners: live.minerIds.length,
  });
};

/** Each minute: gateways that have fallen silent, and windows that no later batch will close. */
export const handler: ScheduledHandler = async () => {
  const nowMs = systemClock.nowMs();
  for (const site of await reportingSites(store)()) {
    const heads = await readHeads(store)(site);
    for (const { head, windowStartMs } of closedWindows(heads, nowMs)) {
      await request(shardOfHead(head));
      await noteClosed(store)(head, windowStartMs);
    }
    for (const head of silentShards(heads, nowMs)) await report(head, nowMs);
  }
};
