/**
 * One size of site in a process of its own, so that one measurement leaves nothing behind for the next. A child of
 * memory.ts: miners, seconds and seed are its arguments, steps and the result go to its parent.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { apiClient } from '../local/api-client.ts';
import { untilAllReport } from '../local/loop/run-loop.ts';
import { startSystem } from '../local/system.ts';
import type { FromSite, SiteMemory } from './memory.ts';
import { memoryOf } from './process-memory.ts';

const [miners = 0, seconds = 0, seed = 1] = process.argv.slice(2).map(Number);
const tell = (message: FromSite) => process.send?.(message);
const stateDir = mkdtempSync(join(tmpdir(), 'hashinsight-memory-'));

const measure = async (): Promise<SiteMemory> => {
  const system = await startSystem({
    miners,
    seed,
    port: 0,
    stateDir,
    fresh: true,
    speed: 20,
    pollIntervalMs: miners > 1_000 ? 5_000 : 2_000,
    withConsole: true,
    onStep: (step) => tell({ kind: 'step', step }),
    onTrouble: (reason) => tell({ kind: 'step', step: reason }),
  });
  try {
    tell({ kind: 'step', step: 'Waiting for telemetry of every miner' });
    const operator = await apiClient(system.runtime.url, 'operator@demo.local');
    await untilAllReport(system, { operator });
    const invocations = () => system.runtime.functionStats().reduce((sum, one) => sum + one.invocations, 0);
    const errors = () => system.runtime.functionStats().reduce((sum, one) => sum + one.errors, 0);
    const [invokedBefore, errorsBefore] = [invocations(), errors()];
    const begun = performance.now();
    for (let second = 1; second <= seconds; second++) {
      await delay(1_000);
      tell({ kind: 'second', second });
    }
    const elapsedS = (performance.now() - begun) / 1_000;
    const { simulator, edge } = system.pids();
    if (edge === undefined) throw new Error('The gateway ended during the measurement');
    return {
      miners,
      runtime: memoryOf(process.pid),
      simulator: memoryOf(simulator),
      edge: memoryOf(edge),
      workers: system.runtime.memory().workers,
      heapUsedMb: Math.round(system.runtime.memory().heapUsedBytes / 2 ** 20),
      invocationsPerS: Math.round((10 * (invocations() - invokedBefore)) / elapsedS) / 10,
      errors: errors() - errorsBefore,
    };
  } finally {
    await system.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
};

measure().then(
  (result) => process.send?.({ kind: 'done', result } satisfies FromSite, () => process.exit(0)),
  (error: unknown) =>
    process.send?.(
      {
        kind: 'failed',
        reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
      } satisfies FromSite,
      () => process.exit(1),
    ),
);
