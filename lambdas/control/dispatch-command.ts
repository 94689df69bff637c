import { randomBytes } from 'node:crypto';
import type { CommandEnvelope } from '../../contracts/command.ts';
import type { Clock } from '../shared/clock.ts';
import { type CommandRecord, mayMove } from './command.ts';
import { commandEvent, controlActor } from './command-events.ts';
import { type Allocation, allocatable, type Lane, mostAllocated } from './lane-repository.ts';
import { signEnvelope } from './sign-envelope.ts';

export type DispatchDeps = {
  readonly readCommands: (siteId: number, commandIds: readonly string[]) => Promise<readonly CommandRecord[]>;
  /** Ids of commands of the gateway that seem to be APPROVED, the oldest first. */
  readonly listApproved: (siteId: number, gatewayId: string, most: number) => Promise<readonly string[]>;
  readonly readLane: (siteId: number, gatewayId: string) => Promise<Lane | undefined>;
  readonly allocate: (
    allocations: readonly Allocation[],
    nowMs: number,
  ) => Promise<'allocated' | 'contended' | 'halted'>;
  readonly markPublished: (siteId: number, gatewayId: string, sequence: number) => Promise<void>;
  readonly openGatewaySecret: (
    siteId: number,
    gatewayId: string,
  ) => Promise<{ readonly keyId: string; readonly secret: Uint8Array }>;
  /** Hands envelopes of one gateway to the broker in this order; it holds them then (QoS 1). */
  readonly publish: (envelopes: readonly CommandEnvelope[]) => Promise<void>;
  /** Lets others go on. */
  readonly wait: (ms: number) => Promise<void>;
  readonly clock: Clock;
};

/** Losses against other dispatchers, one after the other. */
const attempts = 60;
/** How often another's lane is looked at again, ever more seldom, before its envelopes are published for it: some 2.5 s in all. */
const mostLooks = 8;
const lookMs = 50;

/**
 * Sends approved commands of one gateway to it: signs them under the gateway's next sequences, stores exactly those
 * envelopes with the moves to DISPATCHED, then publishes them. Safe to call again after a crash anywhere, and by several
 * at once: a command gets one envelope ever, a retry publishes the stored one, and a dispatcher that finds another's
 * envelopes still not published after a moment helps them out first, so that the gateway meets sequences in order. A command that is no
 * longer APPROVED or past its expiry is left alone; so are all while a kill switch is set. Of a batch, it takes along what else is
 * approved, as many as fit.
 */
export const dispatchToGateway =
  (deps: DispatchDeps) =>
  async (siteId: number, gatewayId: string, commandIds: readonly string[]): Promise<void> => {
    let asked: readonly string[] = commandIds;
    for (let lost = 0; lost < attempts; ) {
      if (asked.length === 0) return;
      const [lane, own] = await Promise.all([
        deps.readLane(siteId, gatewayId),
        deps.readCommands(siteId, asked),
      ]);
      const nowMs = deps.clock.nowMs();
      const ready = own.filter((command) => mayMove(command, 'dispatch', nowMs));
      const isBusy = lane !== undefined && lane.published < lane.allocated;
      const isConcerned = ready.length > 0 || (isBusy && asked.some((id) => lane.commandIds.includes(id)));
      if (!isConcerned) return;
      if (isBusy) {
        if (!(await isFreed(deps, siteId, gatewayId, lane)))
          await sendOutstanding(deps, siteId, gatewayId, lane);
        continue;
      }
      const along = await othersToo(deps, siteId, gatewayId, ready, nowMs);
      const allocations = await signAll(deps, along, lane?.allocated ?? 0, nowMs);
      const outcome = await deps.allocate(allocations, nowMs);
      if (outcome === 'halted') return;
      if (outcome === 'contended') {
        lost++;
        await deps.wait(20 * Math.random());
        continue;
      }
      lost = 0;
      await deps.publish(allocations.map(({ envelope }) => envelope));
      await deps.markPublished(siteId, gatewayId, allocations.at(-1)?.envelope.sequence ?? 0);
      const sent = new Set(along.map(({ commandId }) => commandId));
      asked = asked.filter((id) => !sent.has(id));
    }
    throw new Error(`The lane of gateway ${gatewayId} stayed contended over ${attempts} attempts`);
  };

