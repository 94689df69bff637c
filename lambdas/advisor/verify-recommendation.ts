import type { CommandStatus } from '../../contracts/command.ts';
import { type Result, succeed } from '../shared/result.ts';
import {
  type ChangeDeps,
  changeRecommendation,
  notFound,
  recommendationEvent,
  theLoop,
} from './change-recommendation.ts';
import { type CommandSeen, mostObserved, untouchedPeers } from './execute-recommendation.ts';
import { readBaseline } from './execution-repository.ts';
import { readRecommendation } from './recommendation-repository.ts';
import type { SiteView } from './site-view.ts';
import { type Effect, type TargetObservation, verifyEffect } from './verify-effect.ts';

export type VerifyDeps = ChangeDeps &
  SiteView & {
    readonly readCommand: (siteId: number, commandId: string) => Promise<CommandSeen | undefined>;
    /** How long after the last command was settled its effect is waited for. */
    readonly verifyWindowMs: number;
  };

export const settledStatuses: readonly CommandStatus[] = [
  'COMPLETED',
  'FAILED',
  'UNKNOWN',
  'DENIED',
  'EXPIRED',
  'CANCELLED',
  'ROLLED_BACK',
];
export type Verification = Effect['verdict'] | 'not_executed';

/**
 * Looks once whether an executed recommendation had its effect. `not_executed` where every command ended without
 * touching its miner; `pending` while the window is open. A verdict is recorded once, with `advisor.recommendation.verified`.
 * Readings count only when they were taken after the commands were settled.
 */
export const verifyRecommendation =
  (deps: VerifyDeps) =>
  async (id: string): Promise<Result<{ verdict: Verification; reason?: string }>> => {
    const recommendation = await readRecommendation(deps)(id);
    if (!recommendation) return notFound();
    if (recommendation.learning) return succeed({ verdict: recommendation.learning.verdict });
    const { siteId, action, execution } = recommendation;
    const commands = await Promise.all(
      (execution?.commandIds ?? []).map((commandId) => deps.readCommand(siteId, commandId)),
    );
    const known = commands.filter((command) => command !== undefined);
    const touched = known.filter(({ status }) => status === 'COMPLETED' || status === 'UNKNOWN');
    if (touched.length === 0) return succeed({ verdict: 'not_executed', reason: reasonOf(known) });
    const settledAtMs = Math.max(...touched.map(({ settledAtMs: at, updatedAtMs }) => at ?? updatedAtMs));
    const windowOver = deps.clock.nowMs() >= settledAtMs + deps.verifyWindowMs;
    const targets = await observeTargets(
      deps,
      id,
      siteId,
      action.targetIds,
      new Set(touched.map(({ minerId }) => minerId)),
      settledAtMs,
    );
    const effect = verifyEffect(action, targets, windowOver);
    const { verdict } = effect;
    if (verdict === 'pending') return succeed({ verdict });
    const recorded = await changeRecommendation(deps)(id, (current) => {
      if (current.learning || current.status !== 'executing') return succeed(undefined);
      const next = { ...current, learning: { verdict, score: effect.score ?? 0, evidence: effect.evidence } };
      return succeed({
        next,
        events: [
          recommendationEvent(next, theLoop, 'advisor.recommendation.verified', {
            recommendation_id: id,
            verdict,
          }),
        ],
      });
    });
    return recorded.ok ? succeed({ verdict }) : recorded;
  };

const reasonOf = (commands: readonly CommandSeen[]) => {
  const first = commands[0];
  if (!first) return 'command_missing';
  const code = first.failure?.code;
  const status = `command_${first.status.toLowerCase()}`;
  return code && code !== first.status ? `${status}:${code}` : status;
};

const observeTargets = async (
  deps: VerifyDeps,
  id: string,
  siteId: number,
  targetIds: readonly string[],
  touched: ReadonlySet<string>,
  settledAtMs: number,
): Promise<TargetObservation[]> => {
  const [baseline, miners, readings] = await Promise.all([
    readBaseline(deps)(id),
    deps.readMiners(siteId),
    deps.readLive(siteId),
  ]);
  const live = new Map(readings.map((reading) => [reading.minerId, reading]));
  const targets = new Set(targetIds);
  const before = new Map(baseline.map((one) => [one.minerId, one]));
  return targetIds
    .filter((minerId) => touched.has(minerId))
    .slice(0, mostObserved)
    .flatMap((minerId) => {
      const miner = miners.find((one) => one.minerId === minerId);
      if (!miner) return [];
      const now = live.get(minerId);
      const was = before.get(minerId);
      return [
        {
          minerId,
          ratedHashrateThs: miner.ratedHashrateThs,
          ratedPowerW: miner.ratedPowerW,
          before: was?.before,
          peersBefore: was?.peersBefore ?? { count: 0 },
          after: now && now.sampledAtMs > settledAtMs ? now : undefined,
          peersAfter: untouchedPeers(miner, miners, live, targets),
        },
      ];
    });
};
