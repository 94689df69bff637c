import * as z from 'zod';
import type { CreatedResource, ResolvedResource, ResourceHandlers } from '../ports.ts';
import type { Archive } from './archives.ts';
import type { Delivery } from './deliveries.ts';
import { compilePattern } from './event-pattern.ts';
import {
  type BusEvent,
  busEvent,
  busNameOf,
  type EventRouter,
  type Rule,
  type Target,
} from './event-router.ts';
import type { ScheduleSpec } from './schedules.ts';
import { compileInput, targetInput } from './target-input.ts';

const retryPolicy = z.object({
  MaximumRetryAttempts: z.coerce.number().optional(),
  MaximumEventAgeInSeconds: z.coerce.number().optional(),
});
const target = z.strictObject({
  Id: z.string(),
  Arn: z.string(),
  RoleArn: z.string().optional(),
  DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
  RetryPolicy: retryPolicy.optional(),
  ...targetInput.shape,
});
const ruleProperties = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  EventBusName: z.string().optional(),
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  RoleArn: z.string().optional(),
  ScheduleExpression: z.string().optional(),
  State: z.enum(['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS']).optional(),
  Tags: z.unknown().optional(),
  Targets: z.array(target).optional(),
});
const scheduleProperties = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  GroupName: z.string().optional(),
  FlexibleTimeWindow: z.unknown().optional(),
  KmsKeyArn: z.string().optional(),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().optional(),
  StartDate: z.iso.datetime({ offset: true }).optional(),
  EndDate: z.iso.datetime({ offset: true }).optional(),
  State: z.enum(['ENABLED', 'DISABLED']).optional(),
  Target: z.strictObject({
    Arn: z.string(),
    RoleArn: z.string().optional(),
    Input: z.string().optional(),
    DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
    RetryPolicy: retryPolicy.optional(),
    EventBridgeParameters: z.object({ DetailType: z.string(), Source: z.string() }).optional(),
  }),
});
const archiveProperties = z.strictObject({
  ArchiveName: z.string().optional(),
  Description: z.string().optional(),
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  KmsKeyIdentifier: z.string().optional(),
  RetentionDays: z.coerce.number().optional(),
  SourceArn: z.string(),
});
const named = z.looseObject({ Name: z.string().optional() });

const reachable =
  /^arn:aws:(?:lambda:[^:]*:\d*:function:.+|sqs:.+|states:[^:]*:\d*:stateMachine:.+|events:[^:]*:\d*:event-bus\/.+|logs:.+)$/;
const defaultAttempts = 186;
const defaultAgeS = 86_400;

type Place = { readonly region: string; readonly accountId: string };
type Parts = {
  readonly place: Place;
  readonly router: EventRouter;
  readonly schedule: (spec: ScheduleSpec) => void;
  readonly addArchive: (archive: Archive) => void;
  readonly add: (deliveries: readonly Delivery[]) => void;
};

