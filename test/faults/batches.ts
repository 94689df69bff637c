import type { Principal } from '../../contracts/access.ts';
import { advanceBatch, commandIdOf } from '../../lambdas/control/advance-batch.ts';
import { type BatchRecord, isLive, nothingMade, type Target } from '../../lambdas/control/batch.ts';
import { batchEvent } from '../../lambdas/control/batch-events.ts';
import * as repository from '../../lambdas/control/batch-repository.ts';
import { actorOf } from '../../lambdas/control/command-events.ts';
import { type ControlStore, readCommands } from '../../lambdas/control/command-repository.ts';
import { cancelBatch } from '../../lambdas/control/decide-batch.ts';
import { isHaltedAt } from '../../lambdas/control/halt-repository.ts';
import { moveAll } from '../../lambdas/control/move-commands.ts';
import { readPolicy } from '../../lambdas/control/policy-repository.ts';
import type { Chance } from './chance.ts';

const minuteMs = 60_000;
const tenantId = 'tenant-1';

/** A batch of one order to these miners, as it stands once people have approved it. */
export const approvedBatch = (
  siteId: number,
  limitW: number,
  minerIds: readonly string[],
  nowMs: number,
  chance: Chance,
): BatchRecord => ({
  batchId: `bat-${siteId}`,
  tenantId,
  siteId,
  order: { type: 'POWER_LIMIT', params: { limitW } },
  priority: 5,
  selection: { all: true },
  reason: 'Heat',
  requestedBy: 'user:5',
  status: 'RUNNING',
  miners: minerIds.length,
  gateways: 1,
  powerKw: 3.5 * minerIds.length,
  tier: 'medium',
  score: 30,
  factors: [],
  waveSizes: chance.happens(0.5) ? [1, minerIds.length - 1] : [minerIds.length],
  concurrency: chance.whole(1, minerIds.length),
  maxFailed: chance.one([0, minerIds.length]),
  maxFailedPct: 100,
  need: { votes: 1, rank: 'operator' },
  votes: [],
  approvals: ['user:6'],
  selectionHash: 'as-seen',
  targetsVersion: 1,
  revision: 1,
  deliveryMs: Math.round(chance.between(minuteMs, 2 * minuteMs)),
  ...nothingMade,
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
  expiresAtMs: nowMs + 24 * 60 * minuteMs,
});

const readSite = async (_: string, siteId: number) => ({ site_id: siteId, time_zone: 'UTC' });

/** One call of the batch's driver. */
export const advance = (own: ControlStore & { readonly clock: { readonly nowMs: () => number } }) =>
  advanceBatch({
    readSite,
    readPolicy: readPolicy(own),
    readBatch: repository.readBatch(own),
    readTargets: repository.readTargets(own),
    readCommands: readCommands(own),
    makeCommands: repository.makeCommands(own),
    amendBatch: repository.amendBatch(own),
    moveAll: moveAll(own),
    isHalted: isHaltedAt(own),
    clock: own.clock,
  });

/** What people do to a batch and what anybody can see of it, over a store that does not fail. */
export const batchAt = (
  store: ControlStore & { readonly clock: { readonly nowMs: () => number } },
  batch: BatchRecord,
  targets: readonly Target[],
) => {
  const { siteId, batchId } = batch;
  const who: Principal = {
    userId: 7,
    name: 'Person 7',
    tenantId,
    role: 'mining_site_owner',
    duty: 'manager',
    siteIds: [siteId],
  };
  const ids = targets.map(([minerId], place) => commandIdOf(batch, place, minerId));
  const read = async () => {
    const now = await repository.readBatch(store)(siteId, batchId);
    if (!now) throw new Error('The batch is gone');
    return now;
  };
  const commands = () => readCommands(store)(siteId, ids);
  return {
    put: async () => {
      await repository.putTargets(store)(siteId, batchId, 1, targets, store.clock.nowMs());
      const event = batchEvent(batch, actorOf('user:6'), 'control.batch.approved', {
        approvers: batch.approvals,
      });
      await repository.putBatch(store)(batch, undefined, [event]);
    },
    cancel: () =>
      cancelBatch({
        readSite,
        readPolicy: readPolicy(store),
        readBatch: repository.readBatch(store),
        amendBatch: repository.amendBatch(store),
        clock: store.clock,
      })(who, batchId, { site_id: siteId, reason: 'Enough' }),
    commands,
    isOver: async () => {
      const { status, open } = await read();
      return !isLive(status) && open === 0;
    },
    /** In words, what of it is not as its commands are. */
    faults: async (): Promise<string[]> => {
      const now = await read();
      const statuses = (await commands()).map(({ status }) => status);
      const count = (...of: readonly string[]) => statuses.filter((one) => of.includes(one)).length;
      const pairs: readonly (readonly [keyof BatchRecord, number])[] = [
        ['made', statuses.length],
        ['open', count('APPROVED', 'DISPATCHED', 'ACKNOWLEDGED')],
        ['waiting', count('APPROVED')],
        ['completed', count('COMPLETED')],
        ['failed', count('FAILED', 'EXPIRED')],
        ['unknown', count('UNKNOWN')],
        ['cancelled', count('CANCELLED')],
      ];
      return [
        ...(isLive(now.status) ? [`the batch is ${now.status} at the end`] : []),
        ...(now.status === 'FINISHED' && now.made < now.miners ? ['the batch has left miners out'] : []),
        ...pairs.flatMap(([name, real]) =>
          now[name] === real ? [] : [`the batch counts ${now[name]} ${name}, and there are ${real}`],
        ),
      ];
    },
  };
};
