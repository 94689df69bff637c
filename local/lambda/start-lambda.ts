import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { nameOf, readProperties } from '../cloudformation/properties.ts';
import { functionMeter } from '../metering/meter-function.ts';
import type {
  InvocationOutcome,
  LocalService,
  ResolvedResource,
  StreamSource,
  Surroundings,
} from '../ports.ts';
import { physicalName } from '../shared/physical-name.ts';
import type { QueueHub } from '../sqs/queue-hub.ts';
import { type AsyncSettings, openAsyncInvocations } from './async-invocations.ts';
import { openFunctionLog } from './function-log.ts';
import { createFunctionPool, type FunctionPool } from './function-pool.ts';
import type { FunctionStats } from './function-stats.ts';
import { startInvokeApi } from './invoke-api.ts';
import {
  eventInvokeProperties,
  functionProperties,
  type MappingProperties,
  mappingProperties,
} from './lambda-properties.ts';
import { startSqsMapping } from './sqs-mapping.ts';
import { startStreamMapping } from './stream-mapping.ts';

export type LambdaOptions = {
  readonly logDir: string;
  readonly queues: QueueHub;
  /** The tables' streams; read when the mappings begin. */
  readonly streams: () => StreamSource;
  /** `AWS_ENDPOINT_URL_*` and what else the environment of a function of this role has; read when a function is created. */
  readonly environment: (roleArn: string) => Readonly<Record<string, string>>;
  /** Execution environments of one function that reserves no number. */
  readonly maxWorkersPerFunction?: number;
  readonly idleMs?: number;
  readonly retryDelaysMs?: readonly number[];
  readonly clock?: SharedArrayBuffer | undefined;
};

export type LambdaService = LocalService & {
  readonly endpoint: string;
  readonly invoke: Surroundings['invoke'];
  readonly invokeAsync: Surroundings['invokeAsync'];
  readonly stats: () => readonly FunctionStats[];
  /** Whether no function runs, and nothing waits for one in an event source or elsewhere. */
  readonly isIdle: () => boolean;
};

/** CDK's own providers of custom resources, which are inert: their functions are never called locally. */
const providers =
  /^(CustomCDKBucketDeployment|CustomS3AutoDeleteObjects|LogRetention|CustomCrossRegionExport)/;

/** Workers started from now on grow their heaps later; a quarter less memory, at the same latency. */
setFlagsFromString('--optimize-for-size');

