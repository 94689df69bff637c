import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readAssembly } from './cloudformation/assembly.ts';
import { deploy, type Outputs } from './cloudformation/deploy.ts';
import { startCognito } from './cognito/cognito.ts';
import { startDynamoDb } from './dynamodb/start-dynamodb.ts';
import { startEventBridge } from './eventbridge/start-eventbridge.ts';
import { startHttpApi } from './http-api/start-http-api.ts';
import { startKms } from './kms/start-kms.ts';
import type { FunctionStats } from './lambda/function-stats.ts';
import { startLambda } from './lambda/start-lambda.ts';
import type { LocalService, ResourceHandlers, Surroundings } from './ports.ts';
import { startS3 } from './s3/start-s3.ts';
import { startFauxqsServer } from './shared/fauxqs-server.ts';
import { startRefusingEndpoint } from './shared/refusing-endpoint.ts';
import { startSqs } from './sqs/start-sqs.ts';
import { parameterHandlers } from './ssm/parameters.ts';
import { lockState } from './state-lock.ts';
import { startStepFunctions } from './stepfunctions/start-stepfunctions.ts';

export type RuntimeOptions = {
  /** The synthesised app. */
  readonly cdkOut: string;
  /** Where everything durable lies; made when absent. */
  readonly stateDir: string;
  /** The one port that people use; 0 takes a free one. */
  readonly port: number;
  readonly consoleDir?: string;
  /** The identity provider's port; 0, the default, takes a free one. */
  readonly identityPort?: number;
  /** Values for the app's stack parameters, by name; the rest keep their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** A few words for each step of the start. */
  readonly onProgress?: (step: string) => void;
  /** One line for whoever watches; never a secret. Without it, lines go to `<stateDir>/logs/runtime.log` alone. */
  readonly log?: (service: string, line: string) => void;
};

export type Memory = {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly workers: number;
};

