import { KMSClient } from '@aws-sdk/client-kms';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { rewrapWithKms } from './rewrap-with-kms.ts';
import { rotateKeys } from './rotation.ts';
import { nextParts, putRotation, readParts, readRotation, replaceKeys } from './rotation-repository.ts';

const env = config({
  SEALING_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  SEALING_KEY_ARN: z.string(),
  ROTATION_DAYS: z.coerce.number().int().positive(),
});
const store = { db: documentClient(), sealingTable: env.SEALING_TABLE, auditTable: env.AUDIT_TABLE };
const rotate = rotateKeys({
  readRotation: readRotation(store),
  putRotation: putRotation(store),
  nextParts: nextParts(store),
  readParts: readParts(store),
  replaceKeys: replaceKeys(store),
  rewrap: rewrapWithKms(new KMSClient({}), env.SEALING_KEY_ARN),
  keyArn: env.SEALING_KEY_ARN,
  everyMs: env.ROTATION_DAYS * 24 * 3_600_000,
  clock: systemClock,
});
const marginMs = 15_000;

/** Each hour: goes on with the pass over all sealed values, or begins one when it is time. */
export const handler = async (_event: unknown, context: Context) => {
  const rotation = await rotate(() => context.getRemainingTimeInMillis() > marginMs);
  if (!rotation) return;
  const { runId, rewrapped, foreign, refused } = rotation;
  logger.info('wrapped data keys anew', { runId, rewrapped, foreign, refused });
  if (rotation.doneAtMs !== undefined && refused > 0)
    throw new Error(`${refused} wrapped keys were refused by KMS in pass ${runId}`);
};
