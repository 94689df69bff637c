import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { eventually, temporaryDirectory } from '../testing/test-app.ts';
import { openFunctionLog } from './function-log.ts';
import { createFunctionPool, type FunctionConfig, type PoolOptions } from './function-pool.ts';

const span = z.object({ payload: z.object({ from: z.number(), to: z.number() }) });

const poolOf = (source: string, config: Partial<FunctionConfig> = {}, options: Partial<PoolOptions> = {}) => {
  const directory = temporaryDirectory();
  const codeDir = join(directory.path, 'code');
  mkdirSync(codeDir);
  writeFileSync(join(codeDir, 'index.mjs'), source);
  const failures: string[] = [];
  const log = openFunctionLog(join(directory.path, 'logs'), 'fn');
  const pool = createFunctionPool(
    {
      functionName: 'fn',
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fn',
      codeDir,
      handler: 'index.handler',
      environment: { GREETING: 'hello' },
      timeoutMs: 5_000,
      memoryMb: 128,
      maxWorkers: 2,
      ...config,
    },
    { idleMs: 60_000, initTimeoutMs: 20_000, log, onFailure: (line) => failures.push(line), ...options },
  );
  onTestFinished(async () => {
    await pool.close(0);
    directory[Symbol.dispose]();
  });
  return { pool, failures, logText: () => readFileSync(log.file, 'utf8') };
};

describe('a function', () => {
  it('gets its event, context and environment, and nothing of this process', async () => {
    const { pool } = poolOf(`export const handler = async (event, context) => ({
      event, name: context.functionName, arn: context.invokedFunctionArn, id: context.awsRequestId,
      memory: context.memoryLimitInMB, left: context.getRemainingTimeInMillis(), greeting: process.env.GREETING, path: process.env.PATH ?? null,
    });`);
    const outcome = await pool.invoke({ a: [1, undefined] }, 'request-1');
    expect(outcome).toMatchObject({
      ok: true,
      payload: {
        event: { a: [1, null] },
        name: 'fn',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:fn',
        id: 'request-1',
        memory: '128',
        greeting: 'hello',
        path: null,
        left: expect.toSatisfy((left: number) => left > 0 && left <= 5_000),
      },
    });
  });

  it('keeps its module state while warm, and answers null for nothing', async () => {
    const { pool } = poolOf(
      'let n = 0; export const handler = async ({ quiet }) => (quiet ? undefined : ++n);',
      { maxWorkers: 1 },
    );
    expect(await pool.invoke({})).toEqual({ ok: true, payload: 1 });
    expect(await pool.invoke({})).toEqual({ ok: true, payload: 2 });
    expect(await pool.invoke({ quiet: true })).toEqual({ ok: true, payload: null });
    expect(pool.stats()).toMatchObject({ invocations: 3, coldStarts: 1, errors: 0, workers: 1 });
    expect(pool.stats().initMs).toHaveLength(1);
  });

  it('runs as many events at once as it may, and lets the others wait', async () => {
    const { pool } = poolOf(
      `export const handler = async () => { const from = Date.now(); await new Promise((done) => setTimeout(done, 150)); return { from, to: Date.now() }; };`,
      { maxWorkers: 2 },
    );
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => pool.invoke({})));
    const spans = outcomes.map((one) => span.parse(one).payload);
    const overlapping = spans.map(
      ({ from }) => spans.filter((other) => other.from <= from && other.to > from).length,
    );
    expect(Math.max(...overlapping)).toBe(2);
    expect(pool.stats().coldStarts).toBe(2);
  });
});

describe('what goes wrong in a function', () => {
  it('reports what it throws, with type and message', async () => {
    const { pool, failures, logText } = poolOf(
      `class Lost extends Error { name = 'Lost'; } export const handler = async () => { throw new Lost('where'); };`,
    );
    expect(await pool.invoke({})).toEqual({ ok: false, errorType: 'Lost', errorMessage: 'where' });
    expect(failures).toEqual(['fn: Lost: where']);
    await eventually(() => logText().includes('Lost: where'));
  });

  it('is stopped at its timeout and works again after', async () => {
    const { pool } = poolOf('export const handler = async ({ hang }) => { while (hang) {} return 1; };', {
      timeoutMs: 300,
      maxWorkers: 1,
    });
    expect(await pool.invoke({ hang: true }, 'id')).toEqual({
      ok: false,
      errorType: 'Sandbox.Timedout',
      errorMessage: 'RequestId: id Error: Task timed out after 0.30 seconds',
    });
    expect(await pool.invoke({})).toEqual({ ok: true, payload: 1 });
    expect(pool.stats()).toMatchObject({ timeouts: 1, coldStarts: 2 });
  });

  it.each([
    ['a missing export', 'export const other = 1;', 'TypeError', 'index.handler is not a function'],
    ['a throwing module', 'throw new Error("config");', 'Error', 'config'],
    [
      'an unhandled rejection',
      'export const handler = () => { Promise.reject(new Error("loose")); return new Promise(() => {}); };',
      'Error',
      'loose',
    ],
    [
      'process.exit',
      'export const handler = () => process.exit(3);',
      'Runtime.ExitError',
      'The function ended itself with code 3',
    ],
    [
      'a result that is not JSON',
      'export const handler = async () => ({ n: 1n });',
      'TypeError',
      'Do not know how to serialize a BigInt',
    ],
  ])('%s', async (_name, source, errorType, errorMessage) => {
    const { pool } = poolOf(source);
    expect(await pool.invoke({})).toEqual({ ok: false, errorType, errorMessage });
  });

  it('an answer over 6 MB, as in the cloud', async () => {
    const { pool } = poolOf("export const handler = async ({ length }) => 'x'.repeat(length);");
    expect(await pool.invoke({ length: 6_291_557 })).toMatchObject({
      ok: false,
      errorType: 'Function.ResponseSizeTooLarge',
    });
    expect(await pool.invoke({ length: 6_000_000 })).toMatchObject({ ok: true });
  });

  it('more memory than it has', async () => {
    const { pool } = poolOf(
      'export const handler = async () => { const all = []; for (;;) all.push(new Array(100_000).fill({})); };',
      { memoryMb: 64 },
    );
    expect(await pool.invoke({})).toMatchObject({ ok: false, errorType: 'Runtime.OutOfMemory' });
  });
});

describe('execution environments', () => {
  it('are stopped when idle', async () => {
    const { pool } = poolOf('export const handler = async () => 1;', {}, { idleMs: 50 });
    await pool.invoke({});
    await eventually(() => pool.stats().workers === 0);
    expect(await pool.invoke({})).toEqual({ ok: true, payload: 1 });
  });

  it('write what a function logs to its file', async () => {
    const { pool, logText } = poolOf('export const handler = async () => { console.log("seen"); };');
    await pool.invoke({});
    await eventually(() => logText().includes('seen'));
  });

  it('take no events when closed, and let running ones end', async () => {
    const { pool } = poolOf(
      'export const handler = () => new Promise((done) => setTimeout(done, 200, "ended"));',
      { maxWorkers: 1 },
    );
    await pool.invoke({});
    const running = pool.invoke({});
    const waiting = pool.invoke({});
    await pool.close();
    expect(await running).toEqual({ ok: true, payload: 'ended' });
    expect(await waiting).toMatchObject({ ok: false, errorType: 'Runtime.Stopping' });
    expect(await pool.invoke({})).toMatchObject({ ok: false, errorType: 'Runtime.Stopping' });
  });
});
