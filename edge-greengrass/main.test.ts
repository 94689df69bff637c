import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildGateway } from './build.ts';
import { antminerPeer } from './test-kit/antminer-peer.ts';
import { keyId, secret } from './test-kit/envelopes.ts';
import { place } from './test-kit/memory-bus.ts';
import { selfSigned } from './test-kit/self-signed.ts';
import { until } from './test-kit/until.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'main-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const main = join(import.meta.dirname, 'main.ts');

const run = (file: string, ...args: string[]) => {
  const child: ChildProcess = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
  });
  const said = { out: '', error: '', code: undefined as number | null | undefined };
  child.stdout?.on('data', (chunk) => (said.out += String(chunk)));
  child.stderr?.on('data', (chunk) => (said.error += String(chunk)));
  child.on('exit', (code) => (said.code = code));
  return { child, said, ended: () => until('the end of the process', () => said.code !== undefined) };
};

describe('the gateway as a process', () => {
  it('explains itself', async () => {
    const { said, ended } = run(main, '--help');
    await ended();
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('--config FILE') });
  });

  it('names the faulty field of its configuration and none of its values', async () => {
    const file = join(directory, 'config.json');
    writeFileSync(
      file,
      JSON.stringify({ ...place, miners: [], hmacKeys: [{ keyId, secret: 'tell nobody!' }] }),
    );
    const { said, ended } = run(main, '--config', file);
    await ended();
    expect(said.code).toBe(1);
    expect(said.error).toContain('hmacKeys.0.secret');
    expect(said.error).not.toContain('tell nobody');
  });

  it('runs from the bundled artefact, finds its miners without a line, and ends on SIGTERM', async () => {
    const { outfile, bytes } = await buildGateway(directory);
    expect(bytes).toBeLessThan(1_500_000);
    const peer = await antminerPeer();
    const { certificate, privateKey } = await selfSigned(place.gatewayId);
    const [caPath, certPath, keyPath] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) =>
      join(directory, name),
    );
    for (const [path, pem] of [
      [caPath, certificate],
      [certPath, certificate],
      [keyPath, privateKey],
    ])
      writeFileSync(path ?? '', pem ?? '');
    const file = join(directory, 'config.json');
    const mqtt = { host: '127.0.0.1', port: 1, caPath, certPath, keyPath };
    writeFileSync(
      file,
      JSON.stringify({
        ...place,
        pollIntervalMs: 100,
        mqtt,
        hmacKeys: [{ keyId, secret }],
        miners: [peer.configured],
        local: { port: 0 },
      }),
    );
    const { child, said, ended } = run(outfile, '--config', file, '--state', join(directory, 'state'));
    await until('the ready line', () => said.out.includes('\n') || said.code !== undefined);
    expect(JSON.parse(said.out)).toEqual({ ready: true, ...place, miners: 1, identified: 1 });
    const port = /"event":"local_page","port":(\d+)/.exec(said.error)?.[1];
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(await page.text()).toContain('<title>HashInsight Edge</title>');
    child.kill('SIGTERM');
    await ended();
    expect(said.code).toBe(0);
    expect(said.error).not.toContain(secret);
    expect(said.error).not.toContain('127.0.0.1');
    for (const [command, option] of [
      ['run', '--state DIR'],
      ['doctor', '--no-sweep'],
      ['discover', '--range RANGE'],
      ['credentials', '--miner ID'],
      ['release', '--root DIR'],
    ] as const) {
      const { said: words, ended: over } = run(join(directory, 'hashinsight-edge.mjs'), command, '--help');
      await over();
      expect(words, command).toMatchObject({ code: 0, out: expect.stringContaining(option) });
    }
    await peer.close();
  });
});
