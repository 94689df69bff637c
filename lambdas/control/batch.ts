import * as z from 'zod';
import { type BatchStatus, batchStatuses, selection } from '../../contracts/api-control.ts';
import { minerOrder, riskTiers } from '../../contracts/command.ts';
import { epochMs, siteId, tenantId } from '../../contracts/identifiers.ts';
import { approvalNeed, vote } from './ballot.ts';

const count = z.int().default(0);

/**
 * One order to many miners, in waves. Its miners stand in parts beside it, under `targetsVersion`. Of the first `made` of them commands
 * exist; `open` of these are under way, `waiting` of which were not sent yet, and the rest ended as counted, each change in the transaction
 * that changes the command.
 */
export const batchRecord = z.object({
  batchId: z.string(),
  tenantId,
  siteId,
  order: minerOrder,
  priority: z.int().min(1).max(10),
  selection,
  reason: z.string(),
  requestedBy: z.string(),
  status: z.enum(batchStatuses),
  miners: z.int().positive(),
  gateways: z.int(),
  powerKw: z.number(),
  tier: z.enum(riskTiers),
  score: z.number(),
  factors: z.array(
    z.object({
      factor: z.string(),
      value: z.union([z.string(), z.number()]),
      weight: z.number(),
      description_en: z.string(),
      description_zh: z.string(),
    }),
  ),
  waveSizes: z.array(z.int().positive()).min(1),
  concurrency: z.int().positive(),
  maxFailed: z.int().nonnegative(),
  maxFailedPct: z.number(),
  need: approvalNeed,
  votes: z.array(vote),
  approvals: z.array(z.string()),
  selectionHash: z.string(),
  targetsVersion: z.int(),
  /** Grows with every decision about it; not with its counts. */
  revision: z.int(),
  deliveryMs: z.int().positive(),
  made: count,
  open: count,
  waiting: count,
  completed: count,
  failed: count,
  unknown: count,
  cancelled: count,
  rolledBack: count,
  createdAtMs: epochMs,
  updatedAtMs: epochMs,
  /** Until when it waits for its approval, and then until when it may begin commands. */
  expiresAtMs: epochMs,
  endedBecause: z.string().optional(),
});
export type BatchRecord = z.infer<typeof batchRecord>;

/** The counts of a batch that has not begun. */
export const nothingMade: Pick<
  BatchRecord,
  'made' | 'open' | 'waiting' | 'completed' | 'failed' | 'unknown' | 'cancelled' | 'rolledBack'
> = {
  made: 0,
  open: 0,
  waiting: 0,
  completed: 0,
  failed: 0,
  unknown: 0,
  cancelled: 0,
  rolledBack: 0,
};

export const target = z.tuple([z.string(), z.string()]);
/** A miner and its gateway. */
export type Target = z.infer<typeof target>;

type Transition = { readonly from: readonly BatchStatus[]; readonly to: BatchStatus };

/** Every change that a batch's status may make. */
export const batchTransitions = {
  approve: { from: ['PENDING_APPROVAL'], to: 'RUNNING' },
  deny: { from: ['PENDING_APPROVAL'], to: 'DENIED' },
  pause: { from: ['RUNNING'], to: 'PAUSED' },
  resume: { from: ['PAUSED'], to: 'RUNNING' },
  cancel: { from: ['PENDING_APPROVAL', 'RUNNING', 'PAUSED'], to: 'CANCELLED' },
  stop: { from: ['RUNNING', 'PAUSED'], to: 'STOPPED' },
  finish: { from: ['RUNNING'], to: 'FINISHED' },
  expire: { from: ['PENDING_APPROVAL', 'RUNNING', 'PAUSED'], to: 'EXPIRED' },
} as const satisfies Record<string, Transition>;
export type BatchTransition = keyof typeof batchTransitions;

export const mayMoveBatch = (status: BatchStatus, name: BatchTransition): boolean => {
  const { from }: Transition = batchTransitions[name];
  return from.includes(status);
};

