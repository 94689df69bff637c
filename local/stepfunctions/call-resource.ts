import { createHash, randomUUID } from 'node:crypto';
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import type { InvokeFunction } from '../ports.ts';
import { type Json, json } from './json.ts';
import { StateError } from './state-error.ts';
import type { TaskResource } from './task-resource.ts';

export type Services = {
  readonly region: string;
  readonly invoke: InvokeFunction;
  readonly sendToQueue: (queueUrlOrArn: string, body: string) => Promise<void>;
  readonly start: (
    machineArn: string,
    input: string,
    name?: string,
  ) => { readonly arn: string; readonly startedMs: number };
  /** `AWS_ENDPOINT_URL_*`, read at use. */
  readonly endpoints: () => Readonly<Record<string, string>>;
};

const asText = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value));
const invokeArguments = z.object({ FunctionName: z.string(), Payload: json.default({}) });
const sendArguments = z.object({ QueueUrl: z.string(), MessageBody: json });
const startArguments = z.object({
  StateMachineArn: z.string(),
  Input: json.default({}),
  Name: z.string().optional(),
});
const eventArguments = z.object({
  Entries: z.array(
    z.object({
      Source: z.string(),
      DetailType: z.string(),
      Detail: json.transform(asText),
      EventBusName: z.string().optional(),
      Resources: z.array(z.string()).optional(),
    }),
  ),
});
const attribute = z.union([
  z.strictObject({ S: z.string() }),
  z.strictObject({ N: z.union([z.string(), z.number().transform(String)]) }),
  z.strictObject({ BOOL: z.boolean() }),
  z.strictObject({ NULL: z.literal(true) }),
  z.strictObject({ SS: z.array(z.string()) }),
  z.strictObject({ NS: z.array(z.string()) }),
]);
const attributes = z.record(z.string(), attribute);
const itemArguments = z.object({
  TableName: z.string(),
  ConditionExpression: z.string().optional(),
  UpdateExpression: z.string().optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).optional(),
  ExpressionAttributeValues: attributes.optional(),
  ConsistentRead: z.boolean().optional(),
});

const read = <S extends z.ZodType>(schema: S, input: Json): z.output<S> => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StateError('States.Runtime', `Arguments ${issue?.path.join('.')}: ${issue?.message}`);
};

const plain = (value: unknown): Json => json.parse(JSON.parse(JSON.stringify(value ?? null)));
const withoutMetadata = ({ $metadata: _, ...rest }: { $metadata?: unknown }): Json => plain(rest);

const named = (service: string) => (error: unknown) => {
  if (error instanceof StateError) throw error;
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  throw new StateError(`${service}.${name}`, message);
};

/** The services that a Task may call, on this machine. Errors are named as the cloud names them. */
export const createResourceCaller = (services: Services) => {
  const { region, invoke } = services;
  const client = (service: string) => {
    const endpoint = services.endpoints()[`AWS_ENDPOINT_URL_${service}`];
    if (endpoint === undefined)
      throw new StateError('States.Runtime', `The local runtime has no service ${service}`);
    return { region, endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  };
  const call = async (functionName: string, payload: Json) => {
    const outcome = await invoke(functionName, payload).catch((error: unknown) => {
      throw new StateError(
        'Lambda.ServiceException',
        error instanceof Error ? error.message : 'The function could not be invoked',
      );
    });
    if (outcome.ok) return plain(outcome.payload);
    const { errorType, errorMessage } = outcome;
    throw new StateError(errorType, JSON.stringify({ errorType, errorMessage }));
  };
  const dynamo = async (kind: string, input: Json) => {
    const common = read(itemArguments, input);
    const { Key, Item } = read(z.object({ Key: attributes.optional(), Item: attributes.optional() }), input);
    const db = new DynamoDBClient(client('DYNAMODB'));
    try {
      if (kind === 'dynamodb:putItem')
        return withoutMetadata(await db.send(new PutItemCommand({ ...common, Item })));
      if (kind === 'dynamodb:getItem')
        return withoutMetadata(await db.send(new GetItemCommand({ ...common, Key })));
      if (kind === 'dynamodb:updateItem')
        return withoutMetadata(await db.send(new UpdateItemCommand({ ...common, Key })));
      return withoutMetadata(await db.send(new DeleteItemCommand({ ...common, Key })));
    } finally {
      db.destroy();
    }
  };
  const putEvents = async (input: Json) => {
    const bus = new EventBridgeClient(client('EVENTBRIDGE'));
    try {
      const answer = await bus.send(new PutEventsCommand(read(eventArguments, input)));
      if ((answer.FailedEntryCount ?? 0) > 0)
        throw new StateError(
          'EventBridge.FailedEntry',
          `${answer.FailedEntryCount} of the entries were not accepted`,
        );
      return withoutMetadata(answer);
    } finally {
      bus.destroy();
    }
  };

  return async ({ kind, functionArn }: TaskResource, input: Json): Promise<Json> => {
    switch (kind) {
      case 'function':
        return call(functionArn ?? '', input);
      case 'lambda:invoke': {
        const { FunctionName, Payload } = read(invokeArguments, input);
        return { ExecutedVersion: '$LATEST', Payload: await call(FunctionName, Payload), StatusCode: 200 };
      }
      case 'sqs:sendMessage': {
        const { QueueUrl, MessageBody } = read(sendArguments, input);
        const body = asText(MessageBody);
        await services.sendToQueue(QueueUrl, body).catch(named('Sqs'));
        return { MessageId: randomUUID(), MD5OfMessageBody: createHash('md5').update(body).digest('hex') };
      }
      case 'events:putEvents':
        return putEvents(input).catch(named('EventBridge'));
      case 'states:startExecution': {
        const { StateMachineArn, Input, Name } = read(startArguments, input);
        try {
          const { arn, startedMs } = services.start(StateMachineArn, asText(Input), Name);
          return { ExecutionArn: arn, StartDate: new Date(startedMs).toISOString() };
        } catch (error) {
          return named('StepFunctions')(error);
        }
      }
      default:
        return dynamo(kind, input).catch(named('DynamoDB'));
    }
  };
};
