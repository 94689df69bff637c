import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createWeb, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayConfigInput, parseGatewayConfig } from '../config.ts';
import { Spool } from '../state/spool.ts';
import { StateFile } from '../state/state-file.ts';
import { antminerPeer } from '../test-kit/antminer-peer.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { selfSigned } from '../test-kit/self-signed.ts';
import { checkKeys } from './check-keys.ts';
import { checkApi, checkBroker, checkNames } from './check-lines.ts';
import { checkDisk, checkNode, checkOpenFiles } from './check-machine.ts';
import { checkAddresses, checkPasswords, checkSweep, subnetOf } from './check-miners.ts';
import { checkPort } from './check-ports.ts';
import { checkStateFile } from './check-state.ts';
import { examine } from './examine.ts';
import type { Finding } from './finding.ts';

let directory: string;
const servers: { close: () => void }[] = [];
const file = (name: string) => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(directory, { recursive: true, force: true });
});

const configWith = (changes: Partial<GatewayConfigInput> = {}) =>
  parseGatewayConfig({
    ...place,
    hmacKeys: [{ keyId, secret }],
    limits: { spoolBytes: 1_048_576 },
    ...changes,
  });
const levels = (found: readonly Finding[]) => found.map(({ check, level }) => `${check} ${level}`);
const said = (found: readonly Finding[]) => found.map(({ what }) => what.en).join('\n');
const listen = async (server: Server | ReturnType<typeof createTls>) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};
const pair = async (name = place.gatewayId) => {
  const { certificate, privateKey } = await selfSigned(name, 90);
  const mqtt = {
    host: '127.0.0.1',
    port: 1,
    caPath: file('ca.pem'),
    certPath: file('cert.pem'),
    keyPath: file('key.pem'),
  };
  for (const [path, pem] of [
    [mqtt.caPath, certificate],
    [mqtt.certPath, certificate],
    [mqtt.keyPath, privateKey],
  ] as const)
    writeFileSync(path, pem, { mode: 0o600 });
  return { mqtt, certificate, privateKey };
};

describe('the machine', () => {
  it('needs a new enough Node and enough open files', () => {
    expect(checkNode('22.4.0')).toMatchObject({ level: 'failure' });
    expect(checkNode('24.0.0')).toMatchObject({ level: 'ok' });
    expect(checkOpenFiles(1_024, 1_024)).toMatchObject({ level: 'failure' });
    expect(checkOpenFiles(256, 1_024)).toMatchObject({ level: 'ok' });
  });

  it('needs room for the spool and a disk that can be written', () => {
    expect(levels(checkDisk(directory, configWith().limits))[0]).toBe('disk ok');
    const huge = configWith({ limits: { spoolBytes: Number.MAX_SAFE_INTEGER } }).limits;
    expect(levels(checkDisk(directory, huge))[0]).toBe('disk failure');
  });
});

describe('the state file', () => {
  it('is whole, away, or damaged', () => {
    expect(checkStateFile(directory)).toMatchObject({ level: 'skipped' });
    const state = new StateFile(directory);
    const spool = new Spool(state, 1);
    for (let at = 0; at < 200; at++)
      spool.put({ shard: 0, ...spool.nextOf(0), createdAtMs: 1, rows: 1, payload: Buffer.alloc(2_000, at) });
    expect(checkStateFile(directory), 'beside a gateway that has it open').toMatchObject({ level: 'ok' });
    state.close();
    const db = file('gateway.db');
    const bytes = readFileSync(db);
    bytes.fill(0xa5, 4_096, 40_000);
    writeFileSync(db, bytes);
    expect(checkStateFile(directory)).toMatchObject({ level: 'failure' });
  });
});

