import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../test-kit/free-port.ts';
import { until } from '../test-kit/until.ts';
import { currentVersion } from './install.ts';
import { packRelease } from './pack-release.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
type Manner = 'healthy' | 'sick' | 'crashes';

/** What stands for the gateway: it says its version and how it is, as the real one's /healthz does. */
const program = (version: string, manner: Manner) => `
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
if (${manner === 'crashes'}) process.exit(1);
const body = JSON.stringify({ version: '${version}', healthy: ${manner === 'healthy'}, sweeps: 3 });
createServer((_, answer) => answer.end(body)).listen(Number(process.env.PORT), '127.0.0.1', () =>
  writeFileSync(process.env.PID_FILE, String(process.pid)));
`;

let directory: string;
let root: string;
let port: number;
let endServing: () => void;
const file = (name: string) => join(directory, name);
const healthUrl = () => `http://127.0.0.1:${port}/healthz`;

/** What systemd does: starts the release that `current` points at, and starts it again when it ends. */
const keepServing = () => {
  const entry = join(root, 'current/edge-gateway.mjs');
  const env = { PORT: String(port), PID_FILE: file('pid') };
  let child: ChildProcess | undefined;
  let isEnding = false;
  const serve = () => {
    if (isEnding) return;
    child = spawn(process.execPath, [entry], { env, stdio: 'ignore' });
    child.once('exit', () => setTimeout(serve, 30));
  };
  serve();
  return () => {
    isEnding = true;
    child?.kill('SIGKILL');
  };
};
/** Ends the running gateway and returns when another has begun, as far as one does. */
const restart = () =>
  `old=$(cat ${file('pid')} 2>/dev/null); kill -9 $old 2>/dev/null; for i in $(seq 40); do [ "$(cat ${file('pid')})" != "$old" ] && exit 0; sleep 0.02; done; exit 0`;

const pack = (version: string, manner: Manner = 'healthy', key = secret) => {
  const source = file(`source-${version}`);
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'edge-gateway.mjs'), program(version, manner));
  const archive = file(`${version}-${manner}.tar.gz`);
  writeFileSync(archive, packRelease(source, { version, node: 24 }, key));
  return archive;
};
const inBackground = (args: readonly string[]) =>
  new Promise<{ status: number | null; out: string }>((resolve) => {
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    started.stdout.on('data', (chunk) => (out += String(chunk)));
    started.once('close', (status) => resolve({ status, out }));
  });
/** A release that will be healthy ends its time by being so; one that will not needs little of it. */
const run = async (command: string, archive?: string, seconds = 20, more: readonly string[] = []) => {
  const { status, out } = await inBackground([
    join(import.meta.dirname, '../update-main.ts'),
    command,
    ...['--root', root, '--restart', restart(), '--health', healthUrl()],
    ...['--minutes', String(seconds / 60), '--steady', '0.1'],
    ...(archive === undefined ? [] : ['--key', file('keys.pem'), '--from', archive]),
    ...more,
  ]);
  return { status, said: JSON.parse(out.trim().split('\n').at(-1) ?? '{}') };
};
const served = async () => {
  const answer = await fetch(healthUrl()).catch(() => undefined);
  return answer ? ((await answer.json()) as { version: string }).version : undefined;
};
const untilServed = async (version: string) => {
  let now: string | undefined;
  const looking = setInterval(() => void served().then((seen) => (now = seen)), 20);
  await until(`version ${version}`, () => now === version, 30_000).finally(() => clearInterval(looking));
};
const journal = () => JSON.parse(readFileSync(join(root, 'update.json'), 'utf8'));

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'update-'));
  root = join(directory, 'root');
  port = await freePort();
  writeFileSync(file('keys.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  expect(await run('install', pack('1.0.0'))).toMatchObject({ status: 0, said: { to: '1.0.0' } });
  endServing = keepServing();
  await untilServed('1.0.0');
});
afterEach(() => {
  endServing();
  rmSync(directory, { recursive: true, force: true });
});

