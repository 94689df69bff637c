import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { type SimulatedSite, startSite } from '../simulator/site/simulated-site.ts';
import { type Agent, startAgent } from './agent.ts';
import { parseGatewayConfig } from './config.ts';
import { logNothing } from './log.ts';
import { anEnvelope, bytesOf, issuedAtMs, keyId, secret } from './test-kit/envelopes.ts';
import { memoryBus, place } from './test-kit/memory-bus.ts';
import { until } from './test-kit/until.ts';

const count = 8;
let site: SimulatedSite;
let stateDir: string;
let agents: Agent[];
let line: ReturnType<typeof memoryBus>;
/** What each miner said last, as the gateway read it. */
let latest: Map<string, { state: string; powerW: number }>;
beforeEach(async () => {
  site = await startSite({ miners: count, seed: 11, speed: 60 });
  stateDir = mkdtempSync(join(tmpdir(), 'power-'));
  agents = [];
  line = memoryBus(false);
  latest = new Map();
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await site.close();
  rmSync(stateDir, { recursive: true });
});

type Limits = NonNullable<Parameters<typeof parseGatewayConfig>[0]>;
/** One clock for all starts: what was ordered after a stop must be later than the stop. */
const offsetMs = issuedAtMs - Date.now();
const start = async (sitePower: object | undefined, shedOrder: (minerId: string) => number = () => 100) => {
  const config = parseGatewayConfig({
    ...place,
    pollIntervalMs: 200,
    hmacKeys: [{ keyId, secret }],
    miners: site
      .inventory()
      .map(({ minerId, vendor, model, host, rpcPort, httpPort, username, password }) => ({
        minerId,
        vendor,
        model,
        host,
        rpcPort,
        shedOrder: shedOrder(minerId),
        ...(httpPort !== undefined && { httpPort }),
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
      })),
    limits: { effectMs: 20_000, effectPollMs: 100, maxBackoffMs: 500, ...(sitePower && { sitePower }) },
  } satisfies Limits);
  let sweeps = 0;
  const agent = await startAgent(config, line.bus, {
    stateDir,
    log: logNothing,
    nowMs: () => Date.now() + offsetMs,
    onReadings: (_, readings) => {
      for (const { minerId, state, values } of readings)
        latest.set(minerId, { state, powerW: values.powerW ?? 0 });
    },
    onSweep: () => void sweeps++,
  });
  agents.push(agent);
  await agent.ready;
  return { agent, sweeps: () => sweeps };
};
const stop = async (agent: Agent) => {
  agents.splice(agents.indexOf(agent), 1);
  await agent.stop();
};
const totalW = () => [...latest.values()].reduce((sum, { powerW }) => sum + powerW, 0);
const stopped = () => [...latest].filter(([, { state }]) => state === 'stopped').map(([minerId]) => minerId);
const events = () => line.safety().filter(({ kind }) => kind === 'site_power_cap');

/** What the site draws when nothing holds it back. */
const measure = async () => {
  const { agent } = await start(undefined);
  await until(
    'all hash',
    () => latest.size === count && [...latest.values()].every(({ state }) => state === 'hashing'),
    25_000,
  );
  const drawnW = totalW();
  await stop(agent);
  latest.clear();
  return drawnW;
};

describe('the site’s power cap, without a cloud', () => {
  it('stops miners in the site’s order until the rest is below it, and reports when the line is back', async () => {
    const drawnW = await measure();
    const [vip = '', first = ''] = site.inventory().map(({ minerId }) => minerId);
    const capW = drawnW * 0.7;
    const order = (minerId: string) => (minerId === first ? 1 : minerId === vip ? 900 : 100);
    const { sweeps } = await start({ capW, hysteresisPct: 5, restoreAfterMs: 0 }, order);
    const isBelow = () => latest.size === count && stopped().includes(first) && totalW() < capW;
    // Settled: the same for five sweeps, in which nobody was merely silent.
    let [since, before] = [0, ''];
    await until(
      'below the cap, and settled',
      () => {
        const now = `${stopped()}`;
        if (now !== before || !isBelow()) [since, before] = [sweeps(), now];
        return sweeps() >= since + 5;
      },
      25_000,
    );
    expect(stopped()).not.toContain(vip);
    const settled = stopped().length;
    const [largestW = 0] = [...latest.values()].map(({ powerW }) => powerW).toSorted((a, b) => b - a);
    expect(totalW()).toBeGreaterThan(capW * 0.95 - 1.5 * largestW);
    expect(line.messages).toHaveLength(0);
    line.setUp(true);
    await until('the reports', () => events().length >= settled);
    expect(new Set(events().map(({ code }) => code))).toEqual(new Set(['SHED_ORDERED']));
    expect(
      events()
        .map(({ minerId }) => minerId)
        .toSorted(),
    ).toEqual(stopped().toSorted());
    expect(events()[0]?.detail).toMatch(/^the site draws \d+ W, cap \d+ W; the miner drew \d+ W$/);
  });

  it('starts them again when there is room, but not one that a person has ordered something of', async () => {
    const drawnW = await measure();
    const low = { capW: drawnW * 0.7, hysteresisPct: 5, restoreAfterMs: 0 };
    const { agent } = await start(low);
    await until('below the cap', () => stopped().length > 1 && totalW() < low.capW, 25_000);
    await stop(agent);
    const shed = stopped();
    expect(shed.length).toBeGreaterThan(1);
    const [theirs = '', ...ours] = shed;
    latest.clear();
    line.setUp(true);
    // The gateway was restarted and remembers whom it stopped; the site may draw more now.
    await start({ ...low, capW: drawnW * 2, restoreAfterMs: 1_500 });
    await line.deliver(
      topics.commandRequest(place),
      bytesOf(
        anEnvelope(
          { type: 'HASHING_DISABLE', params: {} },
          { minerId: theirs, expiresAtMs: issuedAtMs + 600_000 },
        ),
      ),
    );
    await until(
      'ours hash again',
      () => ours.every((minerId) => latest.get(minerId)?.state === 'hashing'),
      25_000,
    );
    expect(latest.get(theirs)?.state).toBe('stopped');
    const restored = events().filter(({ code }) => code === 'RESTORED');
    expect(restored.map(({ minerId }) => minerId).toSorted()).toEqual(ours.toSorted());
  });

  it('says once that the cap cannot be kept, and stops a miner that is too hot beside it', async () => {
    line.setUp(true);
    await start({ capW: 1, restoreAfterMs: 0 });
    await until('all stopped', () => stopped().length === count, 25_000);
    await until(
      'what remains is said',
      () => events().some(({ code }) => code === 'CAP_NOT_REACHED'),
      25_000,
    );
    expect(events().filter(({ code }) => code === 'CAP_NOT_REACHED')).toHaveLength(1);
  });
});