describe('keys', () => {
  const nowMs = Date.now();
  const dayMs = 86_400_000;

  it('are a pair that is valid, and for the gateway alone', async () => {
    const { mqtt } = await pair();
    expect(levels(checkKeys(configWith({ mqtt }), directory, nowMs))).toEqual(['keys ok']);
    chmodSync(mqtt.keyPath, 0o644);
    expect(levels(checkKeys(configWith({ mqtt }), directory, nowMs))).toEqual(['keys warning', 'keys ok']);
    expect(levels(checkKeys(configWith({ mqtt }), directory, nowMs + 4_000 * 365 * dayMs)).at(-1)).toBe(
      'keys failure',
    );
    expect(said(checkKeys(configWith({ mqtt }), directory, nowMs + 80.5 * dayMs))).toContain(
      'expires in 9 days',
    );
    expect(said(checkKeys(configWith({ mqtt }), directory, nowMs - 400 * dayMs))).toContain('not valid yet');
    writeFileSync(mqtt.keyPath, (await selfSigned('other')).privateKey, { mode: 0o600 });
    chmodSync(mqtt.keyPath, 0o600);
    expect(said(checkKeys(configWith({ mqtt }), directory, nowMs))).toContain('not that of the certificate');
    writeFileSync(mqtt.certPath, 'nothing');
    expect(said(checkKeys(configWith({ mqtt }), directory, nowMs))).toContain('cannot be read');
    rmSync(mqtt.certPath);
    expect(said(checkKeys(configWith({ mqtt }), directory, nowMs))).toContain('missing');
  });

  it('of its own: registered, waiting for a claim, expired', async () => {
    const { certificate, privateKey } = await pair();
    const config = configWith({ cloud: { url: 'https://api.example', caPath: file('ca.pem') } });
    expect(said(checkKeys(config, directory, nowMs))).toContain('no claim');
    const ring = {
      certificates: [{ certificatePem: certificate, keyPem: privateKey }],
      tokenExpiresAtMs: nowMs + dayMs,
      rotateAtMs: nowMs + dayMs,
    };
    writeFileSync(file('keys.json'), JSON.stringify(ring), { mode: 0o600 });
    expect(levels(checkKeys(config, directory, nowMs))).toEqual(['keys ok']);
    writeFileSync(file('keys.json'), JSON.stringify({ ...ring, tokenExpiresAtMs: nowMs - 1 }));
    expect(said(checkKeys(config, directory, nowMs))).toContain('token has expired');
    writeFileSync(file('keys.json'), '{');
    expect(said(checkKeys(config, directory, nowMs))).toContain('keys.json cannot be read');
  });
});

describe('the lines', () => {
  it('resolve', async () => {
    expect(levels(await checkNames(['localhost', '127.0.0.1', 'nothing.invalid']))).toEqual([
      'dns ok',
      'dns failure',
    ]);
  });

  it('to the broker: taken, refused, not trusted, not there', async () => {
    const { mqtt, certificate, privateKey } = await pair('localhost');
    const brokerFor = (ca: string) =>
      listen(
        createTls(
          { key: privateKey, cert: certificate, ca, requestCert: true, rejectUnauthorized: true },
          (socket) => socket.on('error', () => {}),
        ),
      );
    const other = (await selfSigned('other')).certificate;
    const line = { ...mqtt, host: 'localhost' };
    expect(await checkBroker({ ...line, port: await brokerFor(certificate) })).toMatchObject({ level: 'ok' });
    expect(await checkBroker({ ...line, port: await brokerFor(other) })).toMatchObject({
      level: 'failure',
      what: { en: expect.stringContaining('closes the connection') },
    });
    expect(await checkBroker({ ...line, port: 1 })).toMatchObject({ level: 'failure' });
    writeFileSync(mqtt.caPath, other);
    expect(await checkBroker({ ...line, port: await brokerFor(certificate) })).toMatchObject({
      level: 'failure',
      what: { en: expect.stringContaining('no TLS connection') },
    });
  });

  it.each([
    ['agrees', 0, 'clock ok'],
    ['is a little off', 20_000, 'clock warning'],
    ['is ahead', 90_000, 'clock failure'],
    ['is behind', -90_000, 'clock failure'],
  ])('to the API: the clock %s', async (_, offMs, clock) => {
    const port = await listen(createWeb((__, answer) => answer.writeHead(401).end('{}')));
    const cloud = { url: `http://127.0.0.1:${port}`, caPath: 'x', use: 'never' as const, afterMs: 1 };
    expect(levels(await checkApi(cloud, 60_000, () => Date.now() + offMs))).toEqual(['api ok', clock]);
  });

  it('to the API: away', async () => {
    const cloud = { url: 'http://127.0.0.1:1', caPath: 'x', use: 'never' as const, afterMs: 1 };
    expect(levels(await checkApi(cloud, 60_000, Date.now))).toEqual(['api failure', 'clock skipped']);
  });
});

describe('the local port', () => {
  const local = (port: number) => ({ host: '127.0.0.1', port });
  it('is free, taken, or a gateway’s', async () => {
    const port = await listen(createWeb((_, answer) => answer.end('something else')));
    expect(levels(await checkPort(local(port), undefined))).toEqual(['local_port failure']);
    expect(levels(await checkPort(undefined, undefined))).toEqual(['local_port skipped']);
    const running = { healthy: false, version: '1.0.0', line: false, sweeps: 3 };
    expect(levels(await checkPort(local(port), running))).toEqual(['local_port ok', 'gateway failure']);
  });
});

