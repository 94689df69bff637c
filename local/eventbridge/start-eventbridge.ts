import * as z from 'zod';
import type { LocalService, Surroundings } from '../ports.ts';
import { ServiceError, startJsonService } from '../shared/json-service.ts';
import { openArchives } from './archives.ts';
import { type Delivery, openDeliveries } from './deliveries.ts';
import { compilePattern, InvalidPatternError } from './event-pattern.ts';
import { eventRouter } from './event-router.ts';
import { putEvents } from './put-events.ts';
import { ruleResources } from './rule-resources.ts';
import { openSchedules, type ScheduleClock } from './schedules.ts';

type Needs = Pick<
  Surroundings,
  'region' | 'accountId' | 'stateDir' | 'log' | 'invokeAsync' | 'sendToQueue' | 'startExecution' | 'meter'
>;
type Options = { readonly clock?: ScheduleClock; readonly retryMs?: (attempt: number) => number };

const testInput = z.object({ EventPattern: z.string(), Event: z.string() });

/** EventBridge and its Scheduler on loopback. An acknowledged event is on disk until each of its targets has taken it. */
export const startEventBridge = async (
  surroundings: Needs,
  options: Options = {},
): Promise<LocalService & { readonly endpoint: string }> => {
  const log = (line: string) => surroundings.log('eventbridge', line);
  const hand = async ({ targetArn, payload, executionName }: Delivery) => {
    if (targetArn.startsWith('arn:aws:lambda:'))
      await surroundings.invokeAsync(targetArn, JSON.parse(payload));
    else if (targetArn.startsWith('arn:aws:sqs:')) await surroundings.sendToQueue(targetArn, payload);
    else await surroundings.startExecution(targetArn, payload, executionName);
  };
  const giveUp = async ({ targetArn, deadLetterArn, payload }: Delivery, reason: string) => {
    log(`gave up a delivery to ${targetArn}${deadLetterArn ? ', dead letter kept' : ''}: ${reason}`);
    if (deadLetterArn) await surroundings.sendToQueue(deadLetterArn, payload);
  };
  const deliveries = openDeliveries({
    directory: surroundings.stateDir('eventbridge'),
    hand,
    giveUp,
    ...(options.retryMs && { retryMs: options.retryMs }),
  });
  const router = eventRouter();
  const archives = openArchives({
    place: surroundings,
    database: deliveries.database,
    router,
    add: (replayed) => {
      deliveries.atomically((add) => replayed.forEach(add));
      setImmediate(deliveries.pump);
    },
  });
  let addDue: (one: Delivery) => void = () => {};
  const firing = (work: () => void) =>
    deliveries.atomically((add) => {
      addDue = add;
      work();
    });
  const schedules = openSchedules(deliveries.database, firing, deliveries.pump, options.clock);
  const service = await startJsonService({
    name: 'EventBridge',
    contentType: 'application/x-amz-json-1.1',
    log,
    operations: {
      PutEvents: putEvents(surroundings, router, deliveries, archives),
      ...archives.operations,
      TestEventPattern: testEventPattern,
    },
  });
  return {
    endpoint: service.endpoint,
    resources: ruleResources({
      place: surroundings,
      router,
      schedule: schedules.add,
      addArchive: archives.addArchive,
      add: (due) => {
        for (const one of due) addDue(one);
      },
    }),
    begin: () => {
      deliveries.begin();
      schedules.begin();
    },
    close: async () => {
      await service.close();
      schedules.close();
      await deliveries.close();
    },
  };
};

const testEventPattern = (input: unknown) => {
  const { EventPattern, Event } = testInput.parse(input);
  return { Result: matches(EventPattern, Event) };
};

const matches = (pattern: string, event: string): boolean => {
  try {
    return compilePattern(JSON.parse(pattern))(JSON.parse(event));
  } catch (error) {
    if (error instanceof InvalidPatternError)
      throw new ServiceError('InvalidEventPatternException', error.message);
    if (error instanceof SyntaxError)
      throw new ServiceError(
        'InvalidEventPatternException',
        'Event pattern is not valid. Reason: Invalid JSON',
      );
    throw error;
  }
};
