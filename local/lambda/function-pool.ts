import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FunctionMeter } from '../metering/meter-function.ts';
import type { InvocationOutcome } from '../ports.ts';
import type { FunctionLog } from './function-log.ts';
import { createCounters, type FunctionStats } from './function-stats.ts';
import type { FromWorker, WorkerFault, WorkerSettings } from './worker-messages.ts';
import { workerSource } from './worker-source.ts';

export type FunctionConfig = {
  readonly functionName: string;
  readonly functionArn: string;
  readonly codeDir: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Execution environments at once; further events wait. */
  readonly maxWorkers: number;
};

export type PoolOptions = {
  /** The last environment without work is stopped after this long, others after a sixth of it, to give their memory back. */
  readonly idleMs: number;
  readonly initTimeoutMs: number;
  readonly compileCacheDir?: string;
  readonly log: FunctionLog;
  readonly meter?: FunctionMeter | undefined;
  /** Moves the functions' clocks (local/shared/shifted-clock.ts). */
  readonly clock?: SharedArrayBuffer | undefined;
  /** One short line per failure. */
  readonly onFailure: (line: string) => void;
};

/** A warm environment is mostly free again before a cold one is ready, so a second one starts only for events that had to wait. */
const patienceMs = 30;
const maxResponseBytes = 6_291_556;

type Job = {
  readonly requestId: string;
  readonly event: string;
  readonly settle: (outcome: InvocationOutcome) => void;
};
type Environment = {
  readonly worker: Worker;
  job: Job | undefined;
  timer: NodeJS.Timeout | undefined;
  gone: boolean;
};

