import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandOrder } from '../contracts/command.ts';
import { topics } from '../contracts/topics.ts';
import { type Agent, startAgent } from './agent.ts';
import { Journal } from './commands/journal.ts';
import { type GatewayConfigInput, parseGatewayConfig } from './config.ts';
import { logNothing } from './log.ts';
import { StateFile } from './state/state-file.ts';
import { antminerPeer } from './test-kit/antminer-peer.ts';
import { anEnvelope, bytesOf, issuedAtMs, keyId, secret } from './test-kit/envelopes.ts';
import { memoryBus, place } from './test-kit/memory-bus.ts';
import { until } from './test-kit/until.ts';

let stateDir: string;
let peer: Awaited<ReturnType<typeof antminerPeer>>;
let agents: Agent[];
beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'gateway-'));
  peer = await antminerPeer();
  agents = [];
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await peer.close();
  rmSync(stateDir, { recursive: true, force: true });
});

const configWith = (changes: Partial<GatewayConfigInput> = {}) =>
  parseGatewayConfig({
    ...place,
    pollIntervalMs: 100,
    hmacKeys: [{ keyId, secret }],
    miners: [peer.configured],
    limits: { connectMs: 500, exchangeMs: 500, effectMs: 2_000, effectPollMs: 20, maxBackoffMs: 200 },
    ...changes,
  });
const start = async (bus = memoryBus(), config = configWith()) => {
  const offsetMs = issuedAtMs - Date.now();
  const agent = await startAgent(config, bus.bus, {
    stateDir,
    log: logNothing,
    nowMs: () => Date.now() + offsetMs,
  });
  agents.push(agent);
  await agent.ready;
  return { agent, bus };
};
const stop = async (agent: Agent) => {
  agents.splice(agents.indexOf(agent), 1);
  await agent.stop();
};
const order = async (bus: ReturnType<typeof memoryBus>, wanted: CommandOrder, changes = {}) => {
  const envelope = anEnvelope(wanted, changes);
  await bus.deliver(topics.commandRequest(place), bytesOf(envelope));
  return envelope;
};
const ended = (bus: ReturnType<typeof memoryBus>, commandId: string) =>
  bus.responses().find((response) => response.commandId === commandId && response.outcome !== 'accepted');
const endOf = async (bus: ReturnType<typeof memoryBus>, commandId: string) => {
  await until(`the end of ${commandId}`, () => ended(bus, commandId) !== undefined);
  return ended(bus, commandId);
};

