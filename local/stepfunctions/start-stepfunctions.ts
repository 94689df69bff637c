import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { nameOf, noEffect, readProperties } from '../cloudformation/properties.ts';
import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import { ServiceError, startJsonService } from '../shared/json-service.ts';
import { physicalName } from '../shared/physical-name.ts';
import { createResourceCaller } from './call-resource.ts';
import { createEngine } from './engine.ts';
import { openExecutionStore } from './execution-store.ts';
import { stepFunctionsOperations } from './operations.ts';
import { systemTimekeeper, type Timekeeper } from './timekeeper.ts';

const machineProperties = z.strictObject({
  StateMachineName: z.string().max(80).optional(),
  StateMachineType: z.literal('STANDARD', 'only STANDARD runs locally').optional(),
  DefinitionString: z.string().optional(),
  Definition: z.record(z.string(), z.unknown()).optional(),
  DefinitionS3Location: z
    .strictObject({ Bucket: z.string(), Key: z.string(), Version: z.string().optional() })
    .optional(),
  DefinitionSubstitutions: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  // Who it may act as, what it writes to CloudWatch and X-Ray, how it is encrypted: nothing of it is on one machine.
  RoleArn: noEffect,
  LoggingConfiguration: noEffect,
  TracingConfiguration: noEffect,
  EncryptionConfiguration: noEffect,
  Tags: noEffect,
});

export type StepFunctionsOptions = {
  /** `AWS_ENDPOINT_URL_*` of the services that Tasks call (DynamoDB, EventBridge), read at use. */
  readonly endpoints: () => Readonly<Record<string, string>>;
  readonly time?: Timekeeper;
};
export type StepFunctions = LocalService & {
  readonly endpoint: string;
  /** For Surroundings: the same name again changes nothing. Rejects when there is no such state machine. */
  readonly startExecution: Surroundings['startExecution'];
};

const substitute = (
  definition: string,
  values: Readonly<Record<string, string | number | boolean>>,
  resource: ResolvedResource,
) =>
  definition.replaceAll(/\$\{([A-Za-z0-9_]+)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined)
      throw new Error(
        `${nameOf(resource)}: the definition names ${whole}, and DefinitionSubstitutions do not`,
      );
    return JSON.stringify(String(value)).slice(1, -1);
  });

/** Step Functions (Standard, JSONata) on one machine. Executions, timers and task tokens survive a kill of the process. */
export const startStepFunctions = async (
  surroundings: Pick<
    Surroundings,
    'region' | 'accountId' | 'stateDir' | 'invoke' | 'sendToQueue' | 'assetPath' | 'log' | 'meter'
  >,
  { endpoints, time = systemTimekeeper }: StepFunctionsOptions,
): Promise<StepFunctions> => {
  const { region, accountId } = surroundings;
  const log = (line: string) => surroundings.log('stepfunctions', line);
  const store = openExecutionStore(join(surroundings.stateDir('stepfunctions'), 'executions.sqlite'));
  const callResource = createResourceCaller({
    region,
    endpoints,
    invoke: (name, event) => surroundings.invoke(name, event),
    sendToQueue: (queue, body) => surroundings.sendToQueue(queue, body),
    start: (arn, input, name) => engine.start(arn, input, name),
  });
  const engine = createEngine({
    store,
    time,
    random: Math.random,
    log,
    callResource,
    meter: surroundings.meter,
  });
  const service = await startJsonService({
    name: 'Step Functions',
    contentType: 'application/x-amz-json-1.0',
    operations: stepFunctionsOperations(engine),
    log,
  });

  const createStateMachine = (resource: ResolvedResource) => {
    const properties = readProperties(resource, machineProperties);
    const { DefinitionString, Definition, DefinitionS3Location, DefinitionSubstitutions } = properties;
    const text =
      DefinitionString ??
      (DefinitionS3Location && readFileSync(surroundings.assetPath(DefinitionS3Location.Key), 'utf8')) ??
      (Definition && JSON.stringify(Definition));
    if (text === undefined) throw new Error(`${nameOf(resource)}: it has no definition`);
    const name = properties.StateMachineName ?? physicalName(resource, 80);
    const arn = `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;
    const definition = substitute(text, DefinitionSubstitutions, resource);
    try {
      engine.define({ arn, name, definition, createdMs: time.nowMs() });
    } catch (error) {
      throw new Error(`${nameOf(resource)}: ${error instanceof Error ? error.message : error}`);
    }
    return { ref: arn, attributes: { Arn: arn, Name: name, StateMachineRevisionId: 'local' } };
  };

  return {
    endpoint: service.endpoint,
    resources: { 'AWS::StepFunctions::StateMachine': createStateMachine },
    startExecution: async (arn, input, name) => {
      try {
        engine.start(arn, input, name);
      } catch (error) {
        if (!(error instanceof ServiceError && error.code === 'ExecutionAlreadyExists')) throw error;
      }
    },
    begin: () => engine.begin(),
    close: async () => {
      await service.close();
      engine.close();
    },
  };
};
