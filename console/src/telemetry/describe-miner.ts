import { useMessages } from '../i18n/language.ts';
import type { LiveMiner } from '../pages/live-fleet.ts';
import { useFormat } from '../parts/format.ts';

/** What a map says of a miner: its name, then its place and figures in words. */
export const useDescribe = () => {
  const { state, overview: texts } = useMessages();
  const { number } = useFormat();
  return (miner: LiveMiner): string[] => {
    const hashrateThs = miner.hashrateGhs === null ? null : miner.hashrateGhs / 1_000;
    const expectedThs = miner.expectedHashrateGhs === null ? null : miner.expectedHashrateGhs / 1_000;
    return [
      miner.minerId,
      [miner.model, miner.zoneId || texts.noZone].filter(Boolean).join(', '),
      state[miner.state],
      `${number(hashrateThs, 1)} / ${number(expectedThs, 1, 'TH/s')}`,
      number(miner.chipTempC, 1, '°C'),
      [number(miner.powerW, 0, 'W'), miner.efficiencyJth !== null && number(miner.efficiencyJth, 1, 'J/TH')]
        .filter(Boolean)
        .join(', '),
    ];
  };
};
