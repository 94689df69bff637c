import type { SeriesAnswer } from '../../../contracts/api-telemetry.ts';

/** Of the newest reading that says anything of codes: not every reading asks the miner for them. */
export const latestCodes = (answer: SeriesAnswer): readonly string[] =>
  answer.tier === 'raw'
    ? (answer.points.findLast((point) => point.error_codes !== undefined)?.error_codes ?? [])
    : [];
