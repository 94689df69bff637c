import { randomBytes } from 'node:crypto';
import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { BatchPlan, NewBatch } from '../../contracts/api-control.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { withoutPasswords } from '../sealing/seal-orders.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { BatchRecord, Target } from './batch.ts';
import { nothingMade, runMs } from './batch.ts';
import { batchEvent } from './batch-events.ts';
import { actorOf } from './command-events.ts';
import { type Plan, type PlanDeps, planBatch } from './plan-batch.ts';
import { isWithin } from './policy.ts';
import { idempotencyKeyOf, policyApprover, quotaUsedUp } from './request-command.ts';
import { outsideWindow, type QuotaUse } from './request-deps.ts';
import { hashOf } from './selection-hash.ts';

export type BatchDeps = PlanDeps & {
  readonly readBatch: (siteId: number, batchId: string) => Promise<BatchRecord | undefined>;
  readonly putTargets: (
    siteId: number,
    batchId: string,
    version: number,
    targets: readonly Target[],
    nowMs: number,
  ) => Promise<void>;
  readonly putBatch: (
    batch: BatchRecord,
    before: BatchRecord | undefined,
    events: readonly NewDomainEvent[],
    others?: readonly TransactItem[],
  ) => Promise<'put' | { readonly refusedBy: number }>;
  readonly quotaItems: (use: QuotaUse) => TransactItem[];
  readonly quotaLeft: (
    use: Omit<QuotaUse, 'miners'>,
  ) => Promise<{ readonly user: number; readonly site: number }>;
  readonly isHalted: (tenantId: string, siteId: number) => Promise<boolean>;
  /** A batch that an idempotency key already made, and the hash of that request. */
  readonly findBatchByKey: (
    siteId: number,
    key: string,
  ) => Promise<{ readonly batchId: string; readonly requestHash: string } | undefined>;
  /** The write that lets an idempotency key stand for a batch. */
  readonly keyItem: (siteId: number, key: string, batchId: string, requestHash: string) => TransactItem;
};

/** `bat-`, the time in 12 hex digits and 16 random ones: ids sort by creation. */
const newBatchId = (nowMs: number) =>
  `bat-${nowMs.toString(16).padStart(12, '0')}${randomBytes(8).toString('hex')}`;

const quotaOf = (who: Principal, { site_id, order }: NewBatch, { policy }: Plan, nowMs: number) => ({
  siteId: site_id,
  type: order.type,
  userId: who.userId,
  limits: policy.quota_per_hour,
  nowMs,
});

const mostShown = 100;

/** Says what a batch would be and what stands in its way. Writes nothing. */
export const dryRunBatch =
  (deps: BatchDeps) =>
  async (who: Principal, body: NewBatch): Promise<Result<BatchPlan>> => {
    const planned = await planBatch(deps)(who, body);
    if (!planned.ok) return planned;
    const plan = planned.value;
    const nowMs = deps.clock.nowMs();
    const [quota, halted] = await Promise.all([
      deps.quotaLeft(quotaOf(who, body, plan, nowMs)),
      deps.isHalted(who.tenantId, body.site_id),
    ]);
    return succeed({
      command_type: body.order.type,
      miners: plan.targets.length,
      gateways: plan.gateways,
      power_kw: plan.powerKw,
      risk: { tier: plan.risk.tier, score: plan.risk.score, factors: [...plan.risk.factors] },
      selection_hash: plan.selectionHash,
      wave_sizes: [...plan.waveSizes],
      concurrency: body.concurrency,
      max_failed: plan.maxFailed,
      max_failed_pct: body.max_failed_pct,
      approval: {
        votes_needed: plan.need.votes,
        rank_needed: plan.need.rank,
        ...(plan.need.approverIds && { approver_ids: plan.need.approverIds }),
      },
      unsupported: plan.unsupported.slice(0, mostShown).map(({ minerId, reason }) => ({
        miner_id: minerId,
        reason_en: reason.en,
        reason_zh: reason.zh,
      })),
      unsupported_count: plan.unsupported.length,
      unknown_miner_ids: plan.unknownIds.slice(0, mostShown),
      window_open: isWithin(plan.policy.windows, plan.timeZone, nowMs),
      quota_left: quota,
      halted,
    });
  };

const recordOf = (
  who: Principal,
  body: NewBatch,
  plan: Plan,
  batchId: string,
  nowMs: number,
): BatchRecord => {
  const isFree = plan.need.votes === 0;
  return {
    batchId,
    tenantId: who.tenantId,
    siteId: body.site_id,
    order: plan.order,
    priority: body.priority,
    selection: body.selection,
    reason: body.reason,
    requestedBy: `user:${who.userId}`,
    status: isFree ? 'RUNNING' : 'PENDING_APPROVAL',
    miners: plan.targets.length,
    gateways: plan.gateways,
    powerKw: plan.powerKw,
    tier: plan.risk.tier,
    score: plan.risk.score,
    factors: [...plan.risk.factors],
    waveSizes: [...plan.waveSizes],
    concurrency: body.concurrency,
    maxFailed: plan.maxFailed,
    maxFailedPct: body.max_failed_pct,
    need: plan.need,
    votes: [],
    approvals: isFree ? [policyApprover] : [],
    selectionHash: plan.selectionHash,
    targetsVersion: 1,
    revision: 0,
    deliveryMs: plan.policy.delivery_ttl_s * 1_000,
    ...nothingMade,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    expiresAtMs: nowMs + (isFree ? runMs : plan.policy.approval_ttl_s * 1_000),
  };
};