describe('telemetry of a running gateway', () => {
  it('discovers, polls and sends what the miner says, in rising sequence over restarts', async () => {
    const first = await start();
    expect(await first.agent.ready).toEqual({ miners: 1, identified: 1 });
    await until('three batches', () => first.bus.batches().length >= 3);
    await stop(first.agent);
    const [batch] = first.bus.batches();
    expect(batch).toMatchObject({
      ...place,
      shard: 0,
      readings: [{ minerId: 'm-1', state: 'hashing', mode: 'normal' }],
    });
    expect(batch?.readings[0]?.values).toMatchObject({
      hashrateThs: 110,
      chipTempC: 70,
      acceptedShares: 9,
      uptimeS: 5_000,
    });
    const second = await start();
    await until('a batch', () => second.bus.batches().length > 0);
    const batches = [...first.bus.batches(), ...second.bus.batches()];
    const [{ sequence: begin } = { sequence: 0 }] = batches;
    expect(batches.map(({ sequence }) => sequence)).toEqual(batches.map((_, index) => begin + index));
    expect(batches.map(({ previousSequence }) => previousSequence)).toEqual(
      batches.map((_, index) => (index === 0 ? 0 : begin + index - 1)),
    );
  });

  it('loses nothing while the line is down, and sends it in order when it returns', async () => {
    const { bus, agent } = await start(memoryBus(false));
    await until('four waiting', () => agent.status().waiting >= 4);
    bus.failNext(2);
    bus.setUp(true);
    await until('all sent', () => agent.status().waiting === 0);
    const sequences = bus.batches().map(({ sequence }) => sequence);
    const least = Math.min(...sequences);
    expect(new Set(sequences)).toEqual(
      new Set(Array.from({ length: Math.max(...sequences) - least + 1 }, (_, at) => least + at)),
    );
  });

  it('says once that its spool was full, and keeps within its bound', async () => {
    const miners = Array.from({ length: 150 }, (_, at) => ({ ...peer.configured, minerId: `m-${at}` }));
    const limits = { spoolBytes: 64 * 1_024, batchBytes: 1_024, minersPerShard: 1 };
    const { bus, agent } = await start(memoryBus(false), configWith({ miners, limits }));
    await until('a full spool', () => agent.status().spool.thinnedRows > 0, 25_000);
    expect(agent.status().spool.bytes).toBeLessThanOrEqual(limits.spoolBytes);
    bus.setUp(true);
    await until('the event', () => bus.safety().length > 0);
    expect(bus.safety()).toMatchObject([{ kind: 'spool_thinned', code: expect.stringMatching(/^SPOOL_/) }]);
  });

  it('keeps polling the others beside miners that are dead, silent or talk nonsense', async () => {
    const { tcpPeer } = await import('./test-kit/tcp-peer.ts');
    const dead = await tcpPeer(() => {});
    await dead.close();
    const silent = await tcpPeer(() => {});
    const nonsense = await tcpPeer((_, socket) => socket.end('\x16\x03\x01 hello {"\0'));
    const odd = (minerId: string, rpcPort: number) => ({ ...peer.configured, minerId, rpcPort });
    const miners = [
      odd('dead', dead.port),
      odd('silent', silent.port),
      odd('nonsense', nonsense.port),
      peer.configured,
    ];
    const { bus } = await start(memoryBus(), configWith({ miners }));
    await until('the good one', () =>
      bus.batches().some(({ readings }) => readings.some(({ state }) => state === 'hashing')),
    );
    await until('the event', () => bus.safety().length > 0);
    const states = new Map(
      bus
        .batches()
        .flatMap(({ readings }) => readings.map(({ minerId, state }) => [minerId, state] as const)),
    );
    expect(Object.fromEntries(states)).toEqual({
      dead: 'unreachable',
      silent: 'unreachable',
      nonsense: 'unreachable',
      'm-1': 'hashing',
    });
    expect(bus.safety()).toMatchObject([{ kind: 'miner_unparseable', minerId: 'nonsense' }]);
    await Promise.all([silent.close(), nonsense.close()]);
  });

  it('stops a miner that is hotter than its limit by itself, and says so', async () => {
    peer.miner.chipTempC = 121;
    const { bus } = await start();
    await until('the safety event', () => bus.safety().length > 0);
    expect(bus.safety()[0]).toMatchObject({
      kind: 'over_temperature_stop',
      minerId: 'm-1',
      code: 'STOP_ORDERED',
    });
    expect(peer.miner.conf['miner-mode']).toBe('1');
    await until('telemetry of the stop', () =>
      bus.batches().some(({ readings }) => readings[0]?.state === 'stopped'),
    );
    expect(peer.miner.writes).toHaveLength(1);
  });
});

describe('receipts', () => {
  const receipt = (shards: readonly object[], issuedMs = issuedAtMs) =>
    bytesOf({ version: 1, ...place, issuedAtMs: issuedMs, shards });

  it('let the gateway forget what the cloud has, and nothing else does', async () => {
    const { bus, agent } = await start();
    await until('three batches', () => bus.batches().length >= 3);
    expect(agent.status().spool.bytes).toBeGreaterThan(0);
    const [first, second] = bus.batches();
    const through = second?.sequence ?? 0;
    await until('all acknowledged', () => agent.status().waiting === 0);
    const before = agent.status().spool.bytes;
    await bus.deliver(topics.receipt(place), receipt([{ shard: 0, through, highest: through, gaps: [] }]));
    expect(agent.status().spool.bytes).toBeLessThan(before);
    expect(first?.previousSequence).toBe(0);
  });

  it('have missing batches sent again, and what is gone declared once', async () => {
    const { bus, agent } = await start();
    await until('five batches', () => bus.batches().length >= 5);
    const [one, two, three, four] = bus.batches().map(({ sequence }) => sequence);
    const shard = { shard: 0, through: one, highest: four };
    await bus.deliver(
      topics.receipt(place),
      receipt([{ ...shard, through: two, highest: two, gaps: [] }], issuedAtMs),
    );
    const asked = receipt([{ ...shard, gaps: [{ after: one, before: four }] }], issuedAtMs + 1);
    await bus.deliver(topics.receipt(place), asked);
    await bus.deliver(topics.receipt(place), asked);
    await until('the answer', () => bus.gone().length > 0);
    expect(bus.gone()).toEqual([{ shard: 0, after: one, before: three }]);
    expect(agent.status().online).toBe(true);
    const older = receipt([{ ...shard, gaps: [{ after: 0, before: one }] }], issuedAtMs - 1);
    await bus.deliver(topics.receipt(place), older);
    await bus.deliver(topics.receipt(place), bytesOf({ nonsense: true }));
    await until('more batches', () => bus.batches().length >= 8);
    expect(bus.gone()).toHaveLength(1);
  });
});

