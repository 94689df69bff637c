import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CommandEnvelope } from '../../contracts/command.ts';
import type { CommandRecord } from './command.ts';
import { type ControlStore, readCommand } from './command-repository.ts';
import { controlKeys } from './control-keys.ts';

const given = z.object({ commandId: z.string(), sequence: z.int() });
type Reader = Pick<ControlStore, 'db' | 'controlTable'>;

/** The commands that were given a sequence above `after`, at most `limit`, in its order. */
const readGiven =
  ({ db, controlTable }: Reader) =>
  async (
    siteId: number,
    gatewayId: string,
    after: number,
    limit: number,
  ): Promise<readonly z.infer<typeof given>[]> => {
    const { pk, sk } = controlKeys.envelope(siteId, gatewayId, after);
    const { Items } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        KeyConditionExpression: 'pk = :lane AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':lane': pk, ':first': `${sk}~`, ':last': 'SEQUENCE#~' },
        ConsistentRead: true,
        Limit: limit,
      }),
    );
    return (Items ?? []).map((item) => given.parse(item));
  };

export type Pending = { readonly command: CommandRecord; readonly envelope: CommandEnvelope };

/**
 * What a gateway that has decided on every sequence up to `after` should be handed: the stored envelopes of commands that are on their
 * way to it and have time left, in the order of their sequences, at most `limit`. The same envelopes go out over MQTT; the gateway
 * takes each once.
 */
export const pendingEnvelopes =
  (store: Reader) =>
  async (
    siteId: number,
    gatewayId: string,
    after: number,
    limit: number,
    nowMs: number,
  ): Promise<readonly Pending[]> => {
    const pending: Pending[] = [];
    for (let from = after; ; ) {
      const sequences = await readGiven(store)(siteId, gatewayId, from, limit);
      const commands = await Promise.all(
        sequences.map(({ commandId }) => readCommand(store)(siteId, commandId)),
      );
      for (const command of commands) {
        const envelope = command?.envelope;
        if (envelope && command.status === 'DISPATCHED' && envelope.expiresAtMs > nowMs)
          pending.push({ command, envelope });
      }
      from = sequences.at(-1)?.sequence ?? from;
      if (pending.length > 0 || sequences.length < limit) return pending;
    }
  };
