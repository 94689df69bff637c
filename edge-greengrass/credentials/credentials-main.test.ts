import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { factoryLogin } from '../discovery/identify-machine.ts';
import { lookAtGateway } from '../discovery/open-gateway.ts';
import { vaultOf } from '../sealing/disk-vault.ts';
import { StateFile } from '../state/state-file.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { until } from '../test-kit/until.ts';
import { PasswordChanges } from './password-changes.ts';

const censusOutput = z.object({
  census: z.array(z.object({ vendor: z.string(), miners: z.number(), factory: z.number(), own: z.number() })),
  open: z.array(z.string()),
});
const rotationOutput = z.object({ outcomes: z.record(z.string(), z.string()), stopped: z.boolean() });

describe('the credentials command', { timeout: 90_000 }, () => {
  let site: SimulatedSite;
  let directory: string;
  let stateDir: string;
  let configPath: string;
  const everySecret = new Set<string>();

  beforeEach(async () => {
    site = await startSite({ miners: 5, seed: 9, speed: 1 });
    directory = mkdtempSync(join(tmpdir(), 'credentials-'));
    stateDir = join(directory, 'state');
    configPath = join(directory, 'config.json');
    const miners = site.inventory().map(({ minerId, vendor, model, host, rpcPort, httpPort, password }) => ({
      minerId,
      vendor,
      model,
      host,
      rpcPort,
      ...(httpPort !== undefined && { httpPort }),
      ...(password !== undefined && { password }),
    }));
    writeFileSync(configPath, JSON.stringify({ ...place, hmacKeys: [{ keyId, secret }], miners }));
  });
  afterEach(async () => {
    await site.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = async (...args: string[]) => {
    const main = join(import.meta.dirname, '../credentials-main.ts');
    const child = spawn(process.execPath, [main, ...args, '--config', configPath, '--state', stateDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { LANG: 'C' },
    });
    const said = { out: '', error: '', code: undefined as number | null | undefined };
    child.stdout.on('data', (chunk) => (said.out += String(chunk)));
    child.stderr.on('data', (chunk) => (said.error += String(chunk)));
    child.on('exit', (code) => (said.code = code));
    await until('the end of the process', () => said.code !== undefined, 60_000);
    for (const { password } of site.inventory())
      if (password !== undefined && password.length > 6) everySecret.add(password);
    for (const text of [
      said.out,
      said.error,
      ...readdirSync(stateDir).map((name) => readFileSync(join(stateDir, name), 'latin1')),
    ])
      for (const password of everySecret) expect(text.includes(password)).toBe(false);
    return said;
  };
  const inventory = async () => (await lookAtGateway(configPath, stateDir)).config.miners;
  const passwords = () => new Map(site.inventory().map(({ minerId, password }) => [minerId, password]));

  it('counts whom the factory’s login opens, with one try each, and not again within the day', async () => {
    const { out, code } = await run('census', '--json');
    expect(code).toBe(0);
    const { census, open } = censusOutput.parse(JSON.parse(out));
    const antminers = site.inventory().filter(({ vendor }) => vendor === 'antminer');
    expect(census).toMatchObject([
      { vendor: 'antminer', miners: antminers.length, factory: antminers.length, own: 0 },
      { vendor: 'whatsminer', miners: 5 - antminers.length, factory: 0, own: 5 - antminers.length },
    ]);
    expect(open.toSorted()).toEqual(antminers.map(({ minerId }) => minerId).toSorted());
    const again = await run('census');
    expect(again.out).toContain(`antminer: ${antminers.length} of ${antminers.length}`);
    expect(again.out).toContain('whatsminer: 0 of');
  });

  it('gives every miner a new password that it takes, and seals it', async () => {
    const before = passwords();
    const { out, code, error } = await run('rotate', '--all', '--json');
    expect(error).toBe('');
    const { outcomes } = rotationOutput.parse(JSON.parse(out));
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['changed']));
    expect(code).toBe(0);
    const now = passwords();
    for (const { minerId, vendor, password } of await inventory()) {
      expect(password, minerId).toBe(now.get(minerId));
      expect(password).not.toBe(before.get(minerId));
      expect(password).not.toBe(factoryLogin(vendor).password);
    }
    const census = await run('census', '--json');
    expect(censusOutput.parse(JSON.parse(census.out)).open).toEqual([]);
  });

  it('says what it needs', async () => {
    expect((await run('rotate').catch(() => ({ code: 2 }))).code).toBe(2);
    const { code, error } = await run('rotate', '--miner', 'nobody');
    expect(code).toBe(1);
    expect(error).toContain('no such miner');
  });
});

it('a change that was written under another key is not taken for none', () => {
  const state = new StateFile(':memory:');
  const login = (password: string) => ({ username: 'root', password });
  new PasswordChanges(state, vaultOf(new Uint8Array(32))).prepare('m-1', login('a'), login('b'), 1);
  expect(() => new PasswordChanges(state, vaultOf(new Uint8Array(32).fill(1))).all()).toThrow();
  state.close();
});
