import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type GatewayConfigInput, parseGatewayConfig, readGatewayConfig } from '../config.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { openDisk } from './edge-sealing.ts';
import { rotateLocalKey } from './providers/local-key.ts';
import { keepMiners, settleDeployment, settleMiners } from './sealed-miners.ts';

let directory: string;
let stateDir: string;
let configPath: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sealed-miners-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  stateDir = join(directory, 'state');
  configPath = join(directory, 'gateway.json');
});

const miners = Array.from({ length: 600 }, (_, index) => ({
  minerId: `m-${index}`,
  vendor: 'antminer' as const,
  host: `10.11.${index >> 8}.${index & 255}`,
  username: 'operator',
  password: `pw-${index}-Zq`,
  mac: `AA:BB:CC:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`,
}));
const install = (changes: Partial<GatewayConfigInput> = {}) =>
  writeFileSync(configPath, JSON.stringify({ ...place, hmacKeys: [{ keyId, secret }], miners, ...changes }), {
    mode: 0o644,
  });
const begin = async () => {
  const given = readGatewayConfig(configPath);
  return settleMiners(given, stateDir, await openDisk(given, stateDir), configPath);
};
const onDisk = () =>
  [
    ...(existsSync(configPath) ? [configPath] : []),
    ...readdirSync(stateDir).map((name) => join(stateDir, name)),
  ].map((file) => ({
    file,
    mode: statSync(file).mode & 0o777,
    text: readFileSync(file, 'latin1'),
  }));

describe('miners of a gateway', () => {
  it('are sealed at the first start, taken out of the configuration, and known again at the next', async () => {
    install();
    const first = await begin();
    expect(first.miners).toHaveLength(600);
    for (const { file, mode, text } of onDisk()) {
      expect([file, mode]).toEqual([file, 0o600]);
      for (const trace of ['10.11.', 'pw-7-Zq', 'AA:BB:CC', Buffer.from('pw-7-Zq').toString('hex')])
        expect([file, text.includes(trace)]).toEqual([file, false]);
    }
    expect(Object.keys(JSON.parse(readFileSync(configPath, 'utf8')))).not.toContain('miners');
    expect((await begin()).miners).toEqual(first.miners);
  });

  it('are replaced by those of an edited configuration', async () => {
    install();
    await begin();
    install({ miners: miners.slice(0, 2) });
    await begin();
    expect((await begin()).miners.map(({ minerId }) => minerId)).toEqual(['m-0', 'm-1']);
  });

  it('survive a rotation of the disk key, and a stop between sealing and taking out', async () => {
    install();
    const first = await begin();
    rotateLocalKey(join(stateDir, 'sealing.key'));
    expect((await begin()).miners).toEqual(first.miners);
    // As a stop right after the sealing leaves it: sealed, and in clear still.
    install();
    expect((await begin()).miners).toEqual(first.miners);
    expect(readFileSync(configPath, 'utf8')).not.toContain('10.11.');
  });

  it('of a deployment count once: what was found or changed since stands over restarts, until another is deployed', async () => {
    const deployed = (count: number) =>
      parseGatewayConfig({
        ...place,
        hmacKeys: [{ keyId, secret }],
        miners: miners.slice(0, count),
      });
    const start = async (count: number) => {
      const given = deployed(count);
      return (await settleDeployment(given, stateDir, await openDisk(given, stateDir))).miners;
    };
    expect((await start(2)).map(({ password }) => password)).toEqual(['pw-0-Zq', 'pw-1-Zq']);
    const [first, second] = deployed(2).miners;
    if (!first || !second) throw new Error('no miners');
    const disk = await openDisk(deployed(2), stateDir);
    for (const password of ['rotated-1', 'rotated-2']) {
      await keepMiners(
        place,
        stateDir,
        disk,
        [first, second],
        [{ ...first, password, host: '10.12.0.9' }, second],
      );
      expect((await start(2)).map((miner) => [miner.host, miner.password])).toEqual([
        ['10.12.0.9', password],
        ['10.11.0.1', 'pw-1-Zq'],
      ]);
    }
    for (const { file, text } of onDisk())
      expect([file, text.includes('pw-1-Zq'), text.includes('10.11.')]).toEqual([file, false, false]);
    expect((await start(3)).map(({ password }) => password)).toEqual(['pw-0-Zq', 'pw-1-Zq', 'pw-2-Zq']);
  });

  it('hold what a scan found and what a change of passwords did, also when both are kept at once', async () => {
    install({ miners: miners.slice(0, 20) });
    const { miners: before } = await begin();
    const config = readGatewayConfig(configPath);
    const disk = await openDisk(config, stateDir);
    const moved = before.map((miner, at) => (at % 2 ? { ...miner, host: `10.99.0.${at}` } : miner));
    const changes = before.map((_, changed) =>
      before.map((miner, at) => (at === changed ? { ...miner, password: `new-${at}` } : miner)),
    );
    await Promise.all([moved, ...changes].map((after) => keepMiners(config, stateDir, disk, before, after)));
    const kept = (await settleMiners(config, stateDir, disk, configPath)).miners;
    expect(kept.map(({ host, password }) => [host, password])).toEqual(
      moved.map(({ host }, at) => [host, `new-${at}`]),
    );
  });

  it('do not open at another gateway', async () => {
    install();
    const given = readGatewayConfig(configPath);
    await begin();
    const other = parseGatewayConfig({ ...given, gatewayId: 'gw-other', miners: [] });
    await expect(
      settleMiners(other, stateDir, await openDisk(other, stateDir), undefined),
    ).rejects.toMatchObject({ fault: 'not_authentic' });
  });
});
