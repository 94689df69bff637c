import { createHash, randomUUID } from 'node:crypto';
import type { Delivery } from './deliveries.ts';
import type { EventMatcher } from './event-pattern.ts';

export type BusEvent = Readonly<Record<string, unknown>> & { readonly id: string };
export type Target = {
  readonly id: string;
  readonly arn: string;
  readonly payloadOf: (event: BusEvent, rule: { readonly name: string; readonly arn: string }) => string;
  readonly deadLetterArn?: string | undefined;
  readonly maxAttempts: number;
  readonly maxAgeMs: number;
};
export type Rule = {
  readonly name: string;
  readonly arn: string;
  readonly bus: string;
  readonly matches: EventMatcher | undefined;
  readonly targets: readonly Target[];
};

/** How often an event may go on from bus to bus. */
const maxHops = 5;

export const busNameOf = (nameOrArn: string) => /:event-bus\/(.+)$/.exec(nameOrArn)?.[1] ?? nameOrArn;

/** Buses and rules in memory, and what an event becomes by them: deliveries. No input or output. */
export const eventRouter = () => {
  const buses = new Set(['default']);
  const rules = new Map<string, Rule>();

  const deliver = (event: BusEvent, rule: Rule, hops: number): Delivery[] =>
    rule.targets.flatMap((target) => {
      if (target.arn.startsWith('arn:aws:logs:')) return [];
      const payload = target.payloadOf(event, rule);
      if (target.arn.startsWith('arn:aws:events:')) return route(busNameOf(target.arn), event, hops + 1);
      const place = createHash('sha256').update(`${rule.arn}\n${target.id}`).digest('hex').slice(0, 16);
      const { arn, deadLetterArn, maxAttempts, maxAgeMs } = target;
      return [
        {
          targetArn: arn,
          payload,
          executionName: `${event.id}_${place}`,
          ...(deadLetterArn && { deadLetterArn }),
          maxAttempts,
          maxAgeMs,
        },
      ];
    });

  const route = (bus: string, event: BusEvent, hops = 0, only?: ReadonlySet<string>): Delivery[] => {
    if (hops > maxHops) return [];
    return [...rules.values()].flatMap((rule) =>
      rule.bus === bus && (only?.has(rule.arn) ?? true) && rule.matches?.(event)
        ? deliver(event, rule, hops)
        : [],
    );
  };

  return {
    addBus: (name: string) => void buses.add(name),
    hasBus: (name: string) => buses.has(name),
    addRule: (rule: Rule) => void rules.set(rule.arn, rule),
    /** Deliveries of an event on a bus, by all of its rules or by those named. */
    route: (bus: string, event: BusEvent, only?: ReadonlySet<string>) => route(bus, event, 0, only),
    /** Deliveries of one rule's own firing. */
    fire: (rule: Rule, event: BusEvent) => deliver(event, rule, 0),
  };
};
export type EventRouter = ReturnType<typeof eventRouter>;

/** An event as targets receive it. */
export const busEvent = (
  place: { readonly region: string; readonly accountId: string },
  fields: {
    readonly source: string;
    readonly detailType: string;
    readonly detail: unknown;
    readonly atMs: number;
    readonly resources?: readonly string[];
  },
): BusEvent => ({
  version: '0',
  id: randomUUID(),
  'detail-type': fields.detailType,
  source: fields.source,
  account: place.accountId,
  time: new Date(fields.atMs).toISOString().replace(/\.\d{3}Z$/, 'Z'),
  region: place.region,
  resources: fields.resources ?? [],
  detail: fields.detail,
});
