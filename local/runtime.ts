import { readAssembly } from './cloudformation/assembly.ts';
import { deploy, type Outputs } from './cloudformation/deploy.ts';
import type { FunctionStats } from './lambda/function-stats.ts';
import type { Meter } from './metering/meter.ts';
import type { MqttAccess, ResourceHandlers } from './ports.ts';
import {
  accountId,
  credentials,
  type RuntimeTime,
  region,
  type Services,
  startServices,
} from './services.ts';
import { parameterHandlers } from './ssm/parameters.ts';

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
  /** Where gateways connect. Without it, the port of the last run, so that they find it again; at first a free one. */
  readonly mqttPort?: number;
  /** Values for the app's stack parameters, by name; the rest keep their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Reports what every request uses, as AWS would bill it. */
  readonly meter?: Meter;
  readonly time?: RuntimeTime;
  /** A few words for each step of the start. */
  readonly onProgress?: (step: string) => void;
  /** One line for whoever watches; never a secret. Without it, lines go to `<stateDir>/logs/runtime.log` alone. */
  readonly log?: (service: string, line: string) => void;
};

/** Where webhooks may go on one machine, beside the public internet. */
const loopback = '127.0.0.0/8,::1/128';

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
  readonly mqtt: MqttAccess;
  readonly functionStats: () => readonly FunctionStats[];
  readonly memory: () => Memory;
  /** Whether no function runs and nothing waits for one. */
  readonly isIdle: () => boolean;
  readonly close: () => Promise<void>;
};

/**
 * Starts the whole cloud of a synthesised app in this process, bound to loopback. Rejects with one sentence when the port
 * or the state is taken, or when the app holds something that the local services do not know; nothing stays open then.
 */
export const startRuntime = async (options: RuntimeOptions): Promise<Runtime> => {
  const {
    cdkOut,
    stateDir,
    port,
    consoleDir,
    identityPort = 0,
    mqttPort,
    log,
    meter,
    time,
    onProgress,
  } = options;
  const closers: (() => Promise<void> | void)[] = [];
  let services: Services | undefined;
  const close = async () => {
    await services?.closeApi();
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    onProgress?.('Reading the stacks');
    const assembly = readAssembly(cdkOut);
    onProgress?.('Starting services');
    services = await startServices({
      stateDir,
      port,
      consoleDir,
      identityPort,
      mqttPort,
      assets: assembly.assets,
      log,
      meter,
      time,
      onOpen: (one) => closers.push(one),
    });
    const { publicUrl, all, endpoints, lambda, mqtt } = services;
    onProgress?.('Creating resources');
    const handlers: ResourceHandlers = Object.assign(
      {},
      parameterHandlers,
      ...all.map(({ resources }) => resources),
    );
    const parameters = { PublicUrl: publicUrl, WebhookNetworks: loopback, ...options.parameters };
    const outputs = await deploy(assembly, { region, accountId, publicUrl, handlers, parameters });
    onProgress?.('Starting event sources');
    for (const service of all) await service.begin?.();
    onProgress?.('Ready');
    return {
      url: publicUrl,
      endpoints,
      mqtt,
      clientConfig: { region, credentials },
      outputs,
      functionStats: lambda.stats,
      memory: () => memoryOf(lambda.stats()),
      isIdle: lambda.isIdle,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const memoryOf = (stats: readonly FunctionStats[]): Memory => {
  const { rss, heapUsed, external } = process.memoryUsage();
  const workers = stats.reduce((sum, one) => sum + one.workers, 0);
  return { rssBytes: rss, heapUsedBytes: heapUsed, externalBytes: external, workers };
};
