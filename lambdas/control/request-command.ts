import type { Principal } from '../../contracts/access.ts';
import type { NewCommand } from '../../contracts/api-control.ts';
import { whyUnsupported } from '../../contracts/capabilities/firmware-table.ts';
import { type CommandOrder, type MinerOrder, minerOrder } from '../../contracts/command.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { withoutPasswords } from '../sealing/seal-orders.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { assessOrder } from './assess-order.ts';
import type { CommandRecord } from './command.ts';
import { actorOf, commandEvent } from './command-events.ts';
import { needOf } from './policy.ts';
import { newCommandId } from './propose-command.ts';
import {
  outsideWindow,
  policyFor,
  type RequestDeps,
  reachSite,
  type TargetMiner,
  windowIsOpen,
} from './request-deps.ts';
import { hashOf, selectionHash } from './selection-hash.ts';

/** Who stands for the approval of what no person needs to approve. */
export const policyApprover = 'system:policy';
const keyForm = /^[\x21-\x7e]{1,80}$/;

/** A key that a client chose for a request, apart for each person; `validation_failed` where it is malformed. */
export const idempotencyKeyOf = (who: Principal, given: string | undefined): Result<string | undefined> => {
  if (given === undefined) return succeed(undefined);
  return keyForm.test(given)
    ? succeed(`user:${who.userId}:${given}`)
    : fail('validation_failed', 'Idempotency-Key must be 1 to 80 printable characters without spaces');
};

type Request = {
  readonly siteId: number;
  readonly miner: Pick<TargetMiner, 'minerId' | 'gatewayId' | 'ratedPowerW'>;
  readonly order: CommandOrder;
  /** What decides the risk and the policy: of a rollback, the order that it puts back. */
  readonly judgedBy: MinerOrder;
  readonly priority: number;
  readonly reason: string;
  readonly timeZone: string;
  readonly idempotencyKey: string | undefined;
  readonly correlationId?: string;
  /** What else must be true, and the failure where it is not. */
  readonly others?: (commandId: string) => readonly TransactItem[];
  readonly refusal?: string;
};

/**
 * Puts a person's order to one miner on record: waiting for the approvals that the site's policy demands, or approved where it
 * demands none. The same request under the same idempotency key is made once, and under the same key another is a `conflict`.
 */
export const putRequest = async (
  deps: RequestDeps,
  who: Principal,
  request: Request,
): Promise<Result<CommandRecord>> => {
  const { siteId, miner, order, judgedBy, others } = request;
  const nowMs = deps.clock.nowMs();
  const requestHash = hashOf({
    siteId,
    minerId: miner.minerId,
    order: withoutPasswords(order),
    priority: request.priority,
  });
  const known = async (key: string): Promise<Result<CommandRecord> | undefined> => {
    const found = await deps.findByDedupeKey(siteId, key);
    if (!found) return undefined;
    return found.requestHash === requestHash
      ? succeed(found.command)
      : fail('conflict', 'This Idempotency-Key was used for another request');
  };
  const earlier = request.idempotencyKey ? await known(request.idempotencyKey) : undefined;
  if (earlier) return earlier;
  const policy = await policyFor(deps, siteId, judgedBy.type);
  const powerKw = miner.ratedPowerW / 1_000;
  const { tier } = assessOrder(judgedBy, { miners: 1, powerKw }, policy);
  const need = needOf(policy, tier, powerKw);
  const isFree = need.votes === 0;
  if (isFree && !windowIsOpen(policy, { time_zone: request.timeZone }, nowMs))
    return outsideWindow(order.type);
  const commandId = newCommandId(nowMs);
  const deliveryMs = policy.delivery_ttl_s * 1_000;
  const expiresAtMs = nowMs + (isFree ? deliveryMs : policy.approval_ttl_s * 1_000);
  const command: CommandRecord = {
    commandId,
    tenantId: who.tenantId,
    siteId,
    gatewayId: miner.gatewayId,
    minerId: miner.minerId,
    order,
    priority: request.priority,
    status: isFree ? 'APPROVED' : 'PENDING_APPROVAL',
    requestedBy: `user:${who.userId}`,
    approvals: isFree ? [policyApprover] : [],
    correlationId: request.correlationId ?? commandId,
    dedupeKey: request.idempotencyKey ?? commandId,
    reason: request.reason,
    tier,
    need,
    votes: [],
    revision: 0,
    selectionHash: selectionHash(siteId, order, [miner.minerId]),
    powerKw,
    deliveryMs,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    expiresAtMs,
    dueAtMs: expiresAtMs,
  };
  const proposed = commandEvent(command, actorOf(command.requestedBy), 'control.command.proposed', {
    miner_id: miner.minerId,
    command_type: order.type,
    reason: request.reason,
  });
  const approved = commandEvent(command, actorOf(policyApprover), 'control.command.approved', {
    gateway_id: miner.gatewayId,
    approvers: command.approvals,
  });
  const quota = deps.quotaItems({
    siteId,
    type: judgedBy.type,
    userId: who.userId,
    miners: 1,
    limits: policy.quota_per_hour,
    nowMs,
  });
  const inserted = await deps.insertCommand(
    command,
    isFree ? [proposed, approved] : [proposed],
    [...quota, ...(others?.(commandId) ?? [])],
    requestHash,
  );
  if (inserted === 'inserted') return succeed(command);
  if (inserted === 'known')
    return (await known(command.dedupeKey)) ?? fail('conflict', 'Another request took this Idempotency-Key');
  return inserted.refusedBy < quota.length
    ? quotaUsedUp(inserted.refusedBy, judgedBy.type)
    : fail('invalid_state', request.refusal ?? 'Something changed meanwhile: try again');
};

export const quotaUsedUp = (place: number, type: string) =>
  fail(
    'too_many_requests',
    `The ${place === 0 ? "site's" : 'caller’s'} quota of ${type} for this hour is used up`,
  );

/** An order to one miner, as a person proposes it. */
export const requestCommand =
  (deps: RequestDeps) =>
  async (
    who: Principal,
    body: NewCommand,
    idempotency: string | undefined,
  ): Promise<Result<CommandRecord>> => {
    const key = idempotencyKeyOf(who, idempotency);
    if (!key.ok) return key;
    const site = await reachSite(deps, who, body.site_id);
    if (!site.ok) return site;
    const miner = await deps.readMiner(body.site_id, body.miner_id);
    if (!miner || miner.retired) return fail('not_found', 'Miner not found');
    const unsupported = whyUnsupported(miner, body.order);
    if (unsupported) return fail('validation_failed', `${body.order.type}: ${unsupported.en}`);
    const sealed = await deps.sealOrder(body.site_id, [miner.gatewayId], body.order);
    if (!sealed.ok) return sealed;
    return putRequest(deps, who, {
      siteId: body.site_id,
      miner,
      order: sealed.value,
      judgedBy: body.order,
      priority: body.priority,
      reason: body.reason,
      timeZone: site.value.time_zone,
      idempotencyKey: key.value,
    });
  };

/** What an order stands for that was given to a miner; undefined for a rollback. */
export const asMinerOrder = (order: CommandOrder): MinerOrder | undefined => minerOrder.safeParse(order).data;
