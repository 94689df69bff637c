import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { BatchStatus, BatchView } from '../../contracts/api-control.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type BatchRecord, waveAt } from './batch.ts';
import type { BatchPage } from './batch-repository.ts';
import { shownStatus } from './request-batch.ts';
import { type RequestDeps, reachSite } from './request-deps.ts';
import { shownApproval, shownParams } from './view-command.ts';

/** A batch as the API shows it. */
export const toBatchView = (batch: BatchRecord, nowMs: number): BatchView => ({
  batch_id: batch.batchId,
  site_id: batch.siteId,
  status: shownStatus(batch, nowMs),
  command_type: batch.order.type,
  params: shownParams(batch.order),
  selection: batch.selection,
  miners: batch.miners,
  gateways: batch.gateways,
  power_kw: batch.powerKw,
  risk: { tier: batch.tier, score: batch.score, factors: batch.factors },
  selection_hash: batch.selectionHash,
  wave_sizes: batch.waveSizes,
  concurrency: batch.concurrency,
  max_failed: batch.maxFailed,
  max_failed_pct: batch.maxFailedPct,
  priority: batch.priority,
  reason: batch.reason,
  requested_by: batch.requestedBy,
  approval: shownApproval(batch.need, batch),
  approvers: batch.approvals,
  made: batch.made,
  open: batch.open,
  completed: batch.completed,
  failed: batch.failed,
  unknown: batch.unknown,
  cancelled: batch.cancelled,
  rolled_back: batch.rolledBack,
  wave: batch.made === 0 ? 0 : waveAt(batch.waveSizes, batch.made - 1).wave,
  created_at: toUtc(batch.createdAtMs),
  updated_at: toUtc(batch.updatedAtMs),
  expires_at: toUtc(batch.expiresAtMs),
  ...(batch.endedBecause !== undefined && { ended_because: batch.endedBecause }),
});

type Deps = Pick<RequestDeps, 'readSite'> & {
  readonly readBatch: (siteId: number, batchId: string) => Promise<BatchRecord | undefined>;
  readonly listBatches: (
    siteId: number,
    limit: number,
    status?: BatchStatus,
    cursor?: string,
  ) => Promise<BatchPage>;
  readonly clock: Clock;
};
type ListInput = {
  readonly site_id: number;
  readonly limit: number;
  readonly status?: BatchStatus | undefined;
  readonly cursor?: string | undefined;
};

export const showBatches =
  (deps: Deps) =>
  async (
    who: Principal,
    { site_id, limit, status, cursor }: ListInput,
  ): Promise<Result<{ batches: BatchView[]; count: number; next_cursor?: string }>> => {
    const site = await reachSite(deps, who, site_id);
    if (!site.ok) return site;
    const { batches, nextCursor } = await deps.listBatches(site_id, limit, status, cursor);
    const views = batches.map((batch) => toBatchView(batch, deps.clock.nowMs()));
    return succeed({ batches: views, count: views.length, ...(nextCursor && { next_cursor: nextCursor }) });
  };

export const showBatch =
  ({ readBatch, clock }: Deps) =>
  async (who: Principal, siteId: number, batchId: string): Promise<Result<BatchView>> => {
    const batch = reachesSite(who, siteId) ? await readBatch(siteId, batchId) : undefined;
    return batch?.tenantId === who.tenantId
      ? succeed(toBatchView(batch, clock.nowMs()))
      : fail('not_found', 'Batch not found');
  };
