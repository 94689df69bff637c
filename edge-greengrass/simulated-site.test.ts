import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandOrder } from '../contracts/command.ts';
import { topics } from '../contracts/topics.ts';
import { type SimulatedSite, startSite } from '../simulator/site/simulated-site.ts';
import { type Agent, startAgent } from './agent.ts';
import { parseGatewayConfig } from './config.ts';
import { logNothing } from './log.ts';
import { anEnvelope, bytesOf, issuedAtMs, keyId, secret } from './test-kit/envelopes.ts';
import { memoryBus, place } from './test-kit/memory-bus.ts';
import { until } from './test-kit/until.ts';

/** The simulated site as a peer on the wire: written by others from the same protocols, and sharing no code. */
let site: SimulatedSite;
let agent: Agent;
const line = memoryBus();
const stateDir = mkdtempSync(join(tmpdir(), 'peer-'));

beforeAll(async () => {
  site = await startSite({ miners: 20, seed: 7, speed: 60 });
  const offsetMs = issuedAtMs - Date.now();
  const miners = site
    .inventory()
    .map(({ minerId, vendor, model, host, rpcPort, httpPort, username, password }) => ({
      minerId,
      vendor,
      model,
      host,
      rpcPort,
      ...(httpPort !== undefined && { httpPort }),
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    }));
  const config = parseGatewayConfig({
    ...place,
    pollIntervalMs: 200,
    hmacKeys: [{ keyId, secret }],
    miners,
    limits: { effectMs: 20_000, effectPollMs: 100, maxBackoffMs: 500 },
  });
  agent = await startAgent(config, line.bus, {
    stateDir,
    log: logNothing,
    nowMs: () => Date.now() + offsetMs,
  });
});
afterAll(async () => {
  await agent.stop();
  await site.close();
  rmSync(stateDir, { recursive: true });
});

const latest = (minerId: string) =>
  line
    .batches()
    .at(-1)
    ?.readings.find((reading) => reading.minerId === minerId);
const give = async (minerId: string, wanted: CommandOrder) => {
  const envelope = anEnvelope(wanted, { minerId, expiresAtMs: issuedAtMs + 600_000 });
  await line.deliver(topics.commandRequest(place), bytesOf(envelope));
  return {
    commandId: envelope.commandId,
    end: await endOf(envelope.commandId, `${wanted.type} at ${minerId}`),
  };
};
const order = async (minerId: string, wanted: CommandOrder) => (await give(minerId, wanted)).end;
const endOf = async (commandId: string, what: string) => {
  const end = () =>
    line.responses().find((response) => response.commandId === commandId && response.outcome !== 'accepted');
  await until(`the end of ${what}`, () => end() !== undefined, 25_000);
  return end();
};
const minerOf = (model: string) => {
  const found = site.inventory().find((entry) => entry.model === model);
  if (!found) throw new Error(`no ${model}`);
  return found.minerId;
};

