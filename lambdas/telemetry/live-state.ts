import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import type { DetectorState } from '../alerting/detector-state.ts';
import { emptySlices, type Slices } from './slices.ts';
import type { Shard } from './telemetry-keys.ts';

/**
 * The latest of every miner of one shard, in columns: entry `m` of each is the miner `minerIds[m]`. Nothing in it is
 * changed once it is made.
 */
export type LiveState = Shard & {
  /** Grows with every write; the condition of the next one. 0: not stored yet. */
  readonly version: number;
  /** The newest sample, and when a batch last came. */
  readonly newestMs: number;
  readonly receivedAtMs: number;
  /** Usual time between two sweeps, once two were seen. */
  readonly intervalMs?: number | undefined;
  /** Its gateway's silence has been reported and no batch has come since. */
  readonly silent?: boolean;
  /** Sorted. */
  readonly minerIds: readonly string[];
  readonly latestMs: Float64Array;
  readonly slices: Slices;
  /** The detectors' memory; NaN is absent. Noise in whole 1e-5. */
  readonly startedMs: Float64Array;
  readonly rampedMs: Float64Array;
  readonly noise: Float64Array;
  readonly missed: Float64Array;
  /** By miner, of those whose detectors watch something. */
  readonly kinds: ReadonlyMap<number, DetectorState['kinds']>;
  /** The miners' latest rows, one each in their order. Undefined where they were not loaded. */
  readonly latest: TelemetryColumns | undefined;
};

/** A state without what it says of each miner. */
export type LiveSummary = Pick<
  LiveState,
  | 'siteId'
  | 'gatewayId'
  | 'shard'
  | 'version'
  | 'newestMs'
  | 'receivedAtMs'
  | 'intervalMs'
  | 'silent'
  | 'minerIds'
>;

const none = new Float64Array();
export const noColumns: TelemetryColumns = {
  rows: 0,
  minerIds: [],
  miner: new Uint32Array(),
  sampledAtMs: none,
  state: new Uint8Array(),
  mode: new Uint8Array(),
  errorSet: new Uint16Array(),
  errorSets: [],
  values: {},
};

export const emptyState = ({ siteId, gatewayId, shard }: Shard): LiveState => ({
  siteId,
  gatewayId,
  shard,
  version: 0,
  newestMs: 0,
  receivedAtMs: 0,
  minerIds: [],
  latestMs: none,
  slices: emptySlices(0),
  startedMs: none,
  rampedMs: none,
  noise: none,
  missed: none,
  kinds: new Map(),
  latest: noColumns,
});

/** What the detectors remember of one miner. */
export const watchOf = (
  {
    startedMs,
    rampedMs,
    noise,
    missed,
    kinds,
  }: Pick<LiveState, 'startedMs' | 'rampedMs' | 'noise' | 'missed' | 'kinds'>,
  miner: number,
): DetectorState => {
  const started = startedMs[miner] ?? Number.NaN;
  const ramped = rampedMs[miner] ?? Number.NaN;
  const strays = noise[miner] ?? Number.NaN;
  const absent = missed[miner] ?? Number.NaN;
  return {
    kinds: kinds.get(miner) ?? {},
    ...(!Number.isNaN(started) && { startedMs: started }),
    ...(!Number.isNaN(ramped) && { rampedMs: ramped }),
    ...(!Number.isNaN(strays) && { noise: strays / 1e5 }),
    ...(!Number.isNaN(absent) && { missed: absent }),
  };
};
