import { TransactGetCommand } from '@aws-sdk/lib-dynamodb';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import type { ControlReader, ControlStore } from './command-repository.ts';
import { controlKeys } from './control-keys.ts';
import { type HaltPlace, type HaltRecord, type Halts, haltRecord } from './halt.ts';

const keyOf = (place: HaltPlace) => {
  switch (place.scope) {
    case 'tenant':
      return controlKeys.tenantHalt(place.tenantId);
    case 'site':
      return controlKeys.siteHalt(place.siteId);
    case 'gateway':
      return controlKeys.gatewayHalt(place.siteId, place.gatewayId);
  }
};

const toHalt = (item: unknown): HaltRecord | 'unreadable' | undefined => {
  if (item === undefined) return undefined;
  const parsed = haltRecord.safeParse(item);
  return parsed.success ? parsed.data : 'unreadable';
};

/** Switches as they stand at one and the same moment, in the order asked. At most 100. */
export const readHalts =
  ({ db, controlTable }: ControlReader) =>
  async (places: readonly HaltPlace[]): Promise<(HaltRecord | 'unreadable' | undefined)[]> => {
    const { Responses } = await db.send(
      new TransactGetCommand({
        TransactItems: places.map((place) => ({ Get: { TableName: controlTable, Key: keyOf(place) } })),
      }),
    );
    return places.map((_, at) => toHalt(Responses?.[at]?.Item));
  };

/** Everything that halts one gateway. */
export const readHaltsOver =
  (store: ControlReader) =>
  async (tenantId: string, siteId: number, gatewayId: string): Promise<Halts> => {
    const [tenant, site, gateway] = await readHalts(store)([
      { scope: 'tenant', tenantId },
      { scope: 'site', tenantId, siteId },
      { scope: 'gateway', tenantId, siteId, gatewayId },
    ]);
    return { tenant, site, gateway };
  };

/** Conditions for a transaction that may only happen while none of these switches is set. What is there and not a clear no, halts. */
export const notHalted = (
  { controlTable: TableName }: Pick<ControlStore, 'controlTable'>,
  places: readonly HaltPlace[],
): TransactItem[] =>
  places.map((place) => ({
    ConditionCheck: {
      TableName,
      Key: keyOf(place),
      ConditionExpression: 'attribute_not_exists(pk) OR halted = :no',
      ExpressionAttributeValues: { ':no': false },
    },
  }));

/** Writes a switch with its events, unless it has changed since it was read. */
export const putHalt =
  (store: ControlStore) =>
  async (
    place: HaltPlace,
    before: HaltRecord | 'unreadable' | undefined,
    next: HaltRecord,
    event: NewDomainEvent,
  ): Promise<boolean> => {
    const unchanged =
      before === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : before === 'unreadable'
          ? {}
          : {
              ConditionExpression: 'revision = :revision',
              ExpressionAttributeValues: { ':revision': before.revision },
            };
    const put: TransactItem = {
      Put: { TableName: store.controlTable, Item: { ...keyOf(place), ...next }, ...unchanged },
    };
    return (await commitWithAudit(store)([put], [event])).ok;
  };

/** Whether a switch over the site or its tenant stops its orders now. */
export const isHaltedAt =
  (store: ControlReader) =>
  async (tenantId: string, siteId: number): Promise<boolean> => {
    const halts = await readHalts(store)([
      { scope: 'tenant', tenantId },
      { scope: 'site', tenantId, siteId },
    ]);
    return halts.some((one) => one === 'unreadable' || one?.halted);
  };
