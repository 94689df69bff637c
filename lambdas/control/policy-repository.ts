import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { MinerOrderType } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit } from '../audit/commit-with-audit.ts';
import type { ControlReader, ControlStore } from './command-repository.ts';
import { controlKeys } from './control-keys.ts';
import { type StoredPolicy, storedPolicy } from './policy.ts';

/** What a site demands for a type of order; undefined where it has said nothing. */
export const readPolicy =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number, type: MinerOrderType): Promise<StoredPolicy | undefined> => {
    const { Item } = await db.send(
      new GetCommand({
        TableName: controlTable,
        Key: controlKeys.policy(siteId, type),
        ConsistentRead: true,
      }),
    );
    return Item && storedPolicy.parse(Item);
  };

export const listPolicies =
  ({ db, controlTable }: ControlReader) =>
  async (siteId: number): Promise<StoredPolicy[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: controlTable,
        KeyConditionExpression: 'pk = :site AND begins_with(sk, :policy)',
        ExpressionAttributeValues: { ':site': `SITE#${siteId}`, ':policy': 'POLICY#' },
        ConsistentRead: true,
      }),
    );
    return (Items ?? []).map((item) => storedPolicy.parse(item));
  };

/** Writes or, with no `next`, removes a policy. False when it is not the one of `version` any more; 0 is none. */
export const changePolicy =
  (store: ControlStore) =>
  async (
    place: { readonly siteId: number; readonly commandType: MinerOrderType },
    version: number,
    next: StoredPolicy | undefined,
    event: NewDomainEvent,
  ): Promise<boolean> => {
    const TableName = store.controlTable;
    const key = controlKeys.policy(place.siteId, place.commandType);
    const condition =
      version === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#version = :version',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: { ':version': version },
          };
    const item = next
      ? { Put: { TableName, Item: { ...key, ...next }, ...condition } }
      : { Delete: { TableName, Key: key, ...condition } };
    return (await commitWithAudit(store)([item], [event])).ok;
  };