describe('an update', () => {
  it('takes the new release, keeps the one before, and takes nothing older afterwards', async () => {
    expect(await run('update', pack('1.1.0'))).toEqual({
      status: 0,
      said: { outcome: 'updated', from: '1.0.0', to: '1.1.0' },
    });
    expect(await served()).toBe('1.1.0');
    expect(readdirSync(join(root, 'releases')).toSorted()).toEqual(['1.0.0', '1.1.0']);
    expect(await run('update', pack('1.0.5'))).toMatchObject({ status: 0, said: { code: 'NOT_NEWER' } });
    await run('update', pack('1.2.0'));
    expect(readdirSync(join(root, 'releases')).toSorted()).toEqual(['1.1.0', '1.2.0']);
  }, 120_000);

  it.each<Manner>(['sick', 'crashes'])(
    'goes back where the new release %s, and does not try it again',
    async (manner) => {
      expect(await run('update', pack('1.1.0', manner), 1.5)).toEqual({
        status: 1,
        said: { outcome: 'rolled_back', from: '1.0.0', to: '1.1.0' },
      });
      await untilServed('1.0.0');
      expect(journal()).toEqual({ highest: '1.0.0', failed: ['1.1.0'] });
      expect(await run('update', pack('1.1.0'))).toMatchObject({
        status: 3,
        said: { code: 'FAILED_BEFORE' },
      });
      expect(await run('update', pack('1.1.1'))).toMatchObject({ status: 0, said: { outcome: 'updated' } });
    },
    120_000,
  );

  it('leaves a gateway alone that it cannot see, unless it is told that it does not run', async () => {
    const next = pack('1.1.0');
    const elsewhere = `http://127.0.0.1:${await freePort()}/healthz`;
    expect(await run('update', next, 20, ['--health', elsewhere])).toMatchObject({
      status: 3,
      said: { code: 'NOT_SEEN' },
    });
    expect(journal()).toEqual({ highest: '1.0.0', failed: [] });
    expect(readdirSync(join(root, 'releases'))).toEqual(['1.0.0']);
    endServing();
    const updating = run('update', next, 60, ['--unseen']);
    await until('the next release', () => currentVersion(root) === '1.1.0', 30_000);
    endServing = keepServing();
    expect(await updating).toMatchObject({ status: 0, said: { outcome: 'updated' } });
  }, 120_000);

  it('refuses over HTTP what is not signed for it, with nothing written', async () => {
    const other = generateKeyPairSync('ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    const wrong = readFileSync(pack('1.1.0', 'healthy', other));
    const right = readFileSync(pack('1.2.0'));
    const cut = right.subarray(0, right.length - 40);
    const bodies: Record<string, Buffer> = { '/wrong': wrong, '/cut': cut, '/right': right };
    const server = createServer((request, answer) => {
      const body = bodies[request.url ?? ''];
      if (body) answer.end(body);
      else answer.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    const before = journal();
    expect(await run('update', `${url}/wrong`)).toMatchObject({ status: 3, said: { code: 'BAD_SIGNATURE' } });
    expect(await run('update', `${url}/cut`)).toMatchObject({ status: 3, said: { code: 'NOT_A_RELEASE' } });
    expect(await run('update', `${url}/nothing`)).toMatchObject({ status: 1, said: { outcome: 'failed' } });
    expect(await run('update', 'http://releases.example/x')).toMatchObject({
      status: 1,
      said: { reason: 'releases come over https' },
    });
    expect(journal()).toEqual(before);
    expect(readdirSync(join(root, 'releases'))).toEqual(['1.0.0']);
    expect(await run('update', `${url}/right`)).toMatchObject({ said: { outcome: 'updated', to: '1.2.0' } });
    server.closeAllConnections();
    server.close();
  }, 120_000);
});

describe('an updater that is killed', () => {
  const crash = async (archive: string, step: string, seconds = 20) => {
    const { out } = await inBackground([
      join(import.meta.dirname, '../test-kit/update-victim.ts'),
      ...[root, archive, file('keys.pem'), healthUrl(), restart(), step, String(seconds * 1_000)],
    ]);
    expect(out.trim().split('\n').at(-1)).toBe(step);
  };

  it.each([
    ['staged', '1.0.0'],
    ['noted', '1.0.0'],
    ['switched', '1.1.0'],
    ['restarted', '1.1.0'],
    ['kept', '1.1.0'],
    ['pruned', '1.1.0'],
  ])(
    'after "%s" leaves a gateway that runs %s once it is settled, and can be updated',
    async (step, version) => {
      const archive = pack('1.1.0');
      await crash(archive, step);
      await run('settle');
      await untilServed(version);
      expect(currentVersion(root)).toBe(version);
      expect(journal().attempt).toBeUndefined();
      await run('update', archive);
      expect(currentVersion(root)).toBe('1.1.0');
      await untilServed('1.1.0');
      expect(existsSync(join(root, 'releases/.1.1.0.staging'))).toBe(false);
    },
    120_000,
  );

  it.each(['rolling back', 'switched back', 'restarted back', 'rolled back'])(
    'after "%s" goes on back to the release before',
    async (step) => {
      await crash(pack('1.1.0', 'sick'), step, 1.5);
      await run('settle', undefined, 1.5);
      await untilServed('1.0.0');
      expect(currentVersion(root)).toBe('1.0.0');
      expect(journal()).toEqual({ highest: '1.0.0', failed: ['1.1.0'] });
    },
    120_000,
  );
});