describe('protection of the site', () => {
  it('does not wait for the effect of a command to show', async () => {
    const { bus } = await start(
      memoryBus(),
      configWith({ limits: { effectMs: 60_000, effectPollMs: 20, maxBackoffMs: 200 } }),
    );
    peer.miner.answer = 'ignore';
    await order(bus, { type: 'SET_FAN', params: { dutyPct: 30 } });
    await until('the write', () => peer.miner.writes.length === 1);
    peer.miner.answer = 'success';
    peer.miner.chipTempC = 121;
    await until('the stop', () => peer.miner.conf['miner-mode'] === '1');
    await until('the event', () => bus.safety().length === 1);
    expect(bus.responses().map(({ outcome }) => outcome)).toEqual(['accepted']);
  });
});

describe('commands to an Antminer', () => {
  it('takes the whole configuration, changes one thing, and reads it back', async () => {
    const { bus } = await start();
    const { commandId } = await order(bus, { type: 'SET_FAN', params: { dutyPct: 80 } });
    expect(await endOf(bus, commandId)).toMatchObject({
      outcome: 'succeeded',
      after: { values: { fanDutyPct: 80 } },
    });
    expect(JSON.parse(peer.miner.writes[0] ?? '')).toMatchObject({
      'bitmain-fan-ctrl': true,
      'bitmain-fan-pwm': '80',
      'freq-level': '100',
      'miner-mode': '0',
      'api-listen': true,
      pools: [{ url: 'stratum+tcp://old.example:3333', user: 'old.1', pass: 'secret' }],
    });
  });

  it.each<[CommandOrder, () => unknown, unknown]>([
    [{ type: 'HASHING_DISABLE', params: {} }, () => peer.miner.conf['miner-mode'], '1'],
    [{ type: 'POWER_MODE', params: { mode: 'low' } }, () => peer.miner.conf['miner-mode'], '3'],
    [{ type: 'FREQUENCY_SET', params: { frequencyMhz: 450 } }, () => peer.miner.conf['freq-level'], '90'],
    [{ type: 'LED', params: { on: true } }, () => peer.miner.blink, true],
    [{ type: 'MINER_RESTART', params: {} }, () => peer.miner.writes, ['reboot']],
    [
      {
        type: 'POOL_SET',
        params: { pools: [{ url: 'stratum+tcp://new.example:1', user: 'n.1', password: 'p' }] },
      },
      () => (peer.miner.conf.pools as unknown[])[0],
      { url: 'stratum+tcp://new.example:1', user: 'n.1', pass: 'p' },
    ],
  ])('carries out %o', async (wanted, effect, value) => {
    const { bus } = await start();
    const { commandId } = await order(bus, wanted);
    expect(await endOf(bus, commandId)).toMatchObject({ outcome: 'succeeded' });
    expect(effect()).toEqual(value);
    expect(bus.responses().map(({ outcome }) => outcome)).toEqual(['accepted', 'succeeded']);
  });

  it.each([
    ['refuse', 'failed', /M001/],
    ['ignore', 'failed', /no effect/],
    ['silence', 'unknown', /no whole answer/],
  ] as const)('answers for a miner that does: %s', async (answer, outcome, detail) => {
    peer.miner.answer = answer;
    const { bus } = await start(
      memoryBus(),
      configWith({ limits: { exchangeMs: 300, effectMs: 100, effectPollMs: 20 } }),
    );
    const { commandId } = await order(bus, { type: 'SET_FAN', params: { dutyPct: 70 } });
    expect(await endOf(bus, commandId)).toMatchObject({ outcome, detail: expect.stringMatching(detail) });
    expect(peer.miner.writes).toHaveLength(1);
  });

  it('reads back whether a write took effect whose answer was lost', async () => {
    peer.miner.answer = 'hang-up';
    const { bus } = await start();
    const { commandId } = await order(bus, { type: 'SET_FAN', params: { dutyPct: 70 } });
    expect(await endOf(bus, commandId)).toMatchObject({ outcome: 'succeeded' });
    expect(peer.miner.writes).toHaveLength(1);
  });

  it('fails before touching a miner that is away', async () => {
    const { bus } = await start();
    await peer.close();
    const { commandId } = await order(bus, { type: 'SET_FAN', params: { dutyPct: 70 } });
    expect(await endOf(bus, commandId)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/^not begun/),
    });
    peer = await antminerPeer();
  });

  it('starts hashing again in the mode that it was stopped in', async () => {
    const { bus } = await start();
    for (const wanted of [
      { type: 'POWER_MODE', params: { mode: 'low' } },
      { type: 'HASHING_DISABLE', params: {} },
      { type: 'HASHING_ENABLE', params: {} },
    ] satisfies CommandOrder[]) {
      const { commandId } = await order(bus, wanted);
      expect(await endOf(bus, commandId)).toMatchObject({ outcome: 'succeeded' });
    }
    expect(peer.miner.writes.map((body) => JSON.parse(body)['miner-mode'])).toEqual(['3', '1', '3']);
  });

  it('lets one write after the other at a miner', async () => {
    const { bus } = await start();
    const orders = await Promise.all(
      [10, 20, 30, 40].map((dutyPct) => order(bus, { type: 'SET_FAN', params: { dutyPct } })),
    );
    for (const { commandId } of orders)
      expect(await endOf(bus, commandId)).toMatchObject({ outcome: 'succeeded' });
    expect(peer.miner.writes.map((body) => JSON.parse(body)['bitmain-fan-pwm'])).toEqual([
      '10',
      '20',
      '30',
      '40',
    ]);
  });

  it('answers a redelivered command from the journal', async () => {
    const { bus } = await start();
    const envelope = await order(bus, { type: 'SET_FAN', params: { dutyPct: 70 } });
    await endOf(bus, envelope.commandId);
    await bus.deliver(topics.commandRequest(place), bytesOf(envelope));
    await until(
      'the second answer',
      () => bus.responses().filter(({ outcome }) => outcome === 'succeeded').length === 2,
    );
    expect(peer.miner.writes).toHaveLength(1);
    expect(bus.safety()).toEqual([]);
  });
});

