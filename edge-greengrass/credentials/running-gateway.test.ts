import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { KnownMachines } from '../discovery/known-machines.ts';
import { lookAtGateway, openGateway } from '../discovery/open-gateway.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { selfSigned } from '../test-kit/self-signed.ts';
import { until } from '../test-kit/until.ts';
import { PasswordChanges } from './password-changes.ts';

let site: SimulatedSite;
let directory: string;
let stateDir: string;
let configPath: string;
beforeAll(async () => {
  site = await startSite({ miners: 3, seed: 9, speed: 1, mix: { 'Antminer S21': 1 } });
  directory = mkdtempSync(join(tmpdir(), 'running-'));
  stateDir = join(directory, 'state');
  configPath = join(directory, 'config.json');
  const { certificate, privateKey } = await selfSigned(place.gatewayId);
  const files = { ca: certificate, cert: certificate, key: privateKey };
  for (const [name, pem] of Object.entries(files)) writeFileSync(join(directory, `${name}.pem`), pem);
  const pem = (name: keyof typeof files) => join(directory, `${name}.pem`);
  const miners = site.inventory().map(({ minerId, vendor, model, host, rpcPort, httpPort }) => ({
    minerId,
    vendor,
    model,
    host,
    rpcPort,
    httpPort,
  }));
  const mqtt = { host: '127.0.0.1', port: 1, caPath: pem('ca'), certPath: pem('cert'), keyPath: pem('key') };
  const config = { ...place, pollIntervalMs: 200, mqtt, hmacKeys: [{ keyId, secret }], miners };
  writeFileSync(configPath, JSON.stringify(config));
});
afterAll(async () => {
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});

const start = (main: string, ...args: string[]) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', main), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { LANG: 'C' },
  });
  const said = { out: '', error: '', code: undefined as number | null | undefined };
  child.stdout.on('data', (chunk) => (said.out += String(chunk)));
  child.stderr.on('data', (chunk) => (said.error += String(chunk)));
  child.on('exit', (code) => (said.code = code));
  return { child, said };
};
const passwordsAgree = async () => {
  const { config } = await lookAtGateway(configPath, stateDir);
  const now = new Map(site.inventory().map(({ minerId, password }) => [minerId, password]));
  return config.miners.every(({ minerId, password = 'root' }) => password === now.get(minerId));
};

it('a running gateway remembers its miners, takes over their new passwords, and ends what a crash left open', {
  timeout: 90_000,
}, async () => {
  const gateway = start('main.ts', '--config', configPath, '--state', stateDir);
  try {
    await until('the gateway', () => gateway.said.out.includes('"ready":true'), 30_000);
    const rotation = start(
      'credentials-main.ts',
      'rotate',
      '--all',
      '--config',
      configPath,
      '--state',
      stateDir,
    );
    await until('the rotation', () => rotation.said.code !== undefined, 40_000);
    expect(rotation.said).toMatchObject({ code: 0, out: '3 have a new password\n' });
    await until('the new inventory', () => gateway.said.error.includes('"config_taken"'), 20_000);
    expect(gateway.said.error).toContain('"fields":"miners"');
    expect(await passwordsAgree()).toBe(true);

    // A rotation that was killed right after its write: the miner has the password that only the state file knows.
    const besides = await openGateway(configPath, stateDir);
    const [miner] = besides.config.miners;
    const at = site.inventory().find(({ minerId }) => minerId === miner?.minerId);
    const from = { username: 'root', password: miner?.password ?? '' };
    const to = { username: 'root', password: at?.password ?? '' };
    await besides.keep(
      besides.config.miners,
      besides.config.miners.map((each) => (each === miner ? { ...each, password: 'before' } : each)),
    );
    new PasswordChanges(besides.state, besides.vault).prepare(
      miner?.minerId ?? '',
      { ...from, password: 'before' },
      to,
      Date.now() - 60_000,
    );
    const machine = new KnownMachines(besides.state, besides.vault).of(miner?.minerId ?? '');
    expect(machine?.macAddress).toBe(at?.macAddress);
    besides.tellRunning();
    besides.close();
    await until(
      'the end of the change',
      () => gateway.said.error.includes('"password_change_ended"'),
      30_000,
    );
    await expect.poll(passwordsAgree, { timeout: 20_000 }).toBe(true);
  } finally {
    gateway.child.kill('SIGTERM');
    await until('the end of the gateway', () => gateway.said.code !== undefined, 20_000);
  }
  expect(gateway.said.code).toBe(0);
  for (const { password = '' } of site.inventory()) expect(gateway.said.error).not.toContain(password);
});
