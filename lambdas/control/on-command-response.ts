import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { moveCommand, noteLateAnswer, readCommand } from './command-repository.ts';
import { parseResponse } from './gateway-message.ts';
import { recordResponse } from './record-response.ts';

const env = config({ CONTROL_TABLE: z.string(), AUDIT_TABLE: z.string() });
const store = { db: documentClient(), controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };

const record = recordResponse({
  readCommand: readCommand(store),
  moveCommand: moveCommand(store),
  noteLateAnswer: noteLateAnswer(store),
  clock: systemClock,
});

/** Takes gateways' answers to commands. */
export const handler = sqsHandler(async ({ body }) => record(parseResponse(body)));