describe('the gateway at a simulated site', () => {
  it('discovers every miner and reads what is physically so', async () => {
    expect(await agent.ready).toEqual({ miners: 20, identified: 20 });
    await until('a batch of all', () => line.batches().at(-1)?.readings.length === 20);
    for (const { minerId } of site.inventory()) {
      const reading = latest(minerId);
      const physical = site.physical(minerId);
      expect(reading?.state, minerId).toBe('hashing');
      const { hashrateThs = 0, powerW = 0, chipTempC = 0, fan1Rpm = 0, uptimeS = 0 } = reading?.values ?? {};
      expect(hashrateThs / physical.hashrateThs, `${minerId} hashrate`).toBeCloseTo(1, 0);
      expect(Math.abs(chipTempC - physical.chipTempC), `${minerId} chip`).toBeLessThan(8);
      expect(Math.abs(powerW / physical.powerW - 1), `${minerId} power`).toBeLessThan(0.1);
      expect(fan1Rpm).toBeGreaterThan(500);
      expect(uptimeS).toBeGreaterThan(0);
    }
  });

  it.each(['Antminer S19', 'Antminer S21', 'Whatsminer M50', 'Whatsminer M60'])(
    'stops, starts and restarts an %s, physically',
    async (model) => {
      const minerId = minerOf(model);
      expect(await order(minerId, { type: 'HASHING_DISABLE', params: {} })).toMatchObject({
        outcome: 'succeeded',
      });
      expect(site.physical(minerId).hashing).toBe(false);
      expect(await order(minerId, { type: 'HASHING_ENABLE', params: {} })).toMatchObject({
        outcome: 'succeeded',
      });
      expect(site.physical(minerId).hashing).toBe(true);
      expect(await order(minerId, { type: 'MINER_RESTART', params: {} })).toMatchObject({
        outcome: 'succeeded',
      });
      expect(await order(minerId, { type: 'POWER_MODE', params: { mode: 'low' } })).toMatchObject({
        outcome: 'succeeded',
      });
      expect(await order(minerId, { type: 'LED', params: { on: true } })).toMatchObject({
        outcome: 'succeeded',
      });
      expect(site.physical(minerId).ledOn).toBe(true);
      const pools = [{ url: 'stratum+tcp://new.example.com:3333', user: 'n.1', password: 'x' }];
      expect(await order(minerId, { type: 'POOL_SET', params: { pools } })).toMatchObject({
        outcome: 'succeeded',
      });
    },
    120_000,
  );

  it('sets fans and frequency of an Antminer, and the power limit of a Whatsminer', async () => {
    const antminer = minerOf('Antminer S19 Pro');
    expect(await order(antminer, { type: 'SET_FAN', params: { dutyPct: 100 } })).toMatchObject({
      outcome: 'succeeded',
    });
    await until('the fans', () => site.physical(antminer).fanDutyPct === 100, 20_000);
    await until(
      'hashing again',
      () => site.physical(antminer).hashing && (latest(antminer)?.values.frequencyMhz ?? 0) > 0,
      20_000,
    );
    const wanted = Math.round(site.physical(antminer).frequencyMhz * 0.9);
    expect(await order(antminer, { type: 'FREQUENCY_SET', params: { frequencyMhz: wanted } })).toMatchObject({
      outcome: 'succeeded',
    });
    const whatsminer = minerOf('Whatsminer M50');
    expect(await order(whatsminer, { type: 'POWER_LIMIT', params: { limitW: 3_000 } })).toMatchObject({
      outcome: 'succeeded',
    });
    expect(await order(whatsminer, { type: 'SET_FAN', params: { dutyPct: 100 } })).toMatchObject({
      outcome: 'refused',
      code: 'UNSUPPORTED',
    });
  }, 120_000);

  const rollback = (ofCommandId: string): CommandOrder => ({ type: 'ROLLBACK', params: { ofCommandId } });
  const poolsAt = (minerId: string) => site.physical(minerId).pools;

  it.each(['Antminer S21', 'Whatsminer M60'])(
    'puts back what it recorded at an %s: pools with their passwords, mode, limit or fan, and hashing',
    async (model) => {
      const minerId = minerOf(model);
      const pools = (name: string) => [
        { url: `stratum+tcp://${name}.example.com:3333`, user: `${name}.1`, password: `pw-${name}` },
      ];
      expect(await order(minerId, { type: 'POOL_SET', params: { pools: pools('first') } })).toMatchObject({
        outcome: 'succeeded',
      });
      const before = poolsAt(minerId);
      const second = await give(minerId, { type: 'POOL_SET', params: { pools: pools('second') } });
      expect(second.end).toMatchObject({ outcome: 'succeeded' });
      expect(poolsAt(minerId)[0]).toMatchObject({ user: 'second.1' });
      const setting: CommandOrder = model.startsWith('Antminer')
        ? { type: 'SET_FAN', params: { dutyPct: 90 } }
        : { type: 'POWER_LIMIT', params: { limitW: 3_000 } };
      const tuned = await give(minerId, setting);
      expect(tuned.end).toMatchObject({ outcome: 'succeeded' });
      expect(await order(minerId, rollback(second.commandId))).toMatchObject({ outcome: 'succeeded' });
      expect(poolsAt(minerId)).toEqual(before);
      expect(await order(minerId, rollback(second.commandId))).toMatchObject({
        outcome: 'refused',
        code: 'NOT_REVERSIBLE',
      });
      expect(await order(minerId, rollback(tuned.commandId))).toMatchObject({ outcome: 'succeeded' });
      const low = await give(minerId, { type: 'POWER_MODE', params: { mode: 'low' } });
      const stopped = await give(minerId, { type: 'HASHING_DISABLE', params: {} });
      expect(site.physical(minerId).hashing).toBe(false);
      expect(await order(minerId, rollback(low.commandId))).toMatchObject({
        outcome: 'refused',
        code: 'NOT_REVERSIBLE',
      });
      expect(await order(minerId, rollback(stopped.commandId))).toMatchObject({ outcome: 'succeeded' });
      expect(site.physical(minerId).hashing).toBe(true);
      expect(await order(minerId, rollback(low.commandId))).toMatchObject({ outcome: 'succeeded' });
      const restarted = await give(minerId, { type: 'MINER_RESTART', params: {} });
      for (const ofCommandId of [restarted.commandId, 'cmd-none', low.commandId])
        expect(await order(minerId, rollback(ofCommandId))).toMatchObject({
          outcome: 'refused',
          code: 'NOT_REVERSIBLE',
        });
    },
    180_000,
  );
});
