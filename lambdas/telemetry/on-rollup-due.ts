import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { readGatewayOwner, readMiner, readMinersOfGateway, readSite } from '../fleet/fleet-directory.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { inTurns } from './block-cache.ts';
import { s3BlockStore } from './block-store.ts';
import { gatewayRegistry } from './gateway-registry.ts';
import { telemetryMetrics } from './metric-names.ts';
import { compactGroups } from './roll-up-groups.ts';
import { compactShard } from './roll-up-levels.ts';
import { requestGroups, requestShard, rollUpRequest } from './roll-up-request.ts';
import { type RolledUp, rollUpShard } from './roll-up-shard.ts';
import { doRounds } from './rounds.ts';
import { requestSetAside } from './set-aside-request.ts';
import { setAsideSealed } from './set-aside-sealed.ts';
import { siteTimeZone } from './site-time-zone.ts';

const env = config({
  TELEMETRY_TABLE: z.string(),
  TELEMETRY_BUCKET: z.string(),
  FLEET_TABLE: z.string(),
  ROLL_UP_QUEUE: z.string(),
  SET_ASIDE_QUEUE: z.string(),
});
const sqs = new SQSClient({});
const metrics = new Metrics();
const db = documentClient();
const fleet = { db, fleetTable: env.FLEET_TABLE };
const registry = gatewayRegistry(
  {
    readMinersOfGateway: readMinersOfGateway(fleet),
    readMiner: readMiner(fleet),
    readGatewayOwner: readGatewayOwner(fleet),
  },
  systemClock,
);
const deps = {
  db,
  telemetryTable: env.TELEMETRY_TABLE,
  blocks: s3BlockStore(new S3Client({}), env.TELEMETRY_BUCKET),
  clock: systemClock,
  readFacts: registry.readFacts,
  timeZoneOf: siteTimeZone(
    { readGatewayOwner: readGatewayOwner(fleet), readSite: readSite(fleet) },
    systemClock,
  ),
  setAside: setAsideSealed({
    readOwner: registry.readOwner,
    requestSetAside: requestSetAside(sqs, env.SET_ASIDE_QUEUE),
  }),
};
const inTurn = inTurns();
const roundsMs = 60_000;

const rounds = (round: () => Promise<{ readonly isMore: boolean }>) => doRounds(round, systemClock, roundsMs);

const measured = async (round: Promise<RolledUp>) => {
  const { behindMs, ...done } = await round;
  if (behindMs !== undefined)
    metrics.addMetric(telemetryMetrics.rollUpBehind, MetricUnit.Milliseconds, behindMs);
  return done;
};

const each = sqsHandler(async ({ body }) => {
  const request = rollUpRequest.parse(JSON.parse(body));
  if ('groups' in request) {
    const isMore = await inTurn(`${request.siteId}`, () => rounds(() => compactGroups(deps)(request.siteId)));
    if (isMore) await requestGroups(sqs, env.ROLL_UP_QUEUE)(request.siteId);
    return;
  }
  const { siteId, gatewayId, shard } = request;
  const of = { siteId, gatewayId, shard };
  await inTurn(JSON.stringify(of), async () => {
    let isMore = await rounds(() => measured(rollUpShard(deps)(of)));
    if (request.levels && !isMore) isMore = await rounds(() => compactShard(deps)(of));
    if (isMore) await requestShard(sqs, env.ROLL_UP_QUEUE)(of, request.levels);
  });
});

export const handler: typeof each = async (event, context, callback) => {
  try {
    return await each(event, context, callback);
  } finally {
    metrics.publishStoredMetrics();
  }
};
