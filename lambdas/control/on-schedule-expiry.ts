import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { logger } from '../shared/logger.ts';
import { listDue } from './command-lists.ts';
import { readCommands } from './command-repository.ts';
import { expireDue } from './expire-command.ts';
import { moveAll } from './move-commands.ts';

const env = config({ CONTROL_TABLE: z.string(), AUDIT_TABLE: z.string() });
const store = { db: documentClient(), controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };

const expire = expireDue({
  readCommands: readCommands(store),
  moveAll: moveAll(store),
  listDue: listDue(store),
  clock: systemClock,
});
const marginMs = 5_000;

/** Each minute: settles the commands whose time has run out. */
export const handler = async (_event: unknown, context: Context) => {
  const settled = await expire(() => context.getRemainingTimeInMillis() > marginMs);
  if (settled > 0) logger.info('settled overdue commands', { settled });
};
