import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandEnvelope } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { type CommandRecord, mayMove } from './command.ts';
import { commandEvent, controlActor } from './command-events.ts';
import type { Lane } from './lane-repository.ts';
import { signEnvelope } from './sign-envelope.ts';

export type DispatchDeps = {
  readonly readCommand: (siteId: number, commandId: string) => Promise<CommandRecord | undefined>;
  readonly readLane: (siteId: number, gatewayId: string) => Promise<Lane | undefined>;
  readonly allocate: (
    command: CommandRecord,
    envelope: CommandEnvelope,
    nowMs: number,
    event: NewDomainEvent,
  ) => Promise<boolean>;
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
 * Sends an approved command to its gateway: signs it under the gateway's next sequence, stores exactly that envelope
 * with the move to DISPATCHED, then publishes it. Safe to call again after a crash anywhere, and by several at once: a
 * command gets one envelope ever, a retry publishes the stored one, and a dispatcher that finds another's envelope not
 * yet published helps it out first, so that the gateway meets sequences in order. A command that is no longer APPROVED
 * or past its expiry is left alone.
 */
export const dispatchCommand = (deps: DispatchDeps) => async (siteId: number, commandId: string) => {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const command = await deps.readCommand(siteId, commandId);
    if (!command) throw new Error(`Site ${siteId} has no command ${commandId}`);
    const lane = await deps.readLane(siteId, command.gatewayId);
    if (lane && lane.published < lane.allocated) {
      await sendOutstanding(deps, command, lane);
      continue;
    }
    const nowMs = deps.clock.nowMs();
    if (!mayMove(command, 'dispatch', nowMs)) return;
    const envelope = await toEnvelope(deps, command, (lane?.allocated ?? 0) + 1, nowMs);
    const event = commandEvent(command, controlActor, 'control.command.dispatched', {
      gateway_id: command.gatewayId,
      sequence: envelope.sequence,
    });
    if (!(await deps.allocate(command, envelope, nowMs, event))) await delay(Math.random() * 20);
  }
  throw new Error(`The lane of gateway of command ${commandId} stayed contended over ${attempts} attempts`);
};

/** Publishes the envelope that holds the lane, unless its command is settled or its time is over, and frees the lane. */
const sendOutstanding = async (deps: DispatchDeps, { siteId, gatewayId }: CommandRecord, lane: Lane) => {
  const holder = await deps.readCommand(siteId, lane.commandId);
  if (!holder?.envelope) throw new Error(`Command ${lane.commandId} holds a lane without an envelope`);
  if (holder.status === 'DISPATCHED' && holder.expiresAtMs > deps.clock.nowMs())
    await deps.publish(holder.envelope);
  await deps.markPublished(siteId, gatewayId, lane.allocated);
};

const toEnvelope = async (deps: DispatchDeps, command: CommandRecord, sequence: number, nowMs: number) => {
  const { keyId, secret } = await deps.openGatewaySecret(command.siteId, command.gatewayId);
  return signEnvelope(
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
      sequence,
      keyId,
      approvers: command.approvals,
    },
    secret,
  );
};
