import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loopSteps } from '../contracts/api-advisor.ts';
import { runLoop } from '../local/loop/run-loop.ts';

/**
 * The product as a visitor starts it: synthesised stacks, local cloud, simulated miners and gateway in processes of
 * their own. One case runs by itself under a rule, one is approved by two people over HTTP.
 */
it('carries a lost hashboard and a dead fan through the whole loop', { timeout: 180_000 }, async () => {
  const report = await runLoop({
    scenario: 'happy',
    miners: 20,
    seed: 7,
    port: 0,
    stateDir: join(mkdtempSync(join(tmpdir(), 'loop-')), 'state'),
    onStep: () => undefined,
  });
  expect(report.cases.map(({ name, faults }) => ({ name, faults }))).toEqual([
    { name: 'lost hashboard', faults: [] },
    { name: 'dead fan', faults: [] },
  ]);
  expect(report.audit).toMatchObject({ intact: true });
  for (const { steps } of report.cases) expect(steps.map(({ step }) => step)).toEqual([...loopSteps]);
});