/** The execution environments of one function: reused when warm, started on demand up to a bound, stopped when idle. */
export const createFunctionPool = (config: FunctionConfig, options: PoolOptions) => {
  const counters = createCounters();
  const waiting: Job[] = [];
  const idle: Environment[] = [];
  const all = new Set<Environment>();
  let starting = 0;
  let patience: NodeJS.Timeout | undefined;
  let closed = false;

  const settle = (job: Job, outcome: InvocationOutcome, ms: number, kind: 'ok' | 'error' | 'timeout') => {
    counters.invocation(ms, kind);
    options.meter?.invoked(ms);
    options.log.write(`REPORT RequestId: ${job.requestId} Duration: ${ms.toFixed(2)} ms ${kind}\n`);
    if (!outcome.ok)
      options.onFailure(
        `${config.functionName}: ${outcome.errorType}: ${outcome.errorMessage.slice(0, 300)}`,
      );
    job.settle(outcome);
  };

  const drop = (environment: Environment) => {
    if (environment.gone) return;
    environment.gone = true;
    clearTimeout(environment.timer);
    all.delete(environment);
    const index = idle.indexOf(environment);
    if (index >= 0) idle.splice(index, 1);
    void environment.worker.terminate();
  };

  const rest = (environment: Environment) => {
    environment.job = undefined;
    idle.push(environment);
    environment.timer = setTimeout(
      () => drop(environment),
      all.size > 1 ? options.idleMs / 6 : options.idleMs,
    );
    environment.timer.unref();
    pump();
  };

  const run = (environment: Environment, job: Job) => {
    clearTimeout(environment.timer);
    environment.job = job;
    const started = performance.now();
    environment.timer = setTimeout(() => {
      const seconds = (config.timeoutMs / 1000).toFixed(2);
      const errorMessage = `RequestId: ${job.requestId} Error: Task timed out after ${seconds} seconds`;
      environment.job = undefined;
      drop(environment);
      settle(
        job,
        { ok: false, errorType: 'Sandbox.Timedout', errorMessage },
        performance.now() - started,
        'timeout',
      );
      pump();
    }, config.timeoutMs);
    environment.worker.postMessage({
      requestId: job.requestId,
      event: job.event,
      deadlineMs: Date.now() + config.timeoutMs,
    });
  };

  /** An environment that died takes its event with it. */
  const died = (
    environment: Environment,
    fault: Pick<WorkerFault, 'errorType' | 'errorMessage'>,
    wasStarting: boolean,
  ) => {
    if (environment.gone) return;
    if (wasStarting) starting -= 1;
    const job = environment.job ?? (wasStarting ? waiting.shift() : undefined);
    environment.job = undefined;
    drop(environment);
    options.log.write(`${fault.errorType}: ${fault.errorMessage}\n`);
    if (job)
      settle(job, { ok: false, errorType: fault.errorType, errorMessage: fault.errorMessage }, 0, 'error');
    pump();
  };

  const start = () => {
    starting += 1;
    const settings: WorkerSettings = {
      codeDir: config.codeDir,
      handler: config.handler,
      functionName: config.functionName,
      functionArn: config.functionArn,
      memoryMb: config.memoryMb,
      logStream: randomUUID(),
      compileCacheDir: options.compileCacheDir,
      clock: options.clock,
    };
    const worker = new Worker(workerSource(), {
      workerData: settings,
      env: { ...config.environment },
      stdout: true,
      stderr: true,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(64, config.memoryMb),
        // Small, as dozens of functions share this machine's memory; those with much of their own get what Node takes by itself.
        maxYoungGenerationSizeMb: config.memoryMb >= 2_048 ? 48 : 8,
      },
    });
    const environment: Environment = { worker, job: undefined, timer: undefined, gone: false };
    all.add(environment);
    let ready = false;
    environment.timer = setTimeout(
      () =>
        died(
          environment,
          { errorType: 'Sandbox.Timedout', errorMessage: 'The initialisation timed out' },
          true,
        ),
      options.initTimeoutMs,
    );
    options.log.follow(worker.stdout);
    options.log.follow(worker.stderr);
    if (options.meter) for (const out of [worker.stdout, worker.stderr]) out.on('data', options.meter.wrote);
    worker.on('message', (message: FromWorker) => {
      if (environment.gone) return;
      if (message.kind === 'ready') {
        ready = true;
        starting -= 1;
        clearTimeout(environment.timer);
        counters.coldStart(message.initMs);
        options.meter?.started(message.initMs);
        rest(environment);
      } else if (message.kind === 'initFailed') {
        options.log.write(`${message.trace.join('\n')}\n`);
        died(environment, message, true);
      } else {
        const job = environment.job;
        if (!job || job.requestId !== message.requestId) return;
        clearTimeout(environment.timer);
        if (!message.ok) options.log.write(`${message.trace.join('\n')}\n`);
        const outcome = outcomeOf(message);
        settle(job, outcome, message.durationMs, outcome.ok ? 'ok' : 'error');
        rest(environment);
      }
    });
    worker.on('error', (error) => {
      const outOfMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      died(
        environment,
        { errorType: outOfMemory ? 'Runtime.OutOfMemory' : error.name, errorMessage: error.message },
        !ready,
      );
    });
    worker.on('exit', (code) =>
      died(
        environment,
        { errorType: 'Runtime.ExitError', errorMessage: `The function ended itself with code ${code}` },
        !ready,
      ),
    );
  };

  const pump = () => {
    while (waiting.length > 0) {
      const environment = idle.pop();
      if (!environment) break;
      const job = waiting.shift();
      if (job) run(environment, job);
    }
    if (closed || waiting.length <= starting || all.size >= config.maxWorkers) return;
    if (all.size === 0) start();
    patience ??= setTimeout(() => {
      patience = undefined;
      if (!closed && waiting.length > starting && all.size < config.maxWorkers) start();
      pump();
    }, patienceMs);
  };

  return {
    config,
    /** Runs one event; resolves with what the function answered or how it failed. Never rejects. */
    invoke: (event: unknown, requestId: string = randomUUID()): Promise<InvocationOutcome> =>
      new Promise((resolve) => {
        if (closed)
          return resolve({
            ok: false,
            errorType: 'Runtime.Stopping',
            errorMessage: 'The runtime is stopping',
          });
        waiting.push({ requestId, event: JSON.stringify(event ?? {}), settle: resolve });
        pump();
      }),
    /** Whether no event runs or waits. */
    isIdle: () => waiting.length === 0 && ![...all].some(({ job }) => job),
    stats: (): FunctionStats => ({
      functionName: config.functionName,
      workers: all.size,
      bundleBytes: bundleBytes(config),
      ...counters.read(),
    }),
    /** Lets running events end for up to `graceMs`, then stops everything; waiting events fail as stopping. */
    close: async (graceMs = 3_000) => {
      closed = true;
      clearTimeout(patience);
      const stopping = {
        ok: false,
        errorType: 'Runtime.Stopping',
        errorMessage: 'The runtime is stopping',
      } as const;
      for (const job of waiting.splice(0)) job.settle(stopping);
      const until = Date.now() + graceMs;
      while ([...all].some(({ job }) => job) && Date.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 10));
      await Promise.all(
        [...all].map(async (environment) => {
          const { job, worker } = environment;
          drop(environment);
          job?.settle(stopping);
          await worker.terminate();
        }),
      );
      await options.log.close();
    },
  };
};
export type FunctionPool = ReturnType<typeof createFunctionPool>;

/** What Lambda's service makes of the runtime's answer: one over 6 MB is an error of the function. */
const outcomeOf = (done: Extract<FromWorker, { readonly kind: 'done' }>): InvocationOutcome => {
  if (!done.ok) return { ok: false, errorType: done.errorType, errorMessage: done.errorMessage };
  if (Buffer.byteLength(done.payload) <= maxResponseBytes)
    return { ok: true, payload: JSON.parse(done.payload) };
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${maxResponseBytes} bytes).`;
  return { ok: false, errorType: 'Function.ResponseSizeTooLarge', errorMessage };
};

const bundleBytes = ({ codeDir, handler }: FunctionConfig) => {
  const file = join(codeDir, `${handler.split('.')[0]}.mjs`);
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
};
