import type { MinerReading } from '../../contracts/reading.ts';
import { expectedHashrateThs, fansOf, hottestChipC, type MinerFacts } from './miner-facts.ts';

/** The middle of a miner's peers: same model, same zone, hashing, sampled together. */
export type PeerMedians = {
  readonly miners: number;
  /** Hashrate as a share of the expected. */
  readonly hashrateShare?: number;
  readonly chipTempC?: number;
  readonly efficiencyJth?: number;
  readonly fanRpm?: number;
};

/** Fewer peers than this are no yardstick. */
export const leastPeers = 5;

/** Who is whose peer. */
export const peerGroup = ({ model, zoneId }: MinerFacts) => `${zoneId}\n${model}`;

/** Medians by `peerGroup`; groups with too few hashing miners are left out. */
export const peerMedians = (
  sweep: Iterable<{ readonly reading: MinerReading; readonly facts: MinerFacts }>,
): ReadonlyMap<string, PeerMedians> => {
  const groups = new Map<
    string,
    { share: number[]; temp: number[]; efficiency: number[]; fan: number[]; miners: number }
  >();
  for (const { reading, facts } of sweep) {
    if (reading.state !== 'hashing') continue;
    const key = peerGroup(facts);
    const group = groups.get(key) ?? { share: [], temp: [], efficiency: [], fan: [], miners: 0 };
    groups.set(key, group);
    group.miners += 1;
    const { hashrateThs, powerW } = reading.values;
    const expected = expectedHashrateThs(reading, facts);
    if (hashrateThs !== undefined && expected) group.share.push(hashrateThs / expected);
    const temp = hottestChipC(reading);
    if (temp !== undefined) group.temp.push(temp);
    if (hashrateThs && powerW) group.efficiency.push(powerW / hashrateThs);
    group.fan.push(...fansOf(reading).map(({ rpm }) => rpm));
  }
  return new Map(
    [...groups].flatMap(([key, { miners, share, temp, efficiency, fan }]) => {
      if (miners < leastPeers) return [];
      const [hashrateShare, chipTempC, efficiencyJth, fanRpm] = [share, temp, efficiency, fan].map(median);
      const medians: PeerMedians = {
        miners,
        ...(hashrateShare !== undefined && { hashrateShare }),
        ...(chipTempC !== undefined && { chipTempC }),
        ...(efficiencyJth !== undefined && { efficiencyJth }),
        ...(fanRpm !== undefined && { fanRpm }),
      };
      return [[key, medians] as const];
    }),
  );
};

export const median = (values: readonly number[]): number | undefined => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[middle - 1];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
};
