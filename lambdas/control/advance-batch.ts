import { createHash } from 'node:crypto';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { type BatchRecord, type BatchTransition, nextStep, type Target } from './batch.ts';
import { batchEvent } from './batch-events.ts';
import { mostMade } from './batch-repository.ts';
import type { CommandRecord } from './command.ts';
import { actorOf, commandEvent, controlActor } from './command-events.ts';
import type { Move } from './move-commands.ts';
import { policyFor, type RequestDeps, windowIsOpen } from './request-deps.ts';

export type AdvanceDeps = Pick<RequestDeps, 'readSite' | 'readPolicy'> & {
  readonly readBatch: (siteId: number, batchId: string) => Promise<BatchRecord | undefined>;
  readonly readTargets: (batch: BatchRecord, from: number, most: number) => Promise<readonly Target[]>;
  readonly readCommands: (siteId: number, commandIds: readonly string[]) => Promise<readonly CommandRecord[]>;
  readonly makeCommands: (
    batch: BatchRecord,
    commands: readonly CommandRecord[],
    nowMs: number,
    events: readonly NewDomainEvent[],
  ) => Promise<boolean>;
  readonly amendBatch: (
    batch: BatchRecord,
    name: BatchTransition | undefined,
    nowMs: number,
    patch: Partial<Pick<BatchRecord, 'endedBecause'>>,
    events: readonly NewDomainEvent[],
  ) => Promise<boolean>;
  readonly moveAll: (moves: readonly Move[]) => Promise<readonly boolean[]>;
  readonly isHalted: (tenantId: string, siteId: number) => Promise<boolean>;
  readonly clock: Clock;
};

/**
 * The id of a batch's command to its miner number `place` (from 0) follows from these, so that making it twice makes it once. Ids sort
 * as the miners do, so that the oldest command is the first of the batch to be sent.
 */
export const commandIdOf = (
  { batchId, createdAtMs }: Pick<BatchRecord, 'batchId' | 'createdAtMs'>,
  place: number,
  minerId: string,
) => {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const own = createHash('sha256').update(`${batchId}\n${minerId}`).digest('hex').slice(0, 11);
  return `cmd-${hex(createdAtMs, 12)}${hex(place, 5)}${own}`;
};

/**
 * Does what a batch needs next, bounded by `mayGoOn`: makes the commands that its wave and its caps leave room for, stops it after too many
 * failures, ends it, and takes back what a stopped one has not sent. Safe to call at any time, by several at once. Answers
 * `more` when it stopped before it was done.
 */
export const advanceBatch =
  (deps: AdvanceDeps) =>
  async (siteId: number, batchId: string, mayGoOn: () => boolean): Promise<'done' | 'more'> => {
    while (mayGoOn()) {
      const batch = await deps.readBatch(siteId, batchId);
      if (!batch) throw new Error(`Site ${siteId} has no batch ${batchId}`);
      const nowMs = deps.clock.nowMs();
      if (batch.status === 'CANCELLED' || batch.status === 'STOPPED' || batch.status === 'EXPIRED')
        return batch.open > 0 ? takeBack(deps, batch, mayGoOn) : 'done';
      if (
        (batch.status === 'PENDING_APPROVAL' || batch.made < batch.miners) &&
        batch.expiresAtMs <= nowMs &&
        (batch.status === 'PENDING_APPROVAL' || batch.status === 'RUNNING' || batch.status === 'PAUSED')
      ) {
        const reason = batch.status === 'PENDING_APPROVAL' ? 'NOT_APPROVED' : 'NOT_DONE_IN_TIME';
        const event = batchEvent(batch, controlActor, 'control.batch.expired', { reason });
        await deps.amendBatch(batch, 'expire', nowMs, { endedBecause: reason }, [event]);
        continue;
      }
      if (batch.status !== 'RUNNING' && batch.status !== 'PAUSED') return 'done';
      const next = nextStep(batch);
      if (next.step === 'stop') {
        const event = batchEvent(batch, controlActor, 'control.batch.stopped', { reason: next.because });
        await deps.amendBatch(batch, 'stop', nowMs, { endedBecause: next.because }, [event]);
        continue;
      }
      if (batch.status === 'PAUSED' || next.step === 'wait') return 'done';
      if (next.step === 'finish') {
        await deps.amendBatch(batch, 'finish', nowMs, {}, [
          batchEvent(batch, controlActor, 'control.batch.finished', {}),
        ]);
        continue;
      }
      if (!(await mayBegin(deps, batch, nowMs))) return 'done';
      await make(deps, batch, Math.min(next.most, mostMade), nowMs);
    }
    return 'more';
  };

/** Neither a kill switch nor the time of day stands against it. */
const mayBegin = async (deps: AdvanceDeps, { tenantId, siteId, order }: BatchRecord, nowMs: number) => {
  if (await deps.isHalted(tenantId, siteId)) return false;
  const [site, policy] = await Promise.all([
    deps.readSite(tenantId, siteId),
    policyFor(deps, siteId, order.type),
  ]);
  return site !== undefined && windowIsOpen(policy, site, nowMs);
};

const make = async (deps: AdvanceDeps, batch: BatchRecord, most: number, nowMs: number) => {
  const targets = await deps.readTargets(batch, batch.made, most);
  if (targets.length === 0) throw new Error(`Batch ${batch.batchId} has no miner number ${batch.made + 1}`);
  const commands = targets.map(([minerId, gatewayId], index): CommandRecord => {
    const commandId = commandIdOf(batch, batch.made + index, minerId);
    const expiresAtMs = nowMs + batch.deliveryMs;
    return {
      commandId,
      tenantId: batch.tenantId,
      siteId: batch.siteId,
      gatewayId,
      minerId,
      order: batch.order,
      priority: batch.priority,
      status: 'APPROVED',
      requestedBy: batch.requestedBy,
      approvals: batch.approvals,
      correlationId: batch.batchId,
      batchId: batch.batchId,
      dedupeKey: commandId,
      tier: batch.tier,
      powerKw: batch.powerKw / batch.miners,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      expiresAtMs,
      dueAtMs: expiresAtMs,
    };
  });
  const actor = actorOf(batch.approvals.at(-1) ?? batch.requestedBy);
  const events = commands.map((command) =>
    commandEvent(command, actor, 'control.command.approved', {
      gateway_id: command.gatewayId,
      approvers: command.approvals,
    }),
  );
  await deps.makeCommands(batch, commands, nowMs, events);
};

const perLook = 500;

/** Cancels what an ended batch has made and not sent yet. */
const takeBack = async (
  deps: AdvanceDeps,
  batch: BatchRecord,
  mayGoOn: () => boolean,
): Promise<'done' | 'more'> => {
  for (let from = 0; from < batch.made; from += perLook) {
    if (!mayGoOn()) return 'more';
    const targets = await deps.readTargets(batch, from, Math.min(perLook, batch.made - from));
    const ids = targets.map(([minerId], index) => commandIdOf(batch, from + index, minerId));
    const commands = await deps.readCommands(batch.siteId, ids);
    const nowMs = deps.clock.nowMs();
    const moves = commands
      .filter(({ status }) => status === 'APPROVED')
      .map((command): Move => {
        const reason = `BATCH_${batch.status}`;
        const event = commandEvent(command, controlActor, 'control.command.cancelled', { reason });
        return {
          command,
          name: 'cancel',
          nowMs,
          patch: { settledAtMs: nowMs, failure: { code: reason } },
          events: [event],
        };
      });
    await deps.moveAll(moves);
  }
  return 'done';
};