/** Handlers for buses, rules, schedules and their groups. Each throws an Error that names the logical id. */
export const ruleResources = ({ place, router, schedule, addArchive, add }: Parts): ResourceHandlers => {
  const arn = (service: string, rest: string) =>
    `arn:aws:${service}:${place.region}:${place.accountId}:${rest}`;
  const nameOf = (resource: ResolvedResource) =>
    named.parse(resource.properties).Name ?? `${resource.stack}-${resource.logicalId}`.slice(0, 64);

  const bus = (resource: ResolvedResource): CreatedResource => {
    const name = nameOf(resource);
    router.addBus(name);
    return { ref: name, attributes: { Arn: arn('events', `event-bus/${name}`), Name: name } };
  };

  const rule = (resource: ResolvedResource): CreatedResource => {
    const properties = ruleProperties.parse(resource.properties);
    const name = nameOf(resource);
    const busName = busNameOf(properties.EventBusName ?? 'default');
    if (!router.hasBus(busName)) throw new Error(`there is no event bus ${busName}`);
    const isOn = properties.State !== 'DISABLED';
    const made: Rule = {
      name,
      bus: busName,
      arn: arn('events', busName === 'default' ? `rule/${name}` : `rule/${busName}/${name}`),
      matches: properties.EventPattern && isOn ? compilePattern(properties.EventPattern) : undefined,
      targets: (properties.Targets ?? []).map(toTarget),
    };
    if (!properties.EventPattern && !properties.ScheduleExpression)
      throw new Error('a rule has an EventPattern or a ScheduleExpression');
    router.addRule(made);
    if (properties.ScheduleExpression && isOn)
      schedule({
        name: made.arn,
        expression: properties.ScheduleExpression,
        fire: (atMs) =>
          add(
            router.fire(
              made,
              busEvent(place, {
                source: 'aws.events',
                detailType: 'Scheduled Event',
                detail: {},
                atMs,
                resources: [made.arn],
              }),
            ),
          ),
      });
    return { ref: busName === 'default' ? name : `${busName}|${name}`, attributes: { Arn: made.arn } };
  };

  const scheduled = (resource: ResolvedResource): CreatedResource => {
    const properties = scheduleProperties.parse(resource.properties);
    const { Target, State, StartDate, EndDate } = properties;
    const name = nameOf(resource);
    const scheduleArn = arn('scheduler', `schedule/${properties.GroupName ?? 'default'}/${name}`);
    const parameters = Target.EventBridgeParameters;
    const { EventBridgeParameters: _, ...rest } = Target;
    const made: Rule = {
      name,
      arn: scheduleArn,
      bus: '',
      matches: undefined,
      targets: [toTarget({ ...rest, Id: name, Input: Target.Input ?? '{}' })],
    };
    const fire = (atMs: number) => {
      const event: BusEvent = busEvent(place, {
        source: parameters?.Source ?? 'aws.scheduler',
        detailType: parameters?.DetailType ?? 'Scheduled Event',
        detail: parameters ? JSON.parse(Target.Input ?? '{}') : {},
        atMs,
        resources: [scheduleArn],
      });
      add(router.fire(made, event));
    };
    if (State !== 'DISABLED')
      schedule({
        name: scheduleArn,
        expression: properties.ScheduleExpression,
        timeZone: properties.ScheduleExpressionTimezone,
        startsAtMs: StartDate === undefined ? undefined : Date.parse(StartDate),
        endsAtMs: EndDate === undefined ? undefined : Date.parse(EndDate),
        fire,
      });
    return { ref: name, attributes: { Arn: scheduleArn } };
  };

  const group = (resource: ResolvedResource): CreatedResource => {
    const name = nameOf(resource);
    return { ref: name, attributes: { Arn: arn('scheduler', `schedule-group/${name}`) } };
  };
  const archive = (resource: ResolvedResource): CreatedResource => {
    const properties = archiveProperties.parse(resource.properties);
    const name = properties.ArchiveName ?? nameOf(resource);
    const made = arn('events', `archive/${name}`);
    addArchive({
      arn: made,
      bus: busNameOf(properties.SourceArn),
      matches: properties.EventPattern && compilePattern(properties.EventPattern),
      retentionDays: properties.RetentionDays ?? 0,
    });
    return { ref: name, attributes: { Arn: made, ArchiveName: name } };
  };

  return Object.fromEntries(
    Object.entries({
      'AWS::Events::EventBus': bus,
      'AWS::Events::Rule': rule,
      'AWS::Events::Archive': archive,
      'AWS::Scheduler::Schedule': scheduled,
      'AWS::Scheduler::ScheduleGroup': group,
    }).map(([type, handler]) => [type, namingTheResource(handler)]),
  );
};

/** Errors of a handler name the resource. */
const namingTheResource =
  (handler: (resource: ResolvedResource) => CreatedResource) => (resource: ResolvedResource) => {
    try {
      return handler(resource);
    } catch (error) {
      const reason =
        error instanceof z.ZodError
          ? error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join('; ')
          : error instanceof Error
            ? error.message
            : String(error);
      throw new Error(`${resource.logicalId} (${resource.type}): ${reason}`);
    }
  };

const toTarget = (one: z.infer<typeof target>): Target => {
  if (!reachable.test(one.Arn))
    throw new Error(`target ${one.Id} is of a kind that the local EventBridge does not know: ${one.Arn}`);
  return {
    id: one.Id,
    arn: one.Arn,
    payloadOf: compileInput(one),
    deadLetterArn: one.DeadLetterConfig?.Arn,
    maxAttempts:
      one.RetryPolicy?.MaximumRetryAttempts === undefined
        ? defaultAttempts
        : one.RetryPolicy.MaximumRetryAttempts + 1,
    maxAgeMs: (one.RetryPolicy?.MaximumEventAgeInSeconds ?? defaultAgeS) * 1000,
  };
};
