import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlClient, controlClient, SimulatorRefusal } from '../control-client.ts';
import { startSite } from '../site/simulated-site.ts';
import { ask, type ManualSite, startManualSite } from '../test-support.ts';
import { serveControl } from './control-server.ts';
import { readyLine } from './messages.ts';

describe('the control API', () => {
  let site: ManualSite;
  let control: Awaited<ReturnType<typeof serveControl>>;
  let client: ControlClient;
  beforeAll(async () => {
    site = await startManualSite({ miners: 10, zones: 2 });
    control = await serveControl(site, 0);
    client = controlClient(control.url);
  });
  afterAll(async () => {
    await control.close();
    await site.close();
  });

  it('lists, injects, shows and clears', async () => {
    expect(await client.health()).toEqual({ status: 'ok', miners: 10, speed: 1 });
    const inventory = await client.inventory();
    expect(inventory).toHaveLength(10);
    expect(new Set(inventory.map((entry) => entry.macAddress)).size).toBe(10);
    expect(new Set(inventory.map((entry) => entry.zoneId))).toEqual(new Set(['zone-1', 'zone-2']));
    await client.inject('m-0002', { kind: 'dead_board', board: 1 });
    site.pass(5);
    expect(await client.physical('m-0002')).toMatchObject({
      faults: [{ kind: 'dead_board', board: 1, recoverable: true }],
    });
    expect((await client.physical('m-0002')).boards[0]).toMatchObject({ lost: true, hashrateThs: 0 });
    expect((await client.summary()).faultyMiners).toEqual(['m-0002']);
    await client.clear('m-0002', 'hang');
    expect((await client.summary()).faultyMiners).toEqual(['m-0002']);
    await client.clear('m-0002');
    expect((await client.summary()).faultyMiners).toEqual([]);
    await client.setSpeed(3);
    expect((await client.health()).speed).toBe(3);
    await client.setSpeed(1);
  });

  it('refuses what it does not know', async () => {
    await expect(client.physical('m-0099')).rejects.toMatchObject({ status: 404 });
    await expect(client.inject('zone-7', { kind: 'hang' })).rejects.toThrow(SimulatorRefusal);
    await expect(client.setSpeed(-1)).rejects.toMatchObject({ status: 400 });
    for (const body of [
      '',
      '{',
      '[]',
      '{"target":"m-0001","fault":{"kind":"meteorite"}}',
      'x'.repeat(20_000),
    ])
      expect((await fetch(`${control.url}/faults`, { method: 'POST', body })).status).toBe(400);
    expect((await fetch(`${control.url}/nothing`)).status).toBe(404);
    expect((await fetch(`${control.url}/physical/%E0%A4%A`)).status).toBeGreaterThanOrEqual(400);
  });
});

it('starts 2,000 miners in one process, all in steady state', async () => {
  const site = await startSite({ miners: 2000, seed: 2, speed: 1 });
  try {
    const inventory = site.inventory();
    expect(new Set(inventory.map((entry) => entry.rpcPort)).size).toBe(2000);
    const summary = site.summary();
    expect(summary).toMatchObject({ miners: 2000, hashing: 2000, faultyMiners: [] });
    expect(summary.hottestChipC).toBeLessThan(78);
    const answers = await Promise.all(
      inventory.slice(0, 300).map((entry) => ask(entry.rpcPort ?? 0, '{"command":"summary"}')),
    );
    for (const answer of answers) expect(answer).toContain('"Elapsed"');
  } finally {
    await site.close();
  }
});

it('listens on loopback only', async () => {
  await expect(startSite({ miners: 1, seed: 1, speed: 1, host: '0.0.0.0' })).rejects.toThrow('127.0.0.0/8');
});

it('runs as a process of its own, says when it is ready and stops when told', async () => {
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, '../main.ts'), '--miners', '4', '--speed', '20'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  try {
    const [line] = await once(createInterface(child.stdout), 'line');
    const ready = readyLine.parse(JSON.parse(String(line)));
    expect((await controlClient(ready.controlUrl).health()).miners).toBe(4);
  } finally {
    child.kill('SIGTERM');
  }
  expect((await exited)[0]).toBe(0);
});