/** A person's order to many miners: waiting for the approvals that it needs, or running where it needs none. */
export const requestBatch =
  (deps: BatchDeps) =>
  async (who: Principal, body: NewBatch, idempotency: string | undefined): Promise<Result<BatchRecord>> => {
    const key = idempotencyKeyOf(who, idempotency);
    if (!key.ok) return key;
    const requestHash = hashOf({ ...body, order: withoutPasswords(body.order) });
    const known = async (): Promise<Result<BatchRecord> | undefined> => {
      const found =
        key.value && reachesSite(who, body.site_id)
          ? await deps.findBatchByKey(body.site_id, key.value)
          : undefined;
      if (!found) return undefined;
      if (found.requestHash !== requestHash)
        return fail('conflict', 'This Idempotency-Key was used for another request');
      const batch = await deps.readBatch(body.site_id, found.batchId);
      return batch?.tenantId === who.tenantId ? succeed(batch) : undefined;
    };
    const planned = await planBatch(deps)(who, body);
    if (!planned.ok) return planned;
    const earlier = await known();
    if (earlier) return earlier;
    const nowMs = deps.clock.nowMs();
    const plan = planned.value;
    const batch = recordOf(who, body, plan, newBatchId(nowMs), nowMs);
    const isFree = batch.status === 'RUNNING';
    if (isFree && !isWithin(plan.policy.windows, plan.timeZone, nowMs)) return outsideWindow(body.order.type);
    await deps.putTargets(batch.siteId, batch.batchId, 1, plan.targets, nowMs);
    const actor = actorOf(batch.requestedBy);
    const events = [
      batchEvent(batch, actor, 'control.batch.proposed', { reason: body.reason }),
      ...(isFree
        ? [
            batchEvent(batch, actorOf(policyApprover), 'control.batch.approved', {
              approvers: batch.approvals,
            }),
          ]
        : []),
    ];
    const quota = deps.quotaItems({ ...quotaOf(who, body, plan, nowMs), miners: batch.miners });
    const keys = key.value ? [deps.keyItem(batch.siteId, key.value, batch.batchId, requestHash)] : [];
    const outcome = await deps.putBatch(batch, undefined, events, [...quota, ...keys]);
    if (outcome === 'put') return succeed(batch);
    if (outcome.refusedBy < quota.length) return quotaUsedUp(outcome.refusedBy, body.order.type);
    return (await known()) ?? fail('conflict', 'Another request took this Idempotency-Key');
  };

/**
 * Another selection, order or course for a batch that waits for its approval. Votes for the former stay on record and count no
 * more; who changes it is from then on the one who asks for it.
 */
export const changeBatch =
  (deps: BatchDeps) =>
  async (who: Principal, batchId: string, body: NewBatch): Promise<Result<BatchRecord>> => {
    const planned = await planBatch(deps)(who, body);
    if (!planned.ok)
      return planned.failure.code === 'not_found' ? fail('not_found', 'Batch not found') : planned;
    const before = await deps.readBatch(body.site_id, batchId);
    if (before?.tenantId !== who.tenantId) return fail('not_found', 'Batch not found');
    const nowMs = deps.clock.nowMs();
    if (before.status !== 'PENDING_APPROVAL' || before.expiresAtMs <= nowMs)
      return fail('invalid_state', `Batch cannot be changed (status=${shownStatus(before, nowMs)})`);
    const plan = planned.value;
    if (plan.need.votes === 0)
      return fail('invalid_state', 'This needs no approval: cancel the batch and ask for it anew');
    const version = before.targetsVersion + 1 + Math.floor(Math.random() * 1_000_000);
    const fresh = recordOf(who, body, plan, batchId, nowMs);
    const next: BatchRecord = {
      ...fresh,
      votes: before.votes,
      targetsVersion: version,
      revision: before.revision + 1,
      createdAtMs: before.createdAtMs,
    };
    await deps.putTargets(next.siteId, batchId, version, plan.targets, nowMs);
    const voided = before.votes.filter(
      ({ hash }) => hash === before.selectionHash && hash !== next.selectionHash,
    );
    const event = batchEvent(next, actorOf(next.requestedBy), 'control.batch.changed', {
      votes_voided: voided.length,
      reason: body.reason,
    });
    const outcome = await deps.putBatch(next, before, [event]);
    return outcome === 'put'
      ? succeed(next)
      : fail('conflict', 'The batch has changed meanwhile: look again');
  };

/** The status as people are told it: what has outlived its time is expired, whether or not somebody has looked. */
export const shownStatus = ({ status, expiresAtMs }: BatchRecord, nowMs: number) =>
  status === 'PENDING_APPROVAL' && expiresAtMs <= nowMs ? 'EXPIRED' : status;
