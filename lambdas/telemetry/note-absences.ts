import type { Anomaly } from '../../contracts/alert.ts';
import { readingAt, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { tellAgainMs } from '../alerting/detect-anomalies.ts';
import type { DetectorState } from '../alerting/detector-state.ts';
import type { FactColumns } from '../alerting/fact-columns.ts';
import { type LiveState, watchOf } from './live-state.ts';

/** A miner that its gateway does not even mention: missing in this many batches of its shard, and for this long. */
const absentBatches = 3;
const absentMs = 90_000;

export type Absence = {
  readonly miner: number;
  readonly watch: DetectorState;
  readonly anomaly?: Anomaly;
};

type Miners = Pick<
  LiveState,
  'minerIds' | 'latestMs' | 'startedMs' | 'rampedMs' | 'noise' | 'missed' | 'kinds'
> & { readonly latest: TelemetryColumns };

/** What to remember of the miners of a shard that a newer batch left out, with what to report of those that stay away. */
export const noteAbsences = (
  miners: Miners,
  present: Uint8Array,
  newestMs: number,
  { facts }: FactColumns,
): Absence[] => {
  const absences: Absence[] = [];
  for (let miner = 0; miner < present.length; miner++) {
    if (present[miner] === 1) continue;
    const before = watchOf(miners, miner);
    const missed = Math.min((before.missed ?? 0) + 1, 99);
    const goneMs = newestMs - (miners.latestMs[miner] ?? newestMs);
    const zoneId = facts[miner]?.zoneId;
    const isGone = missed >= absentBatches && goneMs >= absentMs;
    if (zoneId === undefined || !isGone || !isDue(before, newestMs)) {
      absences.push({ miner, watch: { ...before, missed } });
      continue;
    }
    const seconds = Math.round(goneMs / 1000);
    const reason = {
      en: `Its gateway has reported on other miners but not on this one for ${seconds} s (${missed} batches).`,
      zh: `网关持续上报其他矿机，但本机已 ${seconds} 秒未上报（${missed} 个批次）。`,
    };
    const reading = {
      ...readingAt(miners.latest, miner),
      sampledAtMs: newestMs,
      state: 'unreachable' as const,
      values: {},
    };
    const { minerId } = reading;
    absences.push({
      miner,
      watch: markOffline({ ...before, missed }, newestMs),
      anomaly: { minerId, zoneId, kind: 'offline', severity: 'P2', reading, reason },
    });
  }
  return absences;
};

/** Not told yet, or a while ago. */
const isDue = ({ kinds }: DetectorState, nowMs: number) =>
  kinds.offline?.active === undefined || nowMs - kinds.offline.active.toldMs >= tellAgainMs;

export const markOffline = (watch: DetectorState, nowMs: number): DetectorState => ({
  ...watch,
  kinds: { ...watch.kinds, offline: { bad: 2, good: 0, active: { severity: 'P2', toldMs: nowMs } } },
});
