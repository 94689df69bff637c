import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { buildGateway } from '../build.ts';
import { realClock } from '../real-clock.ts';
import { antminerPeer } from '../test-kit/antminer-peer.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { freePort } from '../test-kit/free-port.ts';
import { place } from '../test-kit/memory-bus.ts';
import { selfSigned } from '../test-kit/self-signed.ts';
import { packRelease } from './pack-release.ts';
import { openRelease } from './release.ts';
import { installFirst, type Running, updater } from './update.ts';

let directory: string;
let peer: Awaited<ReturnType<typeof antminerPeer>>;
let child: ChildProcess | undefined;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'real-'));
  peer = await antminerPeer();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await peer.close();
  rmSync(directory, { recursive: true, force: true });
});
const file = (name: string) => join(directory, name);
const health = z.object({ version: z.string(), healthy: z.boolean(), sweeps: z.int() });
const site = z.object({ waiting: z.int() });

it('replaces the gateway itself while it polls, and its sequences go on', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const releaseOf = async (version: string) => {
    await buildGateway(file(version), version);
    return openRelease(packRelease(file(version), { version, node: 24 }, pem), [publicKey]);
  };
  const port = await freePort();
  const own = await selfSigned(place.gatewayId);
  writeFileSync(file('cert.pem'), own.certificate);
  writeFileSync(file('key.pem'), own.privateKey);
  const mqtt = {
    host: '127.0.0.1',
    port: 1,
    caPath: file('cert.pem'),
    certPath: file('cert.pem'),
    keyPath: file('key.pem'),
  };
  writeFileSync(
    file('config.json'),
    JSON.stringify({
      ...place,
      mqtt,
      hmacKeys: [{ keyId, secret }],
      miners: [peer.configured],
      pollIntervalMs: 200,
      local: { port },
    }),
  );
  const root = file('root');
  installFirst(root, await releaseOf('1.0.0'));
  const start = () => {
    child = spawn(
      process.execPath,
      [join(root, 'current/edge-gateway.mjs'), '--config', file('config.json'), '--state', file('state')],
      { stdio: 'ignore' },
    );
  };
  const stop = async () => {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGTERM');
    await ended;
  };
  const ask = async (path: string) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) })).json();
  const running = (): Promise<Running | undefined> =>
    ask('/healthz').then(
      (said) => health.parse(said),
      () => undefined,
    );
  const waiting = async () => site.parse(await ask('/api/site')).waiting;
  const until = async (version: string) => {
    for (const endMs = Date.now() + 30_000; Date.now() < endMs; await pause(50)) {
      const now = await running();
      if (now?.version === version && now.sweeps > 0) return;
    }
    throw new Error(`did not come: ${version}`);
  };
  start();
  await until('1.0.0');
  const before = await waiting();
  const { apply } = updater({
    root,
    restart: async () => {
      await stop();
      start();
    },
    running,
    clock: realClock(Date.now),
    withinMs: 30_000,
    steadyMs: 100,
  });
  expect(await apply(await releaseOf('1.1.0'))).toEqual({ outcome: 'updated', from: '1.0.0', to: '1.1.0' });
  await until('1.1.0');
  expect(await waiting()).toBeGreaterThan(before);
  await stop();
}, 120_000);
