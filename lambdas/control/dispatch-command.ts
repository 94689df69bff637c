import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandEnvelope } from '../../contracts/command.ts';
import type { Clock } from '../shared/clock.ts';
import { type CommandRecord, mayMove } from './command.ts';
import { commandEvent, controlActor } from './command-events.ts';
import { type Allocation, type Lane, mostAllocated } from './lane-repository.ts';
import { signEnvelope } from './sign-envelope.ts';

export type DispatchDeps = {
  readonly readCommands: (siteId: number, commandIds: readonly string[]) => Promise<readonly CommandRecord[]>;
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
  /** Hands the envelope to the broker, which then holds it (QoS 1). */
  readonly publish: (envelope: CommandEnvelope) => Promise<void>;
  readonly clock: Clock;
};

const attempts = 60;

/**
 * Sends approved commands of one gateway to it: signs them under the gateway's next sequences, stores exactly those
 * envelopes with the moves to DISPATCHED, then publishes them. Safe to call again after a crash anywhere, and by several
 * at once: a command gets one envelope ever, a retry publishes the stored one, and a dispatcher that finds another's
 * envelopes not yet published helps them out first, so that the gateway meets sequences in order. A command that is no
 * longer APPROVED or past its expiry is left alone; so are all while a kill switch is set.
 */
export const dispatchToGateway =
  (deps: DispatchDeps) =>
  async (siteId: number, gatewayId: string, commandIds: readonly string[]): Promise<void> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const lane = await deps.readLane(siteId, gatewayId);
      if (lane && lane.published < lane.allocated) {
        await sendOutstanding(deps, siteId, gatewayId, lane);
        continue;
      }
      const nowMs = deps.clock.nowMs();
      const commands = await deps.readCommands(siteId, commandIds);
      const ready = commands.filter((command) => mayMove(command, 'dispatch', nowMs)).slice(0, mostAllocated);
      if (ready.length === 0) return;
      const allocations = await signAll(deps, ready, lane?.allocated ?? 0, nowMs);
      const outcome = await deps.allocate(allocations, nowMs);
      if (outcome === 'halted') return;
      if (outcome === 'allocated') attempt = 0;
      else await delay(Math.random() * 20);
    }
    throw new Error(`The lane of gateway ${gatewayId} stayed contended over ${attempts} attempts`);
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
  for (const [at, { status, expiresAtMs }] of holders.entries()) {
    const envelope = envelopes[at];
    if (envelope && status === 'DISPATCHED' && expiresAtMs > deps.clock.nowMs()) await deps.publish(envelope);
  }
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
