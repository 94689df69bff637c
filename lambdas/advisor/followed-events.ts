import type { EventType } from '../../contracts/event-catalogue.ts';

/** The events that a loop's timeline is made of. */
export const followedEvents = [
  'alerting.alert.opened',
  'alerting.incident.opened',
  'alerting.incident.grown',
  'advisor.diagnosis.made',
  'advisor.recommendation.created',
  'advisor.recommendation.approved',
  'advisor.recommendation.rejected',
  'advisor.recommendation.expired',
  'advisor.recommendation.executing',
  'advisor.recommendation.verified',
  'advisor.recommendation.completed',
  'advisor.recommendation.failed',
  'advisor.feedback.recorded',
  'control.command.proposed',
  'control.command.dispatched',
  'control.command.acknowledged',
] as const satisfies readonly EventType[];