export type Runtime = {
  readonly url: string;
  /** `AWS_ENDPOINT_URL_*` of every service, as functions see them. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Region and credentials for an SDK client that talks to the local services. */
  readonly clientConfig: {
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly outputs: Outputs;
  readonly functionStats: () => readonly FunctionStats[];
  readonly memory: () => Memory;
  readonly close: () => Promise<void>;
};

const region = 'us-east-1';
const accountId = '000000000000';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * Starts the whole cloud of a synthesised app in this process, bound to loopback. Rejects with one sentence when the port
 * or the state is taken, or when the app holds something that the local services do not know; nothing stays open then.
 */
export const startRuntime = async (options: RuntimeOptions): Promise<Runtime> => {
  const { cdkOut, stateDir, port, consoleDir, onProgress } = options;
  const closers: (() => Promise<void> | void)[] = [];
  /** The port that people use: taken before any state is opened, and given back before anything else stops. */
  let closeFirst: (() => Promise<void>) | undefined;
  const close = async () => {
    await closeFirst?.();
    closeFirst = undefined;
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    onProgress?.('Reading the stacks');
    const { assembly, services, context } = await open();
    onProgress?.('Creating resources');
    const handlers: ResourceHandlers = Object.assign(
      {},
      parameterHandlers,
      ...services.map(({ resources }) => resources),
    );
    const outputs = await deploy(assembly, {
      region,
      accountId,
      publicUrl: context.publicUrl,
      handlers,
      parameters: { PublicUrl: context.publicUrl, ...options.parameters },
    });
    onProgress?.('Starting event sources');
    for (const service of services) await service.begin?.();
    onProgress?.('Ready');
    return { ...context.runtime, outputs, close };
  } catch (error) {
    await close();
    throw error;
  }

  async function open() {
    const assembly = readAssembly(cdkOut);
    const logDir = join(stateDir, 'logs');
    mkdirSync(logDir, { recursive: true });
    const log = (service: string, line: string) => {
      appendFileSync(join(logDir, 'runtime.log'), `${new Date().toISOString()} ${service}: ${line}\n`);
      options.log?.(service, line);
    };
    const keep = <T extends { readonly close: () => Promise<void> | void }>(service: T): T => {
      closers.push(service.close);
      return service;
    };
    const early: { -readonly [K in 'invoke' | 'invokeAsync' | 'startExecution']?: Surroundings[K] } = {};
    const missing = (what: string) => new Error(`${what} was used before it was started`);
    const invoke: Surroundings['invoke'] = (name, event) => {
      if (!early.invoke) throw missing('Lambda');
      return early.invoke(name, event);
    };

    onProgress?.('Starting services');
    const api = await startHttpApi(
      { region, accountId, invoke, log },
      { port, ...(consoleDir && { consoleDir }) },
    );
    closeFirst = api.close;
    closers.push(lockState(stateDir));
    const fauxqs = keep(await startFauxqsServer(join(stateDir, 'fauxqs')));
    const surroundings: Surroundings = {
      region,
      accountId,
      publicUrl: api.endpoint,
      stateDir: (service) => {
        const directory = join(stateDir, service);
        mkdirSync(directory, { recursive: true });
        return directory;
      },
      invoke,
      invokeAsync: (name, event) => {
        if (!early.invokeAsync) throw missing('Lambda');
        return early.invokeAsync(name, event);
      },
      assetPath: (key) => {
        const path = assembly.assets.get(key);
        if (!path) throw new Error(`The app has no asset ${key}`);
        return path;
      },
      sendToQueue: async (queue, body) => sqs.queues.send(queue, body),
      startExecution: (machine, input, name) => {
        if (!early.startExecution) throw missing('Step Functions');
        return early.startExecution(machine, input, name);
      },
      log,
    };
    const sqs = await startSqs(surroundings, fauxqs);
    const s3 = await startS3(surroundings, fauxqs);
    const kms = keep(await startKms(surroundings));
    const refusing = keep(await startRefusingEndpoint((line) => log('aws', line)));
    const dynamodb = keep(await startDynamoDb(surroundings));
    const cognito = keep(await startCognito(surroundings, options.identityPort ?? 0));
    const endpoints: Record<string, string> = {
      AWS_ENDPOINT_URL: refusing.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      AWS_ENDPOINT_URL_SQS: sqs.endpoint,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_ENDPOINT_URL_KMS: kms.endpoint,
    };
    const lambda = keep(
      await startLambda(surroundings, {
        logDir,
        queues: sqs.queues,
        streams: () => dynamodb.streams,
        environment: () => ({
          ...endpoints,
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          AWS_EC2_METADATA_DISABLED: 'true',
        }),
      }),
    );
    endpoints.AWS_ENDPOINT_URL_LAMBDA = lambda.endpoint;
    early.invoke = lambda.invoke;
    early.invokeAsync = lambda.invokeAsync;
    const stepfunctions = keep(await startStepFunctions(surroundings, { endpoints: () => endpoints }));
    endpoints.AWS_ENDPOINT_URL_SFN = stepfunctions.endpoint;
    early.startExecution = stepfunctions.startExecution;
    const eventbridge = keep(await startEventBridge(surroundings));
    endpoints.AWS_ENDPOINT_URL_EVENTBRIDGE = eventbridge.endpoint;
    const services: readonly LocalService[] = [
      sqs,
      s3,
      kms,
      dynamodb,
      cognito,
      lambda,
      stepfunctions,
      eventbridge,
      api,
    ];
    const memory = (): Memory => {
      const { rss, heapUsed, external } = process.memoryUsage();
      const workers = lambda.stats().reduce((sum, one) => sum + one.workers, 0);
      return { rssBytes: rss, heapUsedBytes: heapUsed, externalBytes: external, workers };
    };
    const runtime = {
      url: api.endpoint,
      endpoints,
      clientConfig: { region, credentials },
      functionStats: lambda.stats,
      memory,
    };
    return { assembly, services, context: { publicUrl: api.endpoint, runtime } };
  }
};
