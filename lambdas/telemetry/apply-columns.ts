import type { AnomaliesDetected, Anomaly } from '../../contracts/alert.ts';
import { freshMemory, type Memory } from '../../contracts/memory.ts';
import { type Column, readingAt, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { detectAnomalies } from '../alerting/detect-anomalies.ts';
import type { DetectorState } from '../alerting/detector-state.ts';
import { type FactColumns, factColumns } from '../alerting/fact-columns.ts';
import { type LiveRows, liveRows } from '../alerting/live-rows.ts';
import type { MinerFacts } from '../alerting/miner-facts.ts';
import { peerColumns } from '../alerting/peer-columns.ts';
import { screenRows } from '../alerting/screen-columns.ts';
import { type LiveState, watchOf } from './live-state.ts';
import { noteAbsences } from './note-absences.ts';
import { compareRows, gatherRows } from './row-sets.ts';
import {
  addSample,
  copySlices,
  moveOn,
  openSlots,
  type Slices,
  sliceMs,
  slidingMean,
  slotsBetween,
} from './slices.ts';

export type FactsOf = (minerId: string) => MinerFacts | undefined;
type Detected = Pick<AnomaliesDetected, 'anomalies' | 'recoveries'>;
export type Applied = Detected & {
  readonly live: LiveState;
  /** By miner of `live`: 1 where its latest row came with this batch. */
  readonly fromBatch: Uint8Array;
};

/** Readings further apart than this are no sweep, and no yardstick for each other. */
const sweepMs = 2 * 60_000;

export type ApplyOptions = {
  /** The batch may have come before: its rows that are not newer than their miner's latest are no new samples. */
  readonly mayRepeat?: boolean;
  /** Nobody needs `before` any more: it may be changed. */
  readonly mayChange?: boolean;
  /** Where the new state is to lie. */
  readonly memory?: Memory;
  /** For tests: judge every new row by itself, as if the screen settled none. */
  readonly withoutScreen?: boolean;
};

/**
 * Does the batch hold every miner of the shard, each once, each newer than before? Then the rows that were known are not needed:
 * `before.latest` may be undefined.
 */
export const isWholeSweep = (before: LiveState, batch: TelemetryColumns): boolean => {
  if (batch.rows !== batch.minerIds.length) return false;
  const places = placesIn(batch.minerIds, before.minerIds);
  for (let old = 0; old < before.latestMs.length; old++) {
    const row = places ? (places[old] as number) : old;
    if (row < 0 || !((batch.sampledAtMs[row] as number) > (before.latestMs[old] as number))) return false;
  }
  return true;
};

/**
 * Merges a batch into its shard's live state and runs the detectors on every row that is newer than its miner's
 * latest. Latest rows and means do not depend on the order in which batches arrive; detection looks forward only. Pure:
 * `before` stays as it is, unless `mayChange`. Throws RangeError where the rows known before are needed and were not loaded.
 */
export const applyColumns = (
  before: LiveState,
  batch: TelemetryColumns,
  receivedAtMs: number,
  factsOf: FactsOf,
  { mayRepeat = false, mayChange = false, withoutScreen = false, memory = freshMemory }: ApplyOptions = {},
): Applied => {
  const isWhole = isWholeSweep(before, batch);
  if (!isWhole && !before.latest) throw new RangeError('the shard’s latest rows were not loaded');
  const work = begin(before, batch, mayChange, memory);
  const { miners, slices, batchRow, minerOf, latestMs } = work;
  const facts = factsFor(work.minerIds, factsOf);
  const rows = liveRows(batch, batchRow, isWhole ? undefined : before.latest, work.knownRow);
  const anomalies: Anomaly[] = [];
  const recoveries: AnomaliesDetected['recoveries'] = [];
  const hashrates = rows.batchFields.hashrateThs;
  const powers = rows.batchFields.powerW;

  for (const sweep of sweepsOf(batch)) {
    let fresh = sweep;
    if (isWhole) addWhole(work, batch, hashrates, powers);
    else fresh = addSome(work, rows, sweep, mayRepeat, memory);
    if (fresh.length === 0) continue;
    let endMs = 0;
    for (let at = 0; at < sweep.length; at++) {
      const atMs = batch.sampledAtMs[sweep[at] as number] as number;
      if (atMs > endMs) endMs = atMs;
    }
    const peers = peerColumns(facts, rows, endMs, sweepMs);
    const means = slices.totals;
    const open = withoutScreen
      ? [...fresh]
      : screenRows({ facts, rows, peers, means, watch: work, watched: work.kinds }, fresh, minerOf);
    for (const row of inOrderOfTime(open, batch)) {
      const miner = minerOf[batch.miner[row] as number] as number;
      const known = facts.facts[miner];
      if (!known) continue;
      const reading = readingAt(batch, row);
      const found = detectAnomalies({
        reading,
        facts: known,
        peers: peers.of(facts.group[miner] as number),
        mean: slidingMean(means, miner),
        state: watchOf(work, miner),
      });
      noteWatch(work, miner, found.state);
      const { minerId, sampledAtMs } = reading;
      for (const finding of found.findings)
        anomalies.push({ minerId, zoneId: known.zoneId, ...finding, reading });
      for (const kind of found.recoveries) recoveries.push({ minerId, kind, sampledAtMs });
    }
  }

  let { newestMs } = before;
  for (let row = 0; row < batch.rows; row++) newestMs = Math.max(newestMs, batch.sampledAtMs[row] as number);
  const latest = isWhole && work.isBatchOrder ? batch : latestOf(work, rows);
  if (newestMs > before.newestMs && miners > batch.minerIds.length)
    for (const absence of noteAbsences({ ...work, latest }, presentIn(work), newestMs, facts)) {
      noteWatch(work, absence.miner, absence.watch);
      if (absence.anomaly) anomalies.push(absence.anomaly);
    }
  return {
    live: {
      ...before,
      silent: false,
      newestMs,
      intervalMs: intervalAfter(before, newestMs),
      receivedAtMs: Math.max(before.receivedAtMs, receivedAtMs),
      minerIds: work.minerIds,
      latestMs,
      slices,
      startedMs: work.startedMs,
      rampedMs: work.rampedMs,
      noise: work.noise,
      missed: work.missed,
      kinds: work.kinds,
      latest,
    },
    fromBatch: knownOf(batchRow),
    anomalies,
    recoveries,
  };
};

/** The state that is being changed: copies, with a place for every miner of the shard and of the batch. */
type Work = {
  readonly minerIds: readonly string[];
  readonly miners: number;
  /** By the batch's miner, its place in the state. */
  readonly minerOf: Uint32Array;
  /** The batch's miners are the state's. */
  readonly isBatchOrder: boolean;
  readonly slices: Slices;
  readonly latestMs: Float64Array;
  readonly startedMs: Float64Array;
  readonly rampedMs: Float64Array;
  readonly noise: Float64Array;
  readonly missed: Float64Array;
  readonly kinds: Map<number, DetectorState['kinds']>;
  readonly batchRow: Int32Array;
  readonly knownRow: Int32Array;
};

const begin = (before: LiveState, batch: TelemetryColumns, mayChange: boolean, memory: Memory): Work => {
  const minerIds = unionOf(before.minerIds, batch.minerIds);
  const miners = minerIds.length;
  const isSame = minerIds === before.minerIds;
  const places = isSame
    ? undefined
    : Uint32Array.from(placesIn(minerIds, before.minerIds) ?? before.latestMs.keys());
  const spread = (from: Float64Array) => {
    if (!places) return mayChange ? from : from.slice();
    const to = new Float64Array(miners).fill(Number.NaN);
    for (let old = 0; old < places.length; old++) to[places[old] as number] = from[old] as number;
    return to;
  };
  const knownRow = memory.int32(miners).fill(-1);
  for (let old = 0; old < before.minerIds.length; old++)
    knownRow[places ? (places[old] as number) : old] = old;
  const batchPlaces = placesIn(minerIds, batch.minerIds);
  return {
    minerIds,
    miners,
    minerOf: batchPlaces ? Uint32Array.from(batchPlaces) : identity(miners),
    isBatchOrder: !batchPlaces,
    slices: mayChange && !places ? before.slices : copySlices(before.slices, miners, places),
    latestMs: spread(before.latestMs),
    startedMs: spread(before.startedMs),
    rampedMs: spread(before.rampedMs),
    noise: spread(before.noise),
    missed: spread(before.missed),
    kinds: new Map([...before.kinds].map(([old, kinds]) => [places ? (places[old] as number) : old, kinds])),
    batchRow: memory.int32(miners).fill(-1),
    knownRow,
  };
};

let counting = new Uint32Array();
const identity = (length: number) => {
  if (counting.length < length) counting = Uint32Array.from({ length }, (_, at) => at);
  return counting.subarray(0, length);
};

/** Two sorted lists in one; the very first where nothing is added to it. */
const unionOf = (known: readonly string[], more: readonly string[]): readonly string[] => {
  if (known.length === 0) return more;
  const places = placesIn(known, more);
  if (!places || places.every((place) => place >= 0)) return known;
  return [...new Set([...known, ...more])].sort((a, b) => (a < b ? -1 : 1));
};

/** Where each of the wanted names is in a sorted list, -1: nowhere. Undefined where the lists are equal. */
const placesIn = (sorted: readonly string[], wanted: readonly string[]): Int32Array | undefined => {
  if (sorted === wanted || (sorted.length === wanted.length && sorted.every((id, at) => id === wanted[at])))
    return undefined;
  const places = new Int32Array(wanted.length);
  let at = 0;
  wanted.forEach((id, index) => {
    while (at < sorted.length && (sorted[at] as string) < id) at++;
    places[index] = sorted[at] === id ? at : -1;
  });
  return places;
};

/** Adds a batch in which every miner comes once, newer than before. */
const addWhole = (work: Work, batch: TelemetryColumns, hashrates: Column, powers: Column) => {
  const { slices, minerOf, latestMs, batchRow } = work;
  const { miner: minerAt, sampledAtMs, rows } = batch;
  openSlots(slices, slotsTouched(work, batch));
  for (let row = 0; row < rows; row++) {
    const miner = minerOf[minerAt[row] as number] as number;
    const atMs = sampledAtMs[row] as number;
    const latest = latestMs[miner] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the quickest test for NaN in a hot loop
    if (latest === latest) moveOn(slices, miner, latest, atMs);
    latestMs[miner] = atMs;
    batchRow[miner] = row;
    addSample(slices, miner, atMs, atMs, hashrates[row] as number, powers[row] as number);
  }
};

/** The slots of the slices, as bits, that a batch in which every miner comes once touches. */
const slotsTouched = ({ minerOf, latestMs }: Work, { miner, sampledAtMs, rows }: TelemetryColumns) => {
  let slots = 0;
  let before = -1;
  for (let row = 0; row < rows; row++) {
    const to = Math.floor((sampledAtMs[row] as number) / sliceMs);
    const latest = latestMs[minerOf[miner[row] as number] as number] as number;
    // Of a miner that is new, the slot of its sample alone.
    const from = Number.isNaN(latest) ? to : Math.floor(latest / sliceMs);
    const key = 16 * to + Math.min(to - from, 15);
    if (key !== before) slots |= slotsBetween(from, to);
    before = key;
  }
  return slots;
};

/** Adds some rows of a batch, no two of a miner; returns those that are newer than all before of their miner. */
const addSome = (work: Work, rows: LiveRows, sweep: Uint32Array, mayRepeat: boolean, memory: Memory) => {
  const { slices, minerOf, latestMs, batchRow } = work;
  const { batch } = rows;
  openSlots(slices);
  const { hashrateThs, powerW } = rows.batchFields;
  const fresh = memory.uint32(sweep.length);
  let count = 0;
  for (let at = 0; at < sweep.length; at++) {
    const row = sweep[at] as number;
    const miner = minerOf[batch.miner[row] as number] as number;
    const atMs = batch.sampledAtMs[row] as number;
    const latest = latestMs[miner] as number;
    const hashrate = hashrateThs[row] as number;
    const power = powerW[row] as number;
    if (atMs > latest || Number.isNaN(latest)) {
      if (!Number.isNaN(latest)) moveOn(slices, miner, latest, atMs);
      latestMs[miner] = atMs;
      batchRow[miner] = row;
      addSample(slices, miner, atMs, atMs, hashrate, power);
      fresh[count++] = row;
    } else if (atMs === latest) replaceEqual(work, rows, miner, row);
    else if (!mayRepeat) addSample(slices, miner, latest, atMs, hashrate, power);
  }
  return fresh.subarray(0, count);
};

/** Of two rows of one miner and time the same one stands whichever came first. */
const replaceEqual = (work: Work, rows: LiveRows, miner: number, row: number) => {
  const { batch, known, batchRow, knownRow } = rows;
  const before = batchRow[miner] as number;
  const old =
    before >= 0
      ? { columns: batch, row: before }
      : known && { columns: known.columns, row: knownRow[miner] as number };
  if (!old || compareRows({ columns: batch, row }, old) >= 0) return;
  const atMs = batch.sampledAtMs[row] as number;
  const exchange = (columns: TelemetryColumns, at: number, times: number) => {
    const said = (column: Float64Array | undefined) => column?.[at] ?? Number.NaN;
    const { hashrateThs, powerW } = columns.values;
    addSample(work.slices, miner, atMs, atMs, said(hashrateThs), said(powerW), times);
  };
  exchange(old.columns, old.row, -1);
  exchange(batch, row, 1);
  batchRow[miner] = row;
};

/** The rows in the order of their samples, cut wherever a miner comes again. */
const sweepsOf = (batch: TelemetryColumns): Uint32Array[] => {
  const { rows, minerIds, miner, sampledAtMs } = batch;
  if (rows === minerIds.length) return [identity(rows)];
  const order = identity(rows)
    .slice()
    .sort(
      (a, b) =>
        (sampledAtMs[a] as number) - (sampledAtMs[b] as number) ||
        (miner[a] as number) - (miner[b] as number),
    );
  const sweeps: Uint32Array[] = [];
  const seenIn = new Int32Array(minerIds.length).fill(-1);
  let start = 0;
  for (let at = 0; at < rows; at++) {
    const which = miner[order[at] as number] as number;
    if (seenIn[which] === sweeps.length) {
      sweeps.push(order.subarray(start, at));
      start = at;
    }
    seenIn[which] = sweeps.length;
  }
  sweeps.push(order.subarray(start));
  return sweeps;
};

const inOrderOfTime = (rows: number[], { sampledAtMs }: TelemetryColumns) =>
  rows.sort((a, b) => (sampledAtMs[a] as number) - (sampledAtMs[b] as number) || a - b);

const noteWatch = (
  work: Work,
  miner: number,
  { kinds, startedMs, rampedMs, noise, missed }: DetectorState,
) => {
  work.startedMs[miner] = startedMs ?? Number.NaN;
  work.rampedMs[miner] = rampedMs ?? Number.NaN;
  work.noise[miner] = noise === undefined ? Number.NaN : Math.round(noise * 1e5);
  work.missed[miner] = missed ?? Number.NaN;
  if (Object.keys(kinds).length > 0) work.kinds.set(miner, kinds);
  else work.kinds.delete(miner);
};

const latestOf = ({ minerIds, miners, batchRow, knownRow }: Work, { batch, known }: LiveRows) => {
  const source = new Uint8Array(miners);
  const row = new Int32Array(miners);
  for (let miner = 0; miner < miners; miner++) {
    const isNew = (batchRow[miner] as number) >= 0;
    source[miner] = isNew ? 0 : 1;
    row[miner] = (isNew ? batchRow[miner] : knownRow[miner]) as number;
  }
  return gatherRows(minerIds, identity(miners), [batch, ...(known ? [known.columns] : [])], source, row);
};

/** 1 where there is a row. Written out: `from` with a function takes longer than all else of a batch. */
const knownOf = (rows: Int32Array) => {
  const known = new Uint8Array(rows.length);
  for (let at = 0; at < rows.length; at++) known[at] = (rows[at] as number) >= 0 ? 1 : 0;
  return known;
};

const presentIn = ({ miners, minerOf }: Work) => {
  const present = new Uint8Array(miners);
  for (const miner of minerOf) present[miner] = 1;
  return present;
};

const intervalAfter = ({ newestMs: before, intervalMs }: LiveState, newestMs: number) => {
  if (before === 0 || newestMs <= before) return intervalMs;
  const gapMs = newestMs - before;
  return intervalMs === undefined
    ? gapMs
    : Math.round(0.8 * intervalMs + 0.2 * Math.min(gapMs, 4 * intervalMs));
};

/** Facts of a shard's miners stay while neither the miners nor the registry's answer change. */
const remembered = new WeakMap<
  readonly string[],
  { readonly factsOf: FactsOf; readonly facts: FactColumns }
>();
export const factsFor = (minerIds: readonly string[], factsOf: FactsOf): FactColumns => {
  const known = remembered.get(minerIds);
  if (known?.factsOf === factsOf) return known.facts;
  const facts = factColumns(minerIds, factsOf);
  remembered.set(minerIds, { factsOf, facts });
  return facts;
};
