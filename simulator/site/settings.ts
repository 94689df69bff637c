import type { MinerModel } from '../physics/models.ts';
import { fractionForPower, maxFraction, minFraction } from '../physics/power.ts';
import type { Orders } from '../physics/step-miner.ts';

export type Mode = 'low' | 'normal' | 'high' | 'sleep';
export type Pool = { readonly url: string; readonly user: string; readonly password: string };

/** What a miner's firmware has been set to, whatever its vendor. */
export type Settings = {
  readonly mode: Mode;
  /** False after a power-off that is not a mode. */
  readonly hashing: boolean;
  readonly frequencyPct: number;
  readonly frequencyMhz?: number | undefined;
  readonly powerLimitW?: number | undefined;
  readonly powerPct: number;
  /** Absent: the firmware rules the fans. */
  readonly fanDutyPct?: number | undefined;
  readonly pools: readonly Pool[];
  readonly ledOn: boolean;
};

const modeFraction: Record<Mode, number> = { low: 0.78, normal: 1, high: 1.1, sleep: 0 };

/** What the physics is told, given the settings. A power limit only ever lowers the frequency. */
export const ordersOf = (model: MinerModel, settings: Settings): Orders => {
  const wanted =
    settings.frequencyMhz === undefined
      ? (modeFraction[settings.mode] * settings.frequencyPct) / 100
      : settings.frequencyMhz / model.frequencyMhz;
  const limits = [
    wanted,
    settings.powerLimitW === undefined ? maxFraction : fractionForPower(model, settings.powerLimitW),
    settings.powerPct >= 100
      ? maxFraction
      : fractionForPower(model, (model.powerW * settings.powerPct) / 100),
  ];
  return {
    hashing: settings.hashing && settings.mode !== 'sleep',
    fraction: Math.min(Math.max(Math.min(...limits), minFraction), maxFraction),
    ...(settings.fanDutyPct !== undefined && { fanDutyPct: settings.fanDutyPct }),
    pools: settings.pools.filter((pool) => pool.url !== '').length,
  };
};
