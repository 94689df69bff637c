import type { Anomaly } from '../../contracts/alert.ts';
import { tellAgainMs } from '../alerting/detect-anomalies.ts';
import type { DetectorState } from '../alerting/detector-state.ts';
import type { FactsOf } from './apply-columns.ts';
import type { LiveMiner } from './test-live-block.ts';

/** A miner that its gateway does not even mention: missing in this many batches of its shard, and for this long. */
const absentBatches = 3;
const absentMs = 90_000;

/** Marks the miners of a block that a newer batch left out, and reports those that stay away. Changes `miners`. */
export const noteAbsences = (
  miners: Map<string, LiveMiner>,
  present: ReadonlySet<string>,
  newestMs: number,
  factsOf: FactsOf,
): Anomaly[] =>
  [...miners].flatMap(([minerId, miner]) => {
    if (present.has(minerId)) return [];
    const facts = factsOf(minerId);
    const missed = Math.min((miner.watch.missed ?? 0) + 1, 99);
    const goneMs = newestMs - miner.reading.sampledAtMs;
    const gone = facts !== undefined && missed >= absentBatches && goneMs >= absentMs;
    const tell = gone && isDue(miner.watch, newestMs);
    const watch: DetectorState = tell
      ? markOffline({ ...miner.watch, missed }, newestMs)
      : { ...miner.watch, missed };
    miners.set(minerId, { ...miner, watch });
    if (!tell) return [];
    const seconds = Math.round(goneMs / 1000);
    const reason = {
      en: `Its gateway has reported on other miners but not on this one for ${seconds} s (${missed} batches).`,
      zh: `网关持续上报其他矿机，但本机已 ${seconds} 秒未上报（${missed} 个批次）。`,
    };
    const reading = { ...miner.reading, sampledAtMs: newestMs, state: 'unreachable' as const, values: {} };
    return [
      { minerId, zoneId: facts.zoneId, kind: 'offline' as const, severity: 'P2' as const, reading, reason },
    ];
  });

/** Not told yet, or a while ago. */
export const isDue = ({ kinds }: DetectorState, nowMs: number) =>
  kinds.offline?.active === undefined || nowMs - kinds.offline.active.toldMs >= tellAgainMs;

export const markOffline = (watch: DetectorState, nowMs: number): DetectorState => ({
  ...watch,
  kinds: { ...watch.kinds, offline: { bad: 2, good: 0, active: { severity: 'P2', toldMs: nowMs } } },
});
