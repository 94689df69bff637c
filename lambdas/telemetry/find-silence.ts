import type { AnomaliesDetected, Anomaly } from '../../contracts/alert.ts';
import type { DetectorState } from '../alerting/detector-state.ts';
import type { FactsOf } from './apply-columns.ts';
import type { LiveHead } from './live-repository.ts';
import { type LiveState, watchOf } from './live-state.ts';
import { markOffline } from './note-absences.ts';
import { windowMs, windowOf } from './windows.ts';

/** Silence begins after three sweeps that did not come, and never sooner than this. */
const leastSilenceMs = 30_000;
const missedSweeps = 3;
/** A gateway that has sent once only: its pace is not known. */
const usualSweepMs = 60_000;
/** Samples older than this when they came are history being replayed: whoever sends it is not live, so never silent. */
const replayedMs = 60 * 60_000;

export const silenceAfterMs = (intervalMs: number = usualSweepMs) =>
  Math.max(leastSilenceMs, missedSweeps * intervalMs + 5_000);

/** The shards, of gateways that have fallen silent, whose silence has not been reported yet. */
export const silentShards = (heads: readonly LiveHead[], nowMs: number): LiveHead[] =>
  [...Map.groupBy(heads, ({ gateway_id }) => gateway_id).values()].flatMap((shards) => {
    const newest = shards.reduce((a, b) => (a.received_at_ms >= b.received_at_ms ? a : b));
    const live = newest.received_at_ms - newest.newest_ms < replayedMs;
    const silent = nowMs - newest.received_at_ms >= silenceAfterMs(newest.interval_ms);
    return live && silent ? shards.filter((shard) => !shard.silent) : [];
  });

/** The newest window of each shard that is over, for which no roll-up was asked yet. */
export const closedWindows = (heads: readonly LiveHead[], nowMs: number) =>
  heads.flatMap((head) => {
    const windowStartMs = windowOf(head.newest_ms);
    return windowStartMs + windowMs + leastSilenceMs <= nowMs && head.closed_ms !== windowStartMs
      ? [{ head, windowStartMs }]
      : [];
  });

/** What to announce of a silent shard, and its state with every miner marked as offline. */
export const silence = (
  live: LiveState,
  factsOf: FactsOf,
  nowMs: number,
): { detected: AnomaliesDetected; live: LiveState } => {
  const seconds = Math.round((nowMs - live.receivedAtMs) / 1000);
  const reason = {
    en: `Gateway ${live.gatewayId} has sent nothing for ${seconds} s; all of its miners are out of sight.`,
    zh: `网关 ${live.gatewayId} 已 ${seconds} 秒没有上报，其下所有矿机失联。`,
  };
  const anomalies = live.minerIds.flatMap((minerId): Anomaly[] => {
    const zoneId = factsOf(minerId)?.zoneId;
    if (zoneId === undefined) return [];
    const reading = { minerId, sampledAtMs: nowMs, state: 'unreachable' as const, values: {} };
    return [{ minerId, zoneId, kind: 'offline', severity: 'P1', reason, reading }];
  });
  const kinds = new Map<number, DetectorState['kinds']>();
  live.minerIds.forEach((_, miner) => {
    kinds.set(miner, markOffline(watchOf(live, miner), nowMs).kinds);
  });
  const { siteId, gatewayId } = live;
  return {
    detected: {
      version: 1,
      siteId,
      gatewayId,
      sequence: 0,
      receivedAtMs: nowMs,
      anomalies,
      recoveries: [],
      gatewaySilent: true,
    },
    live: { ...live, kinds, silent: true },
  };
};