describe('miners', () => {
  const miner = (minerId: string, host: string, more = {}) => ({
    minerId,
    vendor: 'antminer' as const,
    host,
    ...more,
  });

  it('have passwords of their own, and addresses of their own', () => {
    const { miners } = configWith({
      miners: [
        miner('a', '10.0.0.1'),
        miner('b', '10.0.0.2', { password: 'root' }),
        miner('c', '10.0.0.2', { password: 'x9' }),
      ],
    });
    expect(said(checkPasswords(0, miners))).toBe('2 of 3 miners have their vendor’s default password');
    expect(said(checkPasswords(3, miners.slice(2)))).toContain('in clear');
    expect(levels(checkPasswords(0, miners.slice(2)))).toEqual(['passwords ok']);
    expect(checkAddresses(miners)).toMatchObject({
      level: 'failure',
      what: { en: expect.stringContaining('b = c') },
    });
    expect(checkAddresses(miners.slice(0, 2))).toMatchObject({ level: 'ok' });
  });

  it('that do not answer are named by their subnet', async () => {
    const peer = await antminerPeer();
    const config = configWith({
      miners: [
        peer.configured,
        miner('dead-1', '127.0.0.2', { rpcPort: 9 }),
        miner('dead-2', '127.0.0.3', { rpcPort: 9 }),
        miner('dead-3', '127.0.7.3', { rpcPort: 9 }),
      ],
      limits: { connectMs: 500, exchangeMs: 500 },
    });
    const found = await checkSweep(config);
    expect(levels(found)).toEqual(['sweep ok', 'sweep warning', 'sweep failure']);
    expect(said(found)).toContain('127.0.0.0/24: 2 of 3 miners do not answer');
    expect(said(found)).toContain('127.0.7.0/24: none of 1 miners answers');
    await peer.close();
  });

  it('lie in subnets', () => {
    expect(['10.1.2.3', 'fd00:1:2:3:4:5:6:7', 'miner-1.local'].map(subnetOf)).toEqual([
      '10.1.2.0/24',
      'fd00:1:2:3::/64',
      'miner-1.local',
    ]);
  });
});

describe('the whole examination', () => {
  it('names the faulty field of a configuration and nothing of its value', async () => {
    writeFileSync(
      file('config.json'),
      JSON.stringify({ ...place, hmacKeys: [{ keyId, secret: 'tell nobody!' }] }),
    );
    const found = await examine({ configPath: file('config.json'), stateDir: directory, sweep: false });
    expect(levels(found)).toEqual(['node ok', 'config failure']);
    expect(said(found)).toContain('hmacKeys.0.secret');
    expect(JSON.stringify(found)).not.toContain('tell nobody');
  });

  it('as a command: says it in the language asked for, ends with 1, and changes nothing', async () => {
    const { mqtt } = await pair();
    const text = JSON.stringify({
      ...place,
      mqtt,
      hmacKeys: [{ keyId, secret }],
      miners: [{ minerId: 'm', vendor: 'antminer', host: '127.0.0.9', rpcPort: 9 }],
    });
    writeFileSync(file('config.json'), text);
    const run = (...more: string[]) =>
      new Promise<{ status: number | null; out: string }>((resolve) => {
        const child = spawn(process.execPath, [
          join(import.meta.dirname, '../doctor-main.ts'),
          ...['--config', file('config.json'), '--state', file('state'), ...more],
        ]);
        let out = '';
        child.stdout.on('data', (chunk) => (out += String(chunk)));
        child.once('close', (status) => resolve({ status, out }));
      });
    const [zh, json] = await Promise.all([run('--lang', 'zh', '--no-sweep'), run('--json')]);
    expect(zh.status).toBe(1);
    expect(zh.out).toContain('✗ broker');
    expect(zh.out).toContain('默认密码');
    const found: Finding[] = JSON.parse(json.out);
    expect(levels(found)).toContain('sweep failure');
    for (const { level, what, todo } of found) {
      expect(Object.keys(what)).toEqual(['en', 'zh']);
      expect(todo !== undefined).toBe(level === 'warning' || level === 'failure');
      if (todo) expect(todo.zh).toMatch(/[\u4e00-\u9fff]/);
    }
    expect(json.out).not.toContain(secret);
    expect(readFileSync(file('config.json'), 'utf8')).toBe(text);
  });
});
