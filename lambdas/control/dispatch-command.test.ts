import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandEnvelope } from '../../contracts/command.ts';
import { type DispatchDeps, dispatchCommands } from './dispatch-command.ts';
import { type Allocation, allocatable } from './lane-repository.ts';
import { dispatchOne, proposal, siteId, startControl, startMs, type TestControl } from './test-control.ts';

let control: TestControl;
beforeEach(async () => {
  control = await startControl();
});
afterEach(() => control.close());

const approved = async (minerId: string) => {
  const result = await control.propose(proposal(minerId));
  if (!result.ok) throw new Error(result.failure.message);
  return result.value.commandId;
};

class Crash extends Error {}

/** The same dependencies, where call number `at` crashes, before or after it took effect. */
const crashing = (deps: DispatchDeps, at: number, when: 'before' | 'after') => {
  const calls = { count: 0 };
  const wrap =
    <A extends unknown[], R>(call: (...input: A) => Promise<R>) =>
    async (...input: A) => {
      calls.count += 1;
      const mine = calls.count === at;
      if (mine && when === 'before') throw new Crash();
      const result = await call(...input);
      if (mine) throw new Crash();
      return result;
    };
  return {
    calls,
    deps: {
      clock: deps.clock,
      readCommands: wrap(deps.readCommands),
      readLane: wrap(deps.readLane),
      allocate: wrap(deps.allocate),
      markPublished: wrap(deps.markPublished),
      openGatewaySecret: wrap(deps.openGatewaySecret),
      publish: wrap(deps.publish),
      listApproved: wrap(deps.listApproved),
      wait: deps.wait,
    },
  };
};

/** Each envelope by its first arrival, as a gateway that ignores repeats meets them. */
const firstArrivals = (envelopes: readonly CommandEnvelope[]) => {
  const seen = new Set<string>();
  return envelopes.filter(({ signature }) => !seen.has(signature) && seen.add(signature));
};

test('a command is sent once, and asking again sends nothing', async () => {
  const commandId = await approved('gw1_m1');
  await dispatchOne(control.dispatchDeps)(siteId, commandId);
  await dispatchOne(control.dispatchDeps)(siteId, commandId);
  expect(control.published).toHaveLength(1);
  const command = await control.read(commandId);
  expect(command).toMatchObject({
    status: 'DISPATCHED',
    dispatchedAtMs: startMs,
    envelope: control.published[0],
  });
  expect(control.published[0]).toMatchObject({ sequence: 1, commandId, approvers: ['user:5'], keyId: 'k-1' });
  expect((await control.events()).at(-1)).toBe('control.command.dispatched');
});

