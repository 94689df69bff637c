import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { EventPayload } from '../../contracts/event-catalogue.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import type { CommandRecord } from './command.ts';

export type Actor = Pick<NewDomainEvent, 'actor_type' | 'actor_id'>;

export const controlActor: Actor = { actor_type: 'system', actor_id: 'control' };
export const gatewayActor = (gatewayId: string): Actor => ({ actor_type: 'device', actor_id: gatewayId });

/** Who stands behind `user:5`, `rule:2` or `ai:advisor`. A rule acts for the system that people set up with it. */
export const actorOf = (who: string): Actor => {
  const [kind, id] = who.split(':', 2);
  if (kind === 'user' && id) return { actor_type: 'user', actor_id: id };
  return { actor_type: kind === 'ai' ? 'ai' : 'system', actor_id: who };
};

type CommandEventType = Extract<Parameters<typeof stateEvent>[0]['type'], `control.command.${string}`>;
type OwnPayload<T extends CommandEventType> = Omit<
  EventPayload<T>,
  'command_id' | 'correlation_id' | 'recommendation_id' | 'batch_id'
>;

/** States an event about a command, with the ids of its story. */
export const commandEvent = <T extends CommandEventType>(
  command: CommandRecord,
  actor: Actor,
  type: T,
  payload: OwnPayload<T>,
): NewDomainEvent => {
  const story = {
    command_id: command.commandId,
    miner_id: command.minerId,
    correlation_id: command.correlationId,
    ...(command.recommendationId !== undefined && { recommendation_id: command.recommendationId }),
    ...(command.batchId !== undefined && { batch_id: command.batchId }),
  };
  return stateEvent({
    ...actor,
    tenant_id: command.tenantId,
    site_id: command.siteId,
    type,
    ref_type: 'command',
    ref_id: command.commandId,
    payload: { ...story, ...payload } as EventPayload<T>,
  });
};