/** As many as one transaction takes: the asked ones first, then others where these belong to a batch. */
const othersToo = async (
  deps: DispatchDeps,
  siteId: number,
  gatewayId: string,
  ready: readonly CommandRecord[],
  nowMs: number,
): Promise<readonly CommandRecord[]> => {
  const room = mostAllocated - ready.length;
  if (room <= 0 || ready.every(({ batchId }) => batchId === undefined)) return allocatable(ready);
  const known = new Set(ready.map(({ commandId }) => commandId));
  const listed = await deps.listApproved(siteId, gatewayId, 2 * mostAllocated);
  const others = await deps.readCommands(siteId, listed.filter((id) => !known.has(id)).slice(0, room));
  return allocatable([...ready, ...others.filter((command) => mayMove(command, 'dispatch', nowMs))]);
};

/** Leaves a lane to who holds it for a while: whether that one, or another, has moved it on. */
const isFreed = async (deps: DispatchDeps, siteId: number, gatewayId: string, held: Lane) => {
  for (let look = 0; look < mostLooks; look++) {
    await deps.wait(lookMs * 1.5 ** look * (0.5 + Math.random()));
    const lane = await deps.readLane(siteId, gatewayId);
    if (lane?.allocated !== held.allocated || lane.published === lane.allocated) return true;
  }
  return false;
};

/** Sends approved commands of one site to their gateways. Throws Error where there is no such command. */
export const dispatchCommands =
  (deps: DispatchDeps) =>
  async (siteId: number, commandIds: readonly string[]): Promise<void> => {
    const commands = await deps.readCommands(siteId, commandIds);
    const known = new Set(commands.map(({ commandId }) => commandId));
    const missing = commandIds.find((id) => !known.has(id));
    if (missing !== undefined) throw new Error(`Site ${siteId} has no command ${missing}`);
    for (const [gatewayId, own] of Map.groupBy(commands, (command) => command.gatewayId))
      await dispatchToGateway(deps)(
        siteId,
        gatewayId,
        own.map(({ commandId }) => commandId),
      );
  };

/** Publishes the envelopes that hold the lane, except those whose command is settled or whose time is over, and frees the lane. */
const sendOutstanding = async (deps: DispatchDeps, siteId: number, gatewayId: string, lane: Lane) => {
  const holders = await deps.readCommands(siteId, lane.commandIds);
  const envelopes = holders.map(({ commandId, envelope }) => {
    if (!envelope) throw new Error(`Command ${commandId} holds a lane without an envelope`);
    return envelope;
  });
  if (holders.length < lane.commandIds.length) throw new Error(`A command that holds a lane is not there`);
  const nowMs = deps.clock.nowMs();
  const due = envelopes.filter((_, at) => {
    const holder = holders[at];
    return holder?.status === 'DISPATCHED' && holder.expiresAtMs > nowMs;
  });
  if (due.length > 0) await deps.publish(due);
  await deps.markPublished(siteId, gatewayId, lane.allocated);
};

/** The commands with envelopes of the sequences after `last`, the more urgent first. */
const signAll = async (
  deps: DispatchDeps,
  commands: readonly CommandRecord[],
  last: number,
  nowMs: number,
): Promise<Allocation[]> => {
  const [first] = commands;
  if (!first) return [];
  const { keyId, secret } = await deps.openGatewaySecret(first.siteId, first.gatewayId);
  const inOrder = commands.toSorted((a, b) => a.priority - b.priority);
  return inOrder.map((command, at) => {
    const envelope = signEnvelope(
      {
        version: 1,
        commandId: command.commandId,
        siteId: command.siteId,
        gatewayId: command.gatewayId,
        minerId: command.minerId,
        order: command.order,
        priority: command.priority,
        issuedAtMs: nowMs,
        expiresAtMs: command.expiresAtMs,
        dedupeKey: command.dedupeKey,
        nonce: randomBytes(16).toString('base64url'),
        sequence: last + 1 + at,
        keyId,
        approvers: command.approvals,
      },
      secret,
    );
    const event = commandEvent(command, controlActor, 'control.command.dispatched', {
      gateway_id: command.gatewayId,
      sequence: envelope.sequence,
    });
    return { command, envelope, event };
  });
};