/** The states in which it may still begin commands, or be made to. */
export const isLive = (status: BatchStatus) =>
  status === 'PENDING_APPROVAL' || status === 'RUNNING' || status === 'PAUSED';

/** How long a batch may take from its approval on. */
export const runMs = 24 * 3_600_000;

/** Waves as asked, cut to the miners there are; what is left makes the last one. */
export const wavesOf = (miners: number, asked: readonly number[] | undefined): number[] => {
  const sizes = asked ?? (miners <= 10 ? [] : [Math.ceil(miners / 100), Math.ceil(miners / 10)]);
  const waves: number[] = [];
  let left = miners;
  for (const size of sizes) {
    if (left <= 0) break;
    waves.push(Math.min(size, left));
    left -= size;
  }
  return left > 0 ? [...waves, left] : waves;
};

/** The wave, from 1, that miner number `made` (from 0) belongs to, and where it ends. */
export const waveAt = (
  waveSizes: readonly number[],
  made: number,
): { wave: number; start: number; end: number } => {
  let start = 0;
  for (const [at, size] of waveSizes.entries()) {
    if (made < start + size || at === waveSizes.length - 1) return { wave: at + 1, start, end: start + size };
    start += size;
  }
  return { wave: 1, start: 0, end: 0 };
};

export type Counts = Pick<BatchRecord, 'made' | 'open' | 'waiting' | 'completed' | 'failed' | 'unknown'>;

/**
 * At most so many of a batch's commands wait to be sent: an approved order must leave within its delivery time, which these do where one
 * leaves each second.
 */
export const mostWaiting = (deliveryMs: number) =>
  Math.min(300, Math.max(30, Math.floor(deliveryMs / 1_000)));

/** What a batch is to do next, by its counts alone. */
export type NextStep =
  | { readonly step: 'make'; readonly most: number }
  | { readonly step: 'wait' }
  | { readonly step: 'stop'; readonly because: 'MAX_FAILED' | 'MAX_FAILED_PCT' }
  | { readonly step: 'finish' };

/**
 * Commands whose end is unknown count as failed until telemetry tells. More failures than allowed stop it at once; a wave that
 * has ended with too large a share of failures stops it before the next begins.
 */
export const nextStep = (
  batch: Counts &
    Pick<BatchRecord, 'miners' | 'waveSizes' | 'concurrency' | 'maxFailed' | 'maxFailedPct' | 'deliveryMs'>,
): NextStep => {
  const { made, open, waiting, miners, waveSizes, concurrency, maxFailed, maxFailedPct, deliveryMs } = batch;
  const bad = batch.failed + batch.unknown;
  if (bad > maxFailed) return { step: 'stop', because: 'MAX_FAILED' };
  const isBoundary = made > 0 && (made === miners || waveAt(waveSizes, made).start === made);
  if (isBoundary && open > 0) return { step: 'wait' };
  if (isBoundary && made < miners && (bad / made) * 100 > maxFailedPct)
    return { step: 'stop', because: 'MAX_FAILED_PCT' };
  if (made >= miners) return { step: 'finish' };
  const room = Math.min(concurrency - open, mostWaiting(deliveryMs) - waiting);
  const most = Math.min(room, waveAt(waveSizes, made).end - made);
  return most > 0 ? { step: 'make', most } : { step: 'wait' };
};

/**
 * The miners in the order in which they are done: each wave takes from every gateway in turn, so that the first ones show what
 * would happen everywhere, and is then sorted by gateway, so that orders of one gateway travel together.
 */
export const inWaves = (targets: readonly Target[], waveSizes: readonly number[]): Target[] => {
  const byGateway = [...Map.groupBy(targets, ([, gatewayId]) => gatewayId).values()];
  const turns = byGateway.flatMap((own) => own.map((one, turn) => ({ one, turn })));
  const spread = turns.toSorted((a, b) => a.turn - b.turn).map(({ one }) => one);
  const ordered: Target[] = [];
  for (const size of waveSizes) {
    const wave = spread.slice(ordered.length, ordered.length + size);
    ordered.push(...wave.toSorted(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }
  return ordered;
};
