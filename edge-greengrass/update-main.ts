import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { realClock } from './real-clock.ts';
import { fetchRelease } from './self-update/fetch-release.ts';
import { openRelease, ReleaseRefused, readReleaseKeys } from './self-update/release.ts';
import { installFirst, type Running, updater } from './self-update/update.ts';

const help = `HashInsight edge gateway: releases

  node edge-greengrass/update-main.ts install --root DIR --key FILE --from FILE|URL
  node edge-greengrass/update-main.ts update  --root DIR --key FILE --from FILE|URL [--restart COMMAND] [--health URL]
  node edge-greengrass/update-main.ts settle  --root DIR [--restart COMMAND] [--health URL]

  install         puts the first release onto a machine
  update          takes a newer release, and goes back to the one before where it is not healthy in time
  settle          ends an update that a crash or a power cut left open; update does so first

  --root DIR        holds releases/<version>/ and the link current (such as /opt/hashinsight-edge)
  --key FILE        Ed25519 public keys in PEM; a release signed by any of them is taken
  --from FILE|URL   the release's archive, over https or from a file
  --restart COMMAND starts the gateway anew (default: systemctl restart hashinsight-edge)
  --health URL      what the gateway says of itself (default: http://127.0.0.1:9464/healthz)
  --unseen          updates a gateway that does not say at this URL that it runs, such as one that cannot start
  --minutes N       that a release has to become healthy (default 5)
  --steady N        seconds that it then has to stay so (default 30)

Prints one line of JSON. Exit code 0: done, or nothing to do; 1: rolled back or failed; 3: the release was refused.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    root: { type: 'string' },
    key: { type: 'string' },
    from: { type: 'string' },
    restart: { type: 'string', default: 'systemctl restart hashinsight-edge' },
    health: { type: 'string', default: 'http://127.0.0.1:9464/healthz' },
    unseen: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '5' },
    steady: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
});

const health = z.object({ version: z.string(), healthy: z.boolean(), sweeps: z.int() });
const askRunning = async (): Promise<Running | undefined> => {
  try {
    const answer = await fetch(values.health, { signal: AbortSignal.timeout(5_000) });
    return health.parse(await answer.json());
  } catch {
    return undefined;
  }
};

const restart = () =>
  new Promise<void>((resolve) => {
    // Whether it worked, the gateway's health says.
    const child = spawn('/bin/sh', ['-c', values.restart], { stdio: 'inherit' });
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });

const given = (name: 'root' | 'key' | 'from') => {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
};
const positive = (name: 'minutes' | 'steady') => {
  const value = Number(values[name]);
  if (!(value >= 0)) throw new Error(`--${name} must be a number`);
  return value;
};

const release = async () =>
  openRelease(await fetchRelease(given('from')), readReleaseKeys(readFileSync(given('key'), 'utf8')));

const run = async () => {
  const root = given('root');
  if (positionals[0] === 'install') {
    const first = await release();
    installFirst(root, first);
    return { outcome: 'installed', to: first.manifest.version };
  }
  const { apply, settle } = updater({
    root,
    restart,
    running: askRunning,
    clock: realClock(Date.now),
    withinMs: positive('minutes') * 60_000,
    steadyMs: positive('steady') * 1_000,
    unseen: values.unseen,
  });
  return positionals[0] === 'settle' ? settle() : apply(await release());
};

const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);

if (values.help || !['install', 'update', 'settle'].includes(positionals[0] ?? '')) {
  process.stdout.write(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  run().then(
    (result) => {
      say(result);
      process.exitCode = result.outcome === 'rolled_back' ? 1 : 0;
    },
    (error: unknown) => {
      if (error instanceof ReleaseRefused)
        say({ outcome: 'refused', code: error.code, reason: error.message });
      else say({ outcome: 'failed', reason: error instanceof Error ? error.message : 'unknown' });
      // A timer asks every day: that there is nothing newer is no failure.
      const isCurrent = error instanceof ReleaseRefused && error.code === 'NOT_NEWER';
      process.exitCode = isCurrent ? 0 : error instanceof ReleaseRefused ? 3 : 1;
    },
  );
}
