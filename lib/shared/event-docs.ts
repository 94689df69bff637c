import * as z from 'zod';
import { domainEvent } from '../../contracts/domain-event.ts';
import { type EventType, eventPayloads } from '../../contracts/event-catalogue.ts';
import { exampleEvent } from '../../contracts/event-samples.ts';
import { eventWords } from '../../contracts/event-words.ts';

export const eventTypes = (Object.keys(eventPayloads) as EventType[]).toSorted();
const sourceOf = (type: string) => `hashinsight.${type.split('.')[0]}`;

/** An event as EventBridge delivers it: the domain event stands in `detail`. */
export const busExample = (type: EventType) => {
  const detail = exampleEvent(type);
  return {
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': type,
    source: sourceOf(type),
    account: '123456789012',
    time: detail.created_at.replace(/\.\d+Z$/, 'Z'),
    region: 'us-east-1',
    resources: [],
    detail,
  };
};

/** The JSON Schema (draft 4, as EventBridge's schema registry takes it) of a type's whole event. */
export const eventSchema = (type: EventType) => {
  const busEvent = z.object({
    version: z.literal('0'),
    id: z.string(),
    'detail-type': z.literal(type),
    source: z.literal(sourceOf(type)),
    account: z.string(),
    time: z.string(),
    region: z.string(),
    resources: z.array(z.string()),
    detail: domainEvent.extend({ type: z.literal(type), payload: eventPayloads[type] }).loose(),
  });
  const schema = z.toJSONSchema(busEvent.loose(), { target: 'draft-4', io: 'input' });
  return { title: type, description: eventWords[type]?.en, ...schema };
};

const fieldRows = (type: EventType) =>
  Object.entries(eventPayloads[type].shape).map(([name, schema]) => {
    const optional = schema.safeParse(undefined).success;
    return `\`${name}\`${optional ? '?' : ''}`;
  });

const section = (type: EventType) => {
  const words = eventWords[type];
  return [
    `### ${type}`,
    '',
    `${words?.en ?? ''} ${words?.zh ?? ''}`.trim(),
    '',
    `Version 1. Payload: ${fieldRows(type).join(', ')}.`,
    '',
    '```json',
    JSON.stringify(busExample(type).detail.payload, null, 2),
    '```',
    '',
  ].join('\n');
};

const whole = () => JSON.stringify(busExample('control.command.completed'), null, 2);

/** docs/events.md, from the catalogue. */
export const eventsPage = () => {
  const contexts = [...new Set(eventTypes.map((type) => type.split('.')[0] ?? ''))];
  return `# Events

Every change of state is an event on the EventBridge bus \`hashinsight\`: ${eventTypes.length} types of ${contexts.length} contexts. This page is
made from \`contracts/event-catalogue.ts\` by \`npm run events\`, which also writes the JSON Schema of every type into \`dist/event-schemas\`; a test holds the page to it.
\`?\` marks fields that may be absent.

## What holds for all of them

- **Shape.** \`source\` is \`hashinsight.<context>\`, \`detail-type\` the type, \`detail\` the event. An event says what happened and names the things
  concerned; it bears no address, credential or secret.
- **Versions.** \`detail.version\` is the version of the shape around the payload. Within a type's payload a new field is optional; a
  changed meaning is a new type. Read what you know and let the rest be.
- **Delivery.** At least once: \`detail.event_id\` tells repeats. In the order of a site's audit log as far as the bus keeps it; do not
  rely on order, compare \`created_at\` or ask the API.
- **Origin.** An event is written into the audit log of its site in the transaction that makes the change, and published from
  there ([audit-log.md](audit-log.md)). What is on the bus has happened, and what has happened comes on the bus.

A whole event, as a rule's target receives it:

\`\`\`json
${whole()}
\`\`\`

## Listening

A rule of your own on the bus, for example for every command that ended badly:

\`\`\`json
{ "source": ["hashinsight.control"], "detail-type": ["control.command.failed", "control.command.unknown"], "detail": { "site_id": [1] } }
\`\`\`

Outside AWS: webhooks, in the format of Standard Webhooks ([webhooks.md](webhooks.md)).

Schemas are in the registry \`hashinsight\` of EventBridge, too (draft 4, one schema for each type, named by it), for code bindings
and for consoles.

## Replay

| from | reaches | how |
|---|---|---|
| the archive \`hashinsight\` of the bus, 400 days | any rule of the bus | \`aws events start-replay --event-source-arn <archive> --destination Arn=<bus>,FilterArns=<rule> ...\` |
| the audit log, for ever | one webhook | \`POST /api/v1/webhooks/{id}/replays\` with \`from\` and \`to\` |
| a webhook's deliveries, 30 days | the same webhook | \`POST /api/v1/webhooks/{id}/deliveries/{id}/replay\` |

Name your rule in \`FilterArns\`: without it the product's own rules hear the events again, too. They bear that (each of them knows what it
has done by the event's id), but it costs. A replayed event has the \`event_id\` of the original, and on the bus a
\`replay-name\` beside \`detail\`. Webhooks leave such events alone: they have replays of their own.

${contexts
  .map(
    (context) =>
      `## ${context}\n\n${eventTypes
        .filter((type) => type.startsWith(`${context}.`))
        .map(section)
        .join('\n')}`,
  )
  .join('\n')}`;
};