test('a crash at any await, before or after its effect, ends in one envelope, published', async () => {
  let sequence = 0;
  for (const when of ['before', 'after'] as const)
    for (let at = 1; ; at++) {
      const commandId = await approved(`gw1_${when}${at}`);
      control.published.length = 0;
      const { deps, calls } = crashing(control.dispatchDeps, at, when);
      const crashed = await dispatchOne(deps)(siteId, commandId).then(
        () => false,
        (error) => error instanceof Crash,
      );
      await dispatchOne(control.dispatchDeps)(siteId, commandId);
      sequence += 1;
      expect(new Set(control.published.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(control.published[0]).toMatchObject({ commandId, sequence });
      expect(await control.read(commandId)).toMatchObject({
        status: 'DISPATCHED',
      });
      expect(await control.dispatchDeps.readLane(siteId, 'gw1')).toMatchObject({
        allocated: sequence,
        published: sequence,
      });
      if (!crashed) {
        expect(calls.count).toBeLessThan(at);
        break;
      }
    }
  const dispatched = (await control.events()).filter((type) => type === 'control.command.dispatched');
  expect(dispatched).toHaveLength(sequence);
  expect(await control.verifyAudit(siteId)).toMatchObject({ verdict: { intact: true } });
});

test('many dispatchers at once, some crashing: every gateway first meets its sequences in order, without gaps', async () => {
  const miners = Array.from({ length: 24 }, (_, index) => `gw${1 + (index % 2)}_m${index}`);
  const commandIds = await Promise.all(miners.map(approved));
  await Promise.allSettled(
    commandIds.flatMap((commandId, index) => [
      dispatchOne(crashing(control.dispatchDeps, 3 + (index % 8), index % 3 === 0 ? 'before' : 'after').deps)(
        siteId,
        commandId,
      ),
      dispatchOne(control.dispatchDeps)(siteId, commandId),
    ]),
  );
  for (const commandId of commandIds) await dispatchOne(control.dispatchDeps)(siteId, commandId);
  for (const gatewayId of ['gw1', 'gw2']) {
    const own = control.published.filter((one) => one.gatewayId === gatewayId);
    expect(firstArrivals(own).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    expect(new Set(firstArrivals(own).map(({ commandId }) => commandId)).size).toBe(12);
  }
});

test('an envelope whose publishing failed holds the lane, and goes out before the next', async () => {
  const first = await approved('gw1_m1');
  const second = await approved('gw1_m2');
  const offline = { ...control.dispatchDeps, publish: async () => Promise.reject(new Error('offline')) };
  await expect(dispatchOne(offline)(siteId, first)).rejects.toThrow('offline');
  await expect(dispatchOne(offline)(siteId, second)).rejects.toThrow('offline');
  await dispatchOne(control.dispatchDeps)(siteId, second);
  expect(control.published.map(({ commandId, sequence }) => [commandId, sequence])).toEqual([
    [first, 1],
    [second, 2],
  ]);
});

test('what has expired is not sent, and does not hold the lane', async () => {
  const first = await approved('gw1_m1');
  const second = await approved('gw1_m2');
  const offline = { ...control.dispatchDeps, publish: async () => Promise.reject(new Error('offline')) };
  await expect(dispatchOne(offline)(siteId, first)).rejects.toThrow('offline');
  control.now.ms = startMs + 60_000;
  await dispatchOne(control.dispatchDeps)(siteId, second);
  await dispatchOne(control.dispatchDeps)(siteId, first);
  expect(control.published).toEqual([]);
  expect(await control.read(second)).toMatchObject({ status: 'APPROVED' });
  expect(await control.dispatchDeps.readLane(siteId, 'gw1')).toMatchObject({ allocated: 1, published: 1 });
});

test('of a batch, what else is approved for the gateway goes along, in one message to it', async () => {
  const ids = await Promise.all(Array.from({ length: 40 }, (_, at) => approved(`gw1_m${at}`)));
  const other = await approved('gw2_m1');
  const messages: (readonly CommandEnvelope[])[] = [];
  const inBatch = {
    ...control.dispatchDeps,
    readCommands: async (site: number, commandIds: readonly string[]) =>
      (await control.dispatchDeps.readCommands(site, commandIds)).map((command) => ({
        ...command,
        batchId: 'batch-1',
      })),
    // The batch itself is not there to be counted in.
    allocate: (allocations: readonly Allocation[], nowMs: number) =>
      control.dispatchDeps.allocate(
        allocations.map(({ command: { batchId: _, ...command }, ...rest }) => ({ ...rest, command })),
        nowMs,
      ),
    publish: async (envelopes: readonly CommandEnvelope[]) => void messages.push(envelopes),
  };
  await dispatchCommands(inBatch)(siteId, ids.slice(0, 3));
  expect(messages.map((message) => message.map(({ sequence }) => sequence))).toEqual([
    Array.from({ length: 30 }, (_, at) => at + 1),
  ]);
  const sent = new Set(messages.flat().map(({ commandId }) => commandId));
  expect(ids.slice(0, 3).filter((id) => !sent.has(id))).toEqual([]);
  await dispatchCommands(inBatch)(siteId, ids);
  expect(messages.map((message) => message.length)).toEqual([30, 10]);
  expect(await control.read(other)).toMatchObject({ status: 'APPROVED' });
});

test('no more commands, and of no more batches, are given sequences at once than one transaction holds', async () => {
  const ids = await Promise.all(Array.from({ length: 32 }, (_, at) => approved(`gw1_m${at}`)));
  const commands = await control.dispatchDeps.readCommands(siteId, ids);
  expect(allocatable(commands)).toEqual(commands.slice(0, 30));
  const ofBatches = commands.map((command, at) => ({ ...command, batchId: `batch-${Math.floor(at / 2)}` }));
  expect(allocatable(ofBatches)).toEqual(ofBatches.slice(0, 10));
});

test('what another has just been given is left to it for a while, and a dispatcher without need goes', async () => {
  const first = await approved('gw1_m1');
  const second = await approved('gw1_m2');
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = {
    ...control.dispatchDeps,
    publish: async (envelopes: readonly CommandEnvelope[]) => {
      await held;
      await control.dispatchDeps.publish(envelopes);
    },
  };
  const begun = dispatchOne(slow)(siteId, first);
  await expect.poll(() => control.read(first)).toMatchObject({ status: 'DISPATCHED' });
  let waits = 0;
  const patient = {
    ...control.dispatchDeps,
    wait: async () => {
      if (++waits === 3) {
        release();
        await begun;
      }
    },
  };
  await dispatchOne(patient)(siteId, second);
  expect(waits).toBe(3);
  expect(control.published.map(({ sequence }) => sequence)).toEqual([1, 2]);
});
