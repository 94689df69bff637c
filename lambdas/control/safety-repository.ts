import type { SafetyEvent } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit } from '../audit/commit-with-audit.ts';
import type { ControlStore } from './command-repository.ts';
import { controlKeys } from './control-keys.ts';

/** Stores a gateway's safety event with its audit event, once. */
export const insertSafetyEvent =
  (store: ControlStore) =>
  async (event: SafetyEvent, audit: NewDomainEvent): Promise<void> => {
    const Item = { ...controlKeys.safety(event.siteId, event.gatewayId, event.eventId), ...event };
    await commitWithAudit(store)(
      [{ Put: { TableName: store.controlTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }],
      [audit],
    );
  };
