import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { EventPayload } from '../../contracts/event-catalogue.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import type { BatchRecord } from './batch.ts';
import type { Actor } from './command-events.ts';

type BatchEventType = Extract<Parameters<typeof stateEvent>[0]['type'], `control.batch.${string}`>;
type OwnPayload<T extends BatchEventType> = Omit<
  EventPayload<T>,
  'batch_id' | 'command_type' | 'miners' | 'made' | 'completed' | 'failed' | 'power_kw' | 'selection_hash'
>;

/** States an event about a batch, with what is the same in all of them. */
export const batchEvent = <T extends BatchEventType>(
  batch: BatchRecord,
  actor: Actor,
  type: T,
  payload: OwnPayload<T>,
): NewDomainEvent => {
  const common = {
    batch_id: batch.batchId,
    command_type: batch.order.type,
    miners: batch.miners,
    power_kw: batch.powerKw,
    selection_hash: batch.selectionHash,
    made: batch.made,
    completed: batch.completed,
    failed: batch.failed + batch.unknown,
  };
  return stateEvent({
    ...actor,
    tenant_id: batch.tenantId,
    site_id: batch.siteId,
    type,
    ref_type: 'batch',
    ref_id: batch.batchId,
    payload: { ...common, ...payload } as EventPayload<T>,
  });
};
