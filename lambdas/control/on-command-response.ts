import * as z from 'zod';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { sqsGroupHandler } from '../shared/sqs-group.ts';
import { noteLateAnswer, readCommands } from './command-repository.ts';
import { parseResponses } from './gateway-message.ts';
import { moveAll } from './move-commands.ts';
import { recordResponses } from './record-response.ts';

const env = config({ CONTROL_TABLE: z.string(), AUDIT_TABLE: z.string() });
const store = { db: documentClient(), controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };

const record = recordResponses({
  readCommands: readCommands(store),
  moveAll: moveAll(store),
  noteLateAnswer: noteLateAnswer(store),
  clock: systemClock,
});

/** Takes gateways' answers to commands, those of one site together; a message of which any answer cannot be right is kept aside. */
export const handler = sqsGroupHandler({
  parse: ({ body }) => parseResponses(body),
  groupBy: (responses) => String(responses[0]?.siteId),
  handle: async (group) => {
    const faults = await record(group.flat());
    let from = 0;
    return group.map(({ length }) => {
      from += length;
      return faults.slice(from - length, from).find((fault) => fault !== undefined);
    });
  },
});