/** As versions before sealing wrote snapshots. */
const inClear = { seal: (text: string) => text, open: (text: string) => text };

describe('a gateway that stopped in the middle', () => {
  /** The state file as a crash leaves it at a phase, written by the journal itself. */
  const crashed = (at: 'accepted' | 'writing', dutyPct: number) => {
    const envelope = anEnvelope({ type: 'SET_FAN', params: { dutyPct } });
    const state = new StateFile(stateDir);
    const journal = new Journal(state, inClear);
    const answer = {
      version: 1,
      commandId: envelope.commandId,
      ...place,
      atMs: issuedAtMs,
      outcome: 'accepted',
    } as const;
    state.transact(() => {
      journal.remember(envelope, 'digest', answer, { accepted: true, inOrder: true });
      journal.accept(envelope, answer);
    });
    const reading = { minerId: 'm-1', sampledAtMs: issuedAtMs, state: 'hashing', values: {} } as const;
    if (at === 'writing')
      journal.writing(envelope.commandId, { reading, settings: { conf: peer.miner.conf } }, issuedAtMs);
    state.close();
    return envelope;
  };

  it('before the write: ends it as failed, the miner untouched', async () => {
    const { commandId } = crashed('accepted', 60);
    const { bus } = await start();
    expect(await endOf(bus, commandId)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/^not begun/),
    });
    expect(peer.miner.writes).toEqual([]);
  });

  it('during the write: ends it as unknown after reading back, and never writes again', async () => {
    const { commandId } = crashed('writing', 60);
    const { bus } = await start(memoryBus(), configWith({ limits: { effectMs: 200, effectPollMs: 20 } }));
    expect(await endOf(bus, commandId)).toMatchObject({ outcome: 'unknown' });
    expect(peer.miner.writes).toEqual([]);
  });

  it('during the write: ends it as succeeded where the miner shows the effect', async () => {
    peer.miner.conf = { ...peer.miner.conf, 'bitmain-fan-ctrl': true, 'bitmain-fan-pwm': '60' };
    const { commandId } = crashed('writing', 60);
    const { bus } = await start();
    expect(await endOf(bus, commandId)).toMatchObject({ outcome: 'succeeded' });
    expect(peer.miner.writes).toEqual([]);
  });

  it('while waiting for the effect: goes on after the restart, and its answer waits for the line', async () => {
    peer.miner.answer = 'ignore';
    const first = await start();
    const { commandId } = await order(first.bus, { type: 'SET_FAN', params: { dutyPct: 55 } });
    await until('the write', () => peer.miner.writes.length === 1);
    await stop(first.agent);
    expect(ended(first.bus, commandId)).toBeUndefined();
    peer.miner.conf = { ...peer.miner.conf, 'bitmain-fan-ctrl': true, 'bitmain-fan-pwm': '55' };
    const second = await start(memoryBus(false));
    await until('an answer waiting', () => second.agent.status().waiting > 0);
    second.bus.setUp(true);
    expect(await endOf(second.bus, commandId)).toMatchObject({ outcome: 'succeeded' });
    expect(peer.miner.writes).toHaveLength(1);
  });
});
