import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { inTurns } from './block-cache.ts';
import { rollUp } from './roll-up.ts';
import { rollUpRequest } from './roll-up-request.ts';

const env = config({ TELEMETRY_TABLE: z.string() });
const renew = rollUp({ db: documentClient(), telemetryTable: env.TELEMETRY_TABLE, clock: systemClock });
const inTurn = inTurns();

export const handler = sqsHandler(async ({ body }) => {
  const { windows, final, ...shard } = rollUpRequest.parse(JSON.parse(body));
  await inTurn(JSON.stringify(shard), () => renew(shard, windows, final));
});
