/** An updater that ends without warning after a step: root, archive, keys, health URL, restart command and the step are its arguments. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { realClock } from '../real-clock.ts';
import { openRelease, readReleaseKeys } from '../self-update/release.ts';
import { updater } from '../self-update/update.ts';

const [root = '', archive = '', keys = '', healthUrl = '', restart = '', crashAfter = '', withinMs = ''] =
  process.argv.slice(2);
const health = z.object({ version: z.string(), healthy: z.boolean(), sweeps: z.int() });

const { apply } = updater({
  root,
  restart: async () => void execFileSync('/bin/sh', ['-c', restart]),
  running: () =>
    fetch(healthUrl)
      .then((answer) => answer.json())
      .then((said) => health.parse(said))
      .catch(() => undefined),
  clock: realClock(Date.now),
  withinMs: Number(withinMs),
  steadyMs: 100,
  lookMs: 20,
  onStep: (step) => {
    process.stdout.write(`${step}\n`);
    if (step === crashAfter) process.kill(process.pid, 'SIGKILL');
  },
});
await apply(openRelease(readFileSync(archive), readReleaseKeys(readFileSync(keys, 'utf8'))));
