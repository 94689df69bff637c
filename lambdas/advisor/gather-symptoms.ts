import type { AlertKind } from '../../contracts/alert.ts';
import type { CommandType } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import type { Clock } from '../shared/clock.ts';
import type { DiagnosisInput } from './diagnosis-input.ts';
import type { SiteView } from './site-view.ts';

export type GatherDeps = SiteView & {
  readonly clock: Clock;
  readonly readMinerCommands: (
    siteId: number,
    minerId: string,
    sinceMs: number,
  ) => Promise<readonly { type: CommandType; atMs: number }[]>;
};

const recentMs = 60 * 60_000;

/** One diagnosis input per known miner of those asked for, and the site's live readings that they were made from. */
export const gatherSymptoms =
  (deps: GatherDeps) =>
  async (siteId: number, kind: AlertKind, minerIds: readonly string[], alertingMiners = minerIds.length) => {
    const sinceMs = deps.clock.nowMs() - recentMs;
    const [miners, live] = await Promise.all([deps.readMiners(siteId), deps.readLive(siteId)]);
    const known = new Map(miners.map((miner) => [miner.minerId, miner]));
    const liveOf = new Map(live.map((reading) => [reading.minerId, reading]));
    const inputs = await Promise.all(
      minerIds.flatMap((minerId) => {
        const miner = known.get(minerId);
        if (!miner) return [];
        const neighbours = miners.filter(
          (other) => other.zoneId === miner.zoneId && other.minerId !== minerId,
        );
        const readings = (of: typeof neighbours) => of.flatMap((other) => liveOf.get(other.minerId) ?? []);
        const own = liveOf.get(minerId);
        return [
          Promise.all([
            deps.readRecent(siteId, minerId, sinceMs),
            deps.readMinerCommands(siteId, minerId, sinceMs),
          ]).then(
            ([recent, recentCommands]): DiagnosisInput => ({
              kind,
              miner,
              recent: withLive(recent, own),
              peers: readings(neighbours.filter((other) => other.model === miner.model)),
              zone: readings(neighbours),
              alertingMiners,
              recentCommands,
            }),
          ),
        ];
      }),
    );
    return { inputs, live };
  };

const withLive = (recent: readonly MinerReading[], live: MinerReading | undefined) => {
  const last = recent.at(-1);
  return live && (!last || live.sampledAtMs > last.sampledAtMs) ? [...recent, live] : recent;
};
