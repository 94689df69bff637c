import type { MinerSeriesAnswer } from '../../../contracts/api-telemetry-series.ts';

/** A miner's day by the site's calendar; null what is not known. */
export type MinerDay = {
  readonly at: number;
  readonly availabilityPct: number | null;
  readonly energyKwh: number | null;
  readonly hashrateThHours: number | null;
  readonly chipLowC: number | null;
  readonly chipHighC: number | null;
  readonly accepted: number | null;
  readonly rejected: number | null;
  readonly stale: number | null;
};

/** The days of an answer, the newest first. */
export const daysOf = ({ at, days, fields }: MinerSeriesAnswer): MinerDay[] =>
  at
    .map((ms, row) => ({
      at: ms,
      availabilityPct: days?.availability_pct[row] ?? null,
      energyKwh: days?.energy_kwh[row] ?? null,
      hashrateThHours: days?.hashrate_th_hours[row] ?? null,
      chipLowC: fields.chip_temp_c?.min?.[row] ?? null,
      chipHighC: fields.chip_temp_c?.max?.[row] ?? null,
      accepted: days?.accepted_shares[row] ?? null,
      rejected: days?.rejected_shares[row] ?? null,
      stale: days?.stale_shares[row] ?? null,
    }))
    .reverse();
