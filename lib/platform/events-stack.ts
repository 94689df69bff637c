import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Archive, EventBus, type EventPattern, Match } from 'aws-cdk-lib/aws-events';
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import type { Construct } from 'constructs';
import { eventWords } from '../../contracts/event-words.ts';
import { eventSchema, eventTypes } from '../shared/event-docs.ts';
import type { PlatformStack } from './platform-stack.ts';

/** What every domain event has and nothing else on the bus does (contracts/domain-event.ts). */
export const domainEvents: EventPattern = {
  source: Match.prefix('hashinsight.'),
  detail: { version: [1], event_id: Match.prefix('evt_') },
};

export type EventsStackProps = StackProps & { readonly platform: PlatformStack };

/** What others need to build on the bus (docs/events.md): its archive, and the schema of every type. */
export class EventsStack extends Stack {
  constructor(scope: Construct, id: string, { platform, ...props }: EventsStackProps) {
    super(scope, id, props);
    new Archive(this, 'Archive', {
      archiveName: 'hashinsight',
      description: 'Domain events of the last 400 days',
      sourceEventBus: EventBus.fromEventBusArn(this, 'Bus', platform.bus.eventBusArn),
      eventPattern: domainEvents,
      retention: Duration.days(400),
    });
    const registry = new CfnRegistry(this, 'Registry', {
      registryName: 'hashinsight',
      description: 'Events on the bus hashinsight',
    });
    for (const type of eventTypes)
      new CfnSchema(this, `Schema-${type}`, {
        registryName: registry.attrRegistryName,
        schemaName: type,
        type: 'JSONSchemaDraft4',
        description: eventWords[type]?.en ?? type,
        content: JSON.stringify(eventSchema(type)),
      });
  }
}
