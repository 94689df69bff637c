import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startCognito } from './cognito/cognito.ts';
import { startDynamoDb } from './dynamodb/start-dynamodb.ts';
import type { ScheduleClock } from './eventbridge/schedules.ts';
import { startEventBridge } from './eventbridge/start-eventbridge.ts';
import { startHttpApi } from './http-api/start-http-api.ts';
import { openIam } from './iam/iam.ts';
import { startIot } from './iot/start-iot.ts';
import { keptPort } from './kept-port.ts';
import { startKms } from './kms/start-kms.ts';
import { type LambdaService, startLambda } from './lambda/start-lambda.ts';
import type { Meter } from './metering/meter.ts';
import type { LocalService, MqttAccess, Surroundings } from './ports.ts';
import { startS3 } from './s3/start-s3.ts';
import { startFauxqsServer } from './shared/fauxqs-server.ts';
import { startRefusingEndpoint } from './shared/refusing-endpoint.ts';
import { startSqs } from './sqs/start-sqs.ts';
import { lockState } from './state-lock.ts';
import { startStepFunctions } from './stepfunctions/start-stepfunctions.ts';

export const region = 'us-east-1';
export const accountId = '000000000000';
export const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** A time that somebody makes pass (local/shared/shifted-clock.ts): the clock of functions, and what wakes schedules. */
export type RuntimeTime = { readonly clock: SharedArrayBuffer; readonly schedules: ScheduleClock };

export type ServicesOptions = {
  readonly stateDir: string;
  readonly port: number;
  readonly consoleDir: string | undefined;
  readonly identityPort: number;
  /** Without it, the one of the last run, so that gateways find it again; at first a free one. */
  readonly mqttPort: number | undefined;
  readonly assets: ReadonlyMap<string, string>;
  readonly log: ((service: string, line: string) => void) | undefined;
  readonly meter?: Meter | undefined;
  readonly time?: RuntimeTime | undefined;
  /** Called for each thing that was opened; they are closed in the opposite order. */
  readonly onOpen: (close: () => Promise<void> | void) => void;
};

export type Services = {
  readonly publicUrl: string;
  /** In the order in which they begin. */
  readonly all: readonly LocalService[];
  readonly endpoints: Readonly<Record<string, string>>;
  readonly lambda: LambdaService;
  readonly mqtt: MqttAccess;
  /** Ends the answering of people; called before anything else stops. */
  readonly closeApi: () => Promise<void>;
};

/** What services use of each other before the other has started. */
type Late = { -readonly [K in 'invoke' | 'invokeAsync' | 'startExecution']?: Surroundings[K] };

/** Starts every local service, the port that people use first, so that a taken one is refused before any state is opened. */
export const startServices = async (options: ServicesOptions): Promise<Services> => {
  const { stateDir, port, consoleDir } = options;
  const late: Late = {};
  const keep = <T extends { readonly close: () => Promise<void> | void }>(service: T): T => {
    options.onOpen(service.close);
    return service;
  };
  const log = logTo(join(stateDir, 'logs'), options.log);
  const invoke: Surroundings['invoke'] = (name, event) => started('Lambda', late.invoke)(name, event);
  const api = await startHttpApi(
    { region, accountId, invoke, log, meter: options.meter },
    { port, ...(consoleDir && { consoleDir }) },
  );
  options.onOpen(api.close);
  options.onOpen(lockState(stateDir));
  const fauxqs = keep(await startFauxqsServer(join(stateDir, 'fauxqs')));
  const sqs = await startSqs({ region, accountId, meter: options.meter }, fauxqs);
  const iam = openIam({ accountId });
  const surroundings: Surroundings = {
    refusalOf: iam.refusalOf,
    region,
    accountId,
    publicUrl: api.endpoint,
    stateDir: (service) => madeDirectory(join(stateDir, service)),
    invoke,
    invokeAsync: (name, event) => started('Lambda', late.invokeAsync)(name, event),
    assetPath: (key) => {
      const path = options.assets.get(key);
      if (!path) throw new Error(`The app has no asset ${key}`);
      return path;
    },
    sendToQueue: async (queue, body) => sqs.queues.send(queue, body),
    startExecution: (machine, input, name) =>
      started('Step Functions', late.startExecution)(machine, input, name),
    log,
    meter: options.meter,
  };
  const s3 = keep(await startS3(surroundings, { credentials }));
  const kms = keep(await startKms(surroundings));
  const refusing = keep(await startRefusingEndpoint((line) => log('aws', line)));
  const dynamodb = keep(await startDynamoDb(surroundings));
  const cognito = keep(await startCognito(surroundings, options.identityPort));
  const endpoints: Record<string, string> = {
    AWS_ENDPOINT_URL: refusing.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
    AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: cognito.endpoint,
  };
  const lambda = keep(
    await startLambda(surroundings, {
      logDir: join(stateDir, 'logs'),
      clock: options.time?.clock,
      queues: sqs.queues,
      streams: () => dynamodb.streams,
      environment: (roleArn) => ({
        ...endpoints,
        AWS_ACCESS_KEY_ID: iam.accessKeyOf(roleArn),
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      }),
    }),
  );
  endpoints.AWS_ENDPOINT_URL_LAMBDA = lambda.endpoint;
  late.invoke = lambda.invoke;
  late.invokeAsync = lambda.invokeAsync;
  const stepfunctions = keep(await startStepFunctions(surroundings, { endpoints: () => endpoints }));
  endpoints.AWS_ENDPOINT_URL_SFN = stepfunctions.endpoint;
  late.startExecution = stepfunctions.startExecution;
  const eventbridge = keep(
    await startEventBridge(surroundings, options.time && { clock: options.time.schedules }),
  );
  endpoints.AWS_ENDPOINT_URL_EVENTBRIDGE = eventbridge.endpoint;
  const ports = keptPort(join(surroundings.stateDir('iot'), 'mqtt-port'));
  const mqttPort = options.mqttPort ?? ports.read() ?? 0;
  const iot = keep(
    await startIot(surroundings, { mqttPort, endpoints: () => endpoints }).catch((error: unknown) => {
      throw isTaken(error)
        ? new Error(`Port ${mqttPort}, where gateways connect, is taken by another program`)
        : error;
    }),
  );
  ports.write(iot.mqttPort);
  endpoints.AWS_ENDPOINT_URL_IOT = iot.endpoint;
  endpoints.AWS_ENDPOINT_URL_IOT_DATA_PLANE = iot.dataPlaneEndpoint;
  const all = [iam, sqs, s3, kms, dynamodb, cognito, lambda, stepfunctions, eventbridge, iot, api];
  const mqtt = { host: 'localhost', port: iot.mqttPort, caPath: iot.caCertificatePath };
  return { publicUrl: api.endpoint, all, endpoints, lambda, mqtt, closeApi: api.close };
};

const isTaken = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

const started = <T>(what: string, part: T | undefined): T => {
  if (part === undefined) throw new Error(`${what} was used before it was started`);
  return part;
};

const madeDirectory = (path: string) => {
  mkdirSync(path, { recursive: true });
  return path;
};

/** To `runtime.log`, and to whoever watches. */
const logTo = (directory: string, watch: ServicesOptions['log']): Surroundings['log'] => {
  const file = join(madeDirectory(directory), 'runtime.log');
  return (service, line) => {
    appendFileSync(file, `${new Date().toISOString()} ${service}: ${line}\n`);
    watch?.(service, line);
  };
};
