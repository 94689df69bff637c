/**
 * The inside of one execution environment: loads the bundled handler once, then runs one event at a time. Messages are
 * JSON text both ways, as they are between Lambda's service and its runtime.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';

const settings: WorkerSettings = workerData;
const port = parentPort;
if (!port) throw new Error('worker.ts runs in a worker thread');
const send = (message: FromWorker) => port.postMessage(message);

if (settings.clock) {
  // As local/shared/shifted-clock.ts has it; this file cannot import another.
  const offsetMs = new Float64Array(settings.clock);
  const RealDate = Date;
  const now = () => RealDate.now() + (offsetMs[0] ?? 0);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}
if (settings.compileCacheDir) enableCompileCache(settings.compileCacheDir);

const describe = (error: unknown) => {
  const isError = error instanceof Error;
  return {
    errorType: isError ? error.name : typeof error,
    errorMessage: isError ? error.message : String(error),
    trace: isError ? (error.stack ?? '').split('\n') : [],
  };
};

const load = async () => {
  const [file, exported] = settings.handler.split('.');
  const found: Record<string, unknown> = await import(
    pathToFileURL(join(settings.codeDir, `${file}.mjs`)).href
  );
  const handler = found[exported ?? 'handler'];
  if (typeof handler !== 'function') throw new TypeError(`${settings.handler} is not a function`);
  return handler;
};

const run = async (
  handler: (event: unknown, context: unknown) => unknown,
  { event, requestId, deadlineMs }: ToWorker,
) => {
  const started = performance.now();
  const context = {
    callbackWaitsForEmptyEventLoop: false,
    functionName: settings.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: settings.functionArn,
    memoryLimitInMB: String(settings.memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${settings.functionName}`,
    logStreamName: settings.logStream,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
  try {
    const payload = JSON.stringify((await handler(JSON.parse(event), context)) ?? null);
    send({ kind: 'done', requestId, ok: true, payload, durationMs: performance.now() - started });
  } catch (error) {
    send({ kind: 'done', requestId, ok: false, ...describe(error), durationMs: performance.now() - started });
  }
};

const started = performance.now();
try {
  const handler = await load();
  port.on('message', (message: ToWorker) => {
    void run((event, context) => handler(event, context), message);
  });
  send({ kind: 'ready', initMs: performance.now() - started });
} catch (error) {
  send({ kind: 'initFailed', ...describe(error) });
}
