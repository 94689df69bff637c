import type { LiveMiner } from '../pages/live-fleet.ts';

/** By what miners are coloured and compared. */
export const figures = ['temp', 'hashrate', 'power', 'efficiency', 'state'] as const;
export type Figure = (typeof figures)[number];

/** Units and decimal places as shown. */
export const figureUnits = {
  temp: { unit: '°C', digits: 1 },
  hashrate: { unit: '%', digits: 1 },
  power: { unit: 'W', digits: 0 },
  efficiency: { unit: 'J/TH', digits: 1 },
} as const;

/** A miner's figure: chip temperature, hashrate in percent of the expected, power, efficiency; null where it has none. */
export const figureOf = (miner: LiveMiner, figure: Figure): number | null => {
  switch (figure) {
    case 'temp':
      return miner.chipTempC;
    case 'hashrate':
      return miner.hashrateGhs === null || !miner.expectedHashrateGhs
        ? null
        : (100 * miner.hashrateGhs) / miner.expectedHashrateGhs;
    case 'power':
      return miner.powerW;
    case 'efficiency':
      return miner.efficiencyJth;
    case 'state':
      return null;
  }
};

export const isFigure = (text: string | null): text is Figure => figures.some((one) => one === text);
