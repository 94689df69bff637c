import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseGatewayConfig } from '../config.ts';
import { openDisk } from '../sealing/edge-sealing.ts';
import { keepMiners } from '../sealing/sealed-miners.ts';
import { antminerPeer } from '../test-kit/antminer-peer.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { nucleusPeer } from '../test-kit/nucleus-peer.ts';
import { selfSigned } from '../test-kit/self-signed.ts';
import { until } from '../test-kit/until.ts';

let directory: string;
let child: ChildProcess;
let peer: Awaited<ReturnType<typeof antminerPeer>>;
let said: { out: string; error: string; ended: boolean };
const file = () => join(directory, 'config.json');
const state = () => join(directory, 'state');

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'reload-'));
  peer = await antminerPeer();
});
afterEach(async () => {
  child.kill('SIGKILL');
  await peer.close();
  rmSync(directory, { recursive: true, force: true });
});

const start = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  said = { out: '', error: '', ended: false };
  child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts'), ...args, '--state', state()], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  child.stdout?.on('data', (chunk) => (said.out += String(chunk)));
  child.stderr?.on('data', (chunk) => (said.error += String(chunk)));
  child.on('exit', () => (said.ended = true));
  await until('the ready line', () => said.out.includes('\n') || said.ended, 20_000);
};
const logged = (event: string) =>
  said.error
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
    .map((line) => JSON.parse(line));
const spooled = () => {
  const db = new DatabaseSync(join(state(), 'gateway.db'), { readOnly: true });
  try {
    return db
      .prepare('SELECT sequence FROM batch ORDER BY sequence')
      .all()
      .map(({ sequence }) => sequence);
  } finally {
    db.close();
  }
};

describe('a gateway that runs while its configuration changes', () => {
  it('follows the file and SIGHUP, refuses what is wrong, and loses nothing of its spool', async () => {
    const { certificate, privateKey } = await selfSigned(place.gatewayId);
    const paths = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(directory, name));
    for (const [at, pem] of [certificate, certificate, privateKey].entries())
      writeFileSync(paths[at] ?? '', pem);
    const [caPath, certPath, keyPath] = paths;
    const base = {
      ...place,
      pollIntervalMs: 100,
      mqtt: { host: '127.0.0.1', port: 1, caPath, certPath, keyPath },
      hmacKeys: [{ keyId, secret }],
      miners: [peer.configured],
      local: { port: 0 },
    };
    writeFileSync(file(), JSON.stringify(base));
    await start(['--config', file()]);
    const { miners: _, ...sealed } = base;
    const port = () => logged('local_page').at(-1)?.port;
    await until('the page', () => port() !== undefined);
    const page = async (path: string) => (await fetch(`http://127.0.0.1:${port()}${path}`)).json();
    await until('batches in the spool', () => spooled().length >= 3);
    const before = spooled();

    // Wrong: refused, with the field's name and without its value.
    writeFileSync(file(), JSON.stringify({ ...sealed, hmacKeys: [{ keyId, secret: 'tell nobody!' }] }));
    await until('the refusal', () => logged('config_refused').length > 0);
    expect(logged('config_refused')[0].reason).toContain('hmacKeys.0.secret');
    expect(await page('/api/site')).toMatchObject({
      configFault: { reason: expect.stringContaining('hmacKeys') },
    });

    // Polling alone: no restart.
    writeFileSync(file(), JSON.stringify({ ...sealed, pollIntervalMs: 150 }));
    await until('the new interval', () => logged('config_taken').length === 1);
    expect(logged('config_taken')[0]).toMatchObject({ fields: 'pollIntervalMs', restarted: false });

    // A bound of the agent: it starts anew on the same state.
    writeFileSync(file(), JSON.stringify({ ...sealed, limits: { sockets: 32 } }));
    child.kill('SIGHUP');
    await until('the new bound', () => logged('config_taken').length === 2);
    expect(logged('config_taken')[1]).toMatchObject({
      fields: 'pollIntervalMs limits.sockets',
      restarted: true,
    });
    await until('batches after the restart', () => spooled().length > before.length + 2);
    const after = spooled();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after).toEqual(after.map((__, at) => Number(after[0]) + at));
    expect(await page('/healthz')).toMatchObject({ healthy: true, polling: true });
    expect(await page('/api/readings')).toMatchObject({ total: 1, rows: [{ minerId: 'm-1' }] });

    // Another process seals another miner, as discovery does.
    const config = parseGatewayConfig({
      ...base,
      miners: [peer.configured, { ...peer.configured, minerId: 'm-2' }],
    });
    await keepMiners(
      config,
      state(),
      await openDisk(config, state()),
      config.miners.slice(0, 1),
      config.miners,
    );
    await until('the sealed miners', () => logged('config_taken').length === 3);
    expect(logged('config_taken')[2]).toMatchObject({ fields: 'miners', restarted: true });

    expect(said.error).not.toContain('tell nobody');
    expect(said.error).not.toContain(secret);
    child.kill('SIGTERM');
    await until('the end', () => said.ended);
  }, 60_000);

  it('follows a deployment under Greengrass, once, and goes on where one is wrong', async () => {
    const gateway = {
      ...place,
      pollIntervalMs: 100,
      hmacKeys: [{ keyId, secret }],
      miners: [peer.configured],
      local: { port: 0 },
    };
    const nucleus = await nucleusPeer(gateway);
    try {
      await start(['--greengrass'], nucleus.env());
      await until('the watch', () => nucleus.subscriptions.some(({ topic }) => topic === undefined));
      await until('telemetry', () => nucleus.published.length > 2);

      nucleus.state.gateway = { ...gateway, limits: { sockets: 'many' } };
      nucleus.tellOfChange();
      await until('the refusal', () => logged('config_refused').length === 1);
      expect(logged('config_refused')[0].reason).toContain('limits.sockets');

      const other = { ...peer.configured, minerId: 'm-2' };
      nucleus.state.gateway = { ...gateway, miners: [peer.configured, other] };
      for (let key = 0; key < 3; key++) nucleus.tellOfChange();
      await until('the new miner', () => logged('config_taken').length === 1);
      expect(logged('config_taken')[0]).toMatchObject({ fields: 'miners', restarted: true });
      const port = logged('local_page').at(-1).port;
      const known = async () => (await fetch(`http://127.0.0.1:${port}/api/site`)).text();
      let shown = '';
      const looking = setInterval(() => void known().then((text) => (shown = text)), 50);
      await until('both miners', () => shown.includes('"configured":2') && shown.includes('"unheard":0'));
      clearInterval(looking);
      // The deployment keeps its miners in clear and what was sealed is written at each of its changes alone.
      expect(logged('miners_in_deployment')).toHaveLength(2);
      expect(logged('config_taken')).toHaveLength(1);
      child.kill('SIGTERM');
      await until('the end', () => said.ended);
    } finally {
      await nucleus.close();
    }
  }, 60_000);
});
