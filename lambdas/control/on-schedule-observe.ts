import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { s3BlockStore } from '../telemetry/block-store.ts';
import { readLive } from '../telemetry/read-live.ts';
import { listUnknown } from './command-lists.ts';
import { observeAgain, readCommands } from './command-repository.ts';
import { moveAll } from './move-commands.ts';
import { resolveUnknown } from './resolve-unknown.ts';

const env = config({
  CONTROL_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  TELEMETRY_TABLE: z.string(),
  TELEMETRY_BUCKET: z.string(),
});
const db = documentClient();
const store = { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };
const blocks = s3BlockStore(new S3Client({}), env.TELEMETRY_BUCKET);
const live = readLive({ db, telemetryTable: env.TELEMETRY_TABLE, blocks });

const resolve = resolveUnknown({
  listUnknown: listUnknown(store),
  readCommands: readCommands(store),
  readLive: async (siteId) => (await live(siteId)).map(({ reading }) => reading),
  moveAll: moveAll(store),
  observeAgain: observeAgain(store),
  clock: systemClock,
});

/** Each minute: asks telemetry what became of commands whose end is unknown. */
export const handler = async () => {
  const outcome = await resolve();
  if (outcome.settled + outcome.left > 0) logger.info('looked for effects', outcome);
};