/** Lambda: functions in worker threads, the Invoke API, queue and stream event sources, asynchronous invocations. */
export const startLambda = async (
  surroundings: Pick<
    Surroundings,
    'region' | 'accountId' | 'stateDir' | 'sendToQueue' | 'assetPath' | 'log' | 'meter'
  >,
  options: LambdaOptions,
): Promise<LambdaService> => {
  const { region, accountId, stateDir, sendToQueue, assetPath } = surroundings;
  // More environments than this would only share the same processors, each with its own 25 to 40 MB.
  const maxWorkers = options.maxWorkersPerFunction ?? Math.min(8, Math.max(2, availableParallelism()));
  const log = (line: string) => surroundings.log('lambda', line);
  const directory = stateDir('lambda');
  const pools = new Map<string, FunctionPool>();
  const settings = new Map<string, AsyncSettings>();
  const mappings: { readonly resource: ResolvedResource; readonly properties: MappingProperties }[] = [];
  const running: { readonly close: () => Promise<void> }[] = [];
  const arnOf = (name: string) => `arn:aws:lambda:${region}:${accountId}:function:${name}`;

  const find = (nameOrArn: string) => {
    const name = nameOrArn.startsWith('arn:') ? nameOrArn.split(':')[6] : nameOrArn.split(':')[0];
    return pools.get(name ?? '');
  };
  const invoke = async (
    nameOrArn: string,
    event: unknown,
    requestId: string = randomUUID(),
  ): Promise<InvocationOutcome> => {
    const pool = find(nameOrArn);
    if (pool) return pool.invoke(event, requestId);
    return {
      ok: false,
      errorType: 'ResourceNotFoundException',
      errorMessage: `Function not found: ${nameOrArn}`,
    };
  };

  const asynchronous = openAsyncInvocations({
    directory,
    retryDelaysMs: options.retryDelaysMs ?? [1_000, 2_000],
    settingsOf: (name) => settings.get(name) ?? { maxRetries: 2 },
    arnOf,
    invoke,
    sendToQueue,
    log,
  });
  const accept = (nameOrArn: string, event: unknown, requestId: string = randomUUID()) => {
    const pool = find(nameOrArn);
    if (!pool) throw new Error(`Function not found: ${nameOrArn}`);
    asynchronous.accept(pool.config.functionName, event, requestId);
  };

  const createFunction = (resource: ResolvedResource) => {
    if (providers.test(resource.logicalId)) {
      const name = physicalName(resource, 64);
      return { ref: name, attributes: { Arn: arnOf(name) } };
    }
    const properties = readProperties(resource, functionProperties);
    const { Code, Handler = 'index.handler', Runtime = '', Layers = [] } = properties;
    if (!Runtime.startsWith('nodejs') || !Code.S3Key || Layers.length > 0)
      throw new Error(
        `${nameOf(resource)}: the local runtime runs Node.js functions from assets without layers only`,
      );
    const codeDir = assetPath(Code.S3Key);
    if (!existsSync(join(codeDir, `${Handler.split('.')[0]}.mjs`)))
      throw new Error(`${nameOf(resource)}: its bundle has no ${Handler.split('.')[0]}.mjs`);
    const functionName = properties.FunctionName ?? physicalName(resource, 64);
    const functionArn = arnOf(functionName);
    const memoryMb = properties.MemorySize;
    if (properties.DeadLetterConfig)
      settings.set(functionName, {
        maxRetries: 2,
        deadLetterQueueArn: properties.DeadLetterConfig.TargetArn,
      });
    pools.set(
      functionName,
      createFunctionPool(
        {
          functionName,
          functionArn,
          codeDir,
          handler: Handler,
          timeoutMs: properties.Timeout * 1000,
          memoryMb,
          maxWorkers: properties.ReservedConcurrentExecutions ?? maxWorkers,
          environment: {
            ...options.environment(properties.Role),
            ...properties.Environment?.Variables,
            AWS_REGION: region,
            AWS_DEFAULT_REGION: region,
            AWS_EXECUTION_ENV: `AWS_Lambda_${Runtime}`,
            AWS_LAMBDA_FUNCTION_NAME: functionName,
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
            AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
            AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
            LAMBDA_TASK_ROOT: codeDir,
            _HANDLER: Handler,
          },
        },
        {
          idleMs: options.idleMs ?? 120_000,
          initTimeoutMs: 30_000,
          compileCacheDir: join(directory, 'compile-cache'),
          log: openFunctionLog(options.logDir, functionName),
          onFailure: log,
          clock: options.clock,
          meter:
            surroundings.meter &&
            functionMeter(surroundings.meter, functionName, {
              memoryMb,
              isTraced: properties.TracingConfig?.Mode === 'Active',
            }),
        },
      ),
    );
    return { ref: functionName, attributes: { Arn: functionArn } };
  };

  const createMapping = (resource: ResolvedResource) => {
    const properties = readProperties(resource, mappingProperties);
    const isQueue = properties.EventSourceArn.startsWith('arn:aws:sqs:');
    const isStream = /^arn:aws:dynamodb:.*\/stream\//.test(properties.EventSourceArn);
    if (!isQueue && !isStream)
      throw new Error(
        `${nameOf(resource)}: the local runtime maps queues and table streams to functions only`,
      );
    if (!find(properties.FunctionName))
      throw new Error(`${nameOf(resource)}: there is no function ${properties.FunctionName}`);
    mappings.push({ resource, properties });
    return {
      ref: `${resource.stack}-${resource.logicalId}`,
      attributes: { Id: `${resource.stack}-${resource.logicalId}` },
    };
  };

  const configureAsync = (resource: ResolvedResource) => {
    const { FunctionName, MaximumRetryAttempts, DestinationConfig } = readProperties(
      resource,
      eventInvokeProperties,
    );
    const functionName = find(FunctionName)?.config.functionName;
    if (!functionName) throw new Error(`${nameOf(resource)}: there is no function ${FunctionName}`);
    settings.set(functionName, {
      ...settings.get(functionName),
      maxRetries: MaximumRetryAttempts,
      ...(DestinationConfig?.OnFailure && { onFailureQueueArn: DestinationConfig.OnFailure.Destination }),
      ...(DestinationConfig?.OnSuccess && { onSuccessQueueArn: DestinationConfig.OnSuccess.Destination }),
    });
    return { ref: `${functionName}-event-invoke-config` };
  };

  const beginMapping = (resource: ResolvedResource, properties: MappingProperties) => {
    const pool = find(properties.FunctionName);
    if (!pool || !properties.Enabled) return;
    const shared = {
      gatherMs: properties.MaximumBatchingWindowInSeconds * 1000,
      reportsFailures: properties.FunctionResponseTypes.length > 0,
      invoke: (event: unknown) => pool.invoke(event),
      log,
    };
    if (properties.EventSourceArn.startsWith('arn:aws:sqs:')) {
      const maxConcurrency = Math.min(
        properties.ScalingConfig?.MaximumConcurrency ?? pool.config.maxWorkers,
        pool.config.maxWorkers,
      );
      const batchSize = properties.BatchSize ?? 10;
      running.push(
        startSqsMapping({
          ...shared,
          queueArn: properties.EventSourceArn,
          region,
          batchSize,
          maxConcurrency,
          queues: options.queues,
        }),
      );
      return;
    }
    const onFailureQueueArn = properties.DestinationConfig?.OnFailure?.Destination;
    running.push(
      startStreamMapping({
        ...shared,
        name: `${resource.stack}-${resource.logicalId}`,
        streamArn: properties.EventSourceArn,
        functionArn: pool.config.functionArn,
        startingPosition: properties.StartingPosition ?? 'LATEST',
        batchSize: properties.BatchSize ?? 100,
        bisects: properties.BisectBatchOnFunctionError,
        maxRetries: properties.MaximumRetryAttempts,
        maxAgeSeconds: properties.MaximumRecordAgeInSeconds,
        ...(onFailureQueueArn && { onFailureQueueArn }),
        streams: options.streams(),
        sendToQueue,
      }),
    );
  };

  const api = await startInvokeApi({ invoke, accept, exists: (name) => find(name) !== undefined, log });
  return {
    endpoint: api.endpoint,
    resources: {
      'AWS::Lambda::Function': createFunction,
      'AWS::Lambda::EventSourceMapping': createMapping,
      'AWS::Lambda::EventInvokeConfig': configureAsync,
    },
    invoke: (nameOrArn, event) => invoke(nameOrArn, event),
    invokeAsync: async (nameOrArn, event) => accept(nameOrArn, event),
    stats: () => [...pools.values()].map((pool) => pool.stats()),
    isIdle: () =>
      [...pools.values()].every((pool) => pool.isIdle()) &&
      mappings.every(
        ({ properties: { EventSourceArn: arn } }) =>
          !arn.startsWith('arn:aws:sqs:') || options.queues.open(arn) === 0,
      ),
    begin: () => {
      for (const { resource, properties } of mappings) beginMapping(resource, properties);
      asynchronous.resume();
    },
    close: async () => {
      const mappingsEnd = Promise.all(running.map((one) => one.close()));
      asynchronous.stop();
      await Promise.race([mappingsEnd, new Promise((resolve) => setTimeout(resolve, 3_000).unref())]);
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      await mappingsEnd;
      await asynchronous.close();
      await api.close();
    },
  };
};
