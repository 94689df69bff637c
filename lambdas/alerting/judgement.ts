import type { Severity } from '../../contracts/alert.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import type { Text } from '../../contracts/text.ts';
import type { DetectorState } from './detector-state.ts';
import type { MinerFacts } from './miner-facts.ts';
import type { PeerMedians } from './peer-medians.ts';

/** Everything that one miner's detectors may look at for one sample. */
export type Sample = {
  readonly reading: MinerReading;
  readonly facts: MinerFacts;
  readonly peers?: PeerMedians | undefined;
  /** Means over the miner's last five minutes, this sample included. */
  readonly mean?:
    | { readonly hashrateThs?: number; readonly powerW?: number; readonly samples: number }
    | undefined;
  readonly state: DetectorState;
};

/**
 * What one sample says about one kind of anomaly. `samples`: how many bad samples in a row it takes to believe it, and `lastingMs` over
 * how long, where a command that was obeyed looks the same at first (a restart, a new power limit).
 * `unclear` speaks neither for nor against: the miner is off or booting, or the value lies between the two thresholds.
 */
export type Judgement =
  | {
      readonly is: 'bad';
      readonly severity: Severity;
      readonly samples: number;
      readonly lastingMs?: number;
      readonly reason: Text;
    }
  | { readonly is: 'good' }
  | { readonly is: 'unclear' };

export type Judge = (sample: Sample) => Judgement;

export const good: Judgement = { is: 'good' };
export const unclear: Judgement = { is: 'unclear' };
export const bad = (severity: Severity, samples: number, reason: Text, lastingMs?: number): Judgement => ({
  is: 'bad',
  severity,
  samples,
  reason,
  ...(lastingMs !== undefined && { lastingMs }),
});

/** A figure in a sentence: at most so many decimals, no trailing zeros. */
export const figure = (value: number, decimals = 1) => String(Number(value.toFixed(decimals)));

/** A hashrate: one decimal for what fills a shelf, two for what stands on a desk. */
export const ths = (value: number) => figure(value, value < 10 ? 2 : 1);

/** The miner is off because someone wanted it so. */
export const isStopped = ({ state, mode }: MinerReading) => state === 'stopped' || mode === 'sleep';
