import { Reader, Writer } from '../../contracts/batch-bytes.ts';
import { freshMemory, type Memory } from '../../contracts/memory.ts';
import { scaleOf } from '../../contracts/telemetry-columns.ts';
import { readQuickColumn, writeQuickColumn } from './state-bytes.ts';

/** Width of the slices from which the sliding means are made, and how many of them they span: five minutes. */
export const sliceMs = 30_000;
export const slicesKept = 10;

/** Sums and counts of hashrate (1e-4 TH/s) and power (cW), by miner. */
export type Sums = {
  readonly hashrateSum: Float64Array;
  readonly hashrateCount: Float64Array;
  readonly powerSum: Float64Array;
  readonly powerCount: Float64Array;
};
const kinds = ['hashrateCount', 'hashrateSum', 'powerCount', 'powerSum'] as const;

/**
 * Sums of a shard's miners by slice of time. Slice number `s` lies in slot `s % slicesKept`, the entry of a miner at `slot * miners +
 * miner`. Sums are whole numbers, so the order in which samples arrive cannot change them. A count of 0 goes with a sum of 0.
 */
export type Slices = Sums & {
  readonly miners: number;
  /** Over all slots, one entry a miner. */
  readonly totals: Sums;
  /**
   * By slot: its columns as they are stored, while nobody has looked at them (`openSlots`); nothing: it is all zeros. Most slots are as
   * they were from batch to batch. Undefined: the columns have it.
   */
  readonly packed: (Uint8Array | undefined)[];
};

const zeros = new Uint8Array();
const allSlots = (1 << slicesKept) - 1;

const borrowSums = (length: number, memory: Memory): Sums => ({
  hashrateSum: memory.float64(length),
  hashrateCount: memory.float64(length),
  powerSum: memory.float64(length),
  powerCount: memory.float64(length),
});

export const emptySlices = (miners: number, memory: Memory = freshMemory): Slices => {
  const totals = borrowSums(miners, memory);
  for (const kind of kinds) totals[kind].fill(0);
  return {
    ...borrowSums(miners * slicesKept, memory),
    miners,
    totals,
    packed: Array.from({ length: slicesKept }, () => zeros),
  };
};

/** Unpacks the slots that the bits of `slots` name, all if left out, so that their part of the columns can be used. */
export const openSlots = (slices: Slices, slots = allSlots) => {
  for (let slot = 0; slot < slicesKept; slot++) {
    const bytes = slices.packed[slot];
    if (!bytes || (slots & (1 << slot)) === 0) continue;
    const [from, to] = [slot * slices.miners, (slot + 1) * slices.miners];
    const reader = new Reader(bytes);
    for (const kind of kinds)
      if (bytes.length === 0) slices[kind].fill(0, from, to);
      else readQuickColumn(reader, slices[kind], from, to);
    slices.packed[slot] = undefined;
  }
};

const slotWriter = new Writer(32 * 1024);

/** Appends the totals, which slots hold something as bits, and each of these: a length and its columns. */
export const writeSlices = (out: Writer, slices: Slices) => {
  const { miners, totals, packed } = slices;
  for (const kind of kinds) writeQuickColumn(out, totals[kind], 0, miners);
  let filled = 0;
  for (let slot = 0; slot < slicesKept; slot++) if (isFilled(slices, slot)) filled |= 1 << slot;
  out.varint(filled);
  for (let slot = 0; slot < slicesKept; slot++) {
    if ((filled & (1 << slot)) === 0) continue;
    let bytes = packed[slot];
    if (!bytes) {
      slotWriter.restart();
      for (const kind of kinds)
        writeQuickColumn(slotWriter, slices[kind], slot * miners, (slot + 1) * miners);
      bytes = slotWriter.done();
    }
    out.varint(bytes.length);
    out.bytes(bytes);
  }
};

/** Reads what `writeSlices` wrote. Throws BatchError where the bytes end. */
export const readSlices = (reader: Reader, miners: number, memory: Memory): Slices => {
  const totals = borrowSums(miners, memory);
  for (const kind of kinds) readQuickColumn(reader, totals[kind], 0, miners);
  const filled = reader.varint();
  const packed: Uint8Array[] = [];
  for (let slot = 0; slot < slicesKept; slot++)
    packed.push(filled & (1 << slot) ? reader.bytes(reader.varint()) : zeros);
  return { ...borrowSums(miners * slicesKept, memory), miners, totals, packed };
};

const isFilled = ({ miners, packed, hashrateCount, powerCount }: Slices, slot: number) => {
  const bytes = packed[slot];
  if (bytes) return bytes.length > 0;
  const [from, to] = [slot * miners, (slot + 1) * miners];
  return hasSome(hashrateCount, from, to) || hasSome(powerCount, from, to);
};

const hasSome = (column: Float64Array, from: number, to: number) => {
  for (let at = from; at < to; at++) if (column[at] !== 0) return true;
  return false;
};

/** A copy for `miners` miners; `places` says where each of the old ones goes, left out where they stay. */
export const copySlices = (from: Slices, miners: number, places?: Uint32Array): Slices => {
  const copy = (sums: Sums): Sums => ({
    hashrateSum: sums.hashrateSum.slice(),
    hashrateCount: sums.hashrateCount.slice(),
    powerSum: sums.powerSum.slice(),
    powerCount: sums.powerCount.slice(),
  });
  if (!places) return { ...copy(from), miners, totals: copy(from.totals), packed: [...from.packed] };
  openSlots(from);
  const to = emptySlices(miners);
  openSlots(to);
  for (const kind of kinds) {
    for (let old = 0; old < places.length; old++)
      to.totals[kind][places[old] as number] = from.totals[kind][old] as number;
    for (let slot = 0; slot < slicesKept; slot++)
      for (let old = 0; old < places.length; old++)
        to[kind][slot * miners + (places[old] as number)] = from[kind][slot * places.length + old] as number;
  }
  return to;
};

/** The slots, as bits, of the slices after `from` up to `to`, and that of `to`. */
export const slotsBetween = (from: number, to: number): number => {
  let slots = 1 << (to % slicesKept);
  for (let slice = Math.max(from, to - slicesKept) + 1; slice < to; slice++)
    slots |= 1 << (slice % slicesKept);
  return slots;
};

/** Lets go of what is older than five minutes before a miner's new newest sample. Its slots are open. */
export const moveOn = (slices: Slices, miner: number, fromMs: number, toMs: number) => {
  const { miners, totals } = slices;
  const to = Math.floor(toMs / sliceMs);
  const from = Math.max(Math.floor(fromMs / sliceMs), to - slicesKept);
  for (let slice = from + 1; slice <= to; slice++) {
    const at = (slice % slicesKept) * miners + miner;
    const hashrates = slices.hashrateCount[at] as number;
    const powers = slices.powerCount[at] as number;
    if (hashrates !== 0) {
      const sum = slices.hashrateSum[at] as number;
      totals.hashrateCount[miner] = (totals.hashrateCount[miner] as number) - hashrates;
      totals.hashrateSum[miner] = (totals.hashrateSum[miner] as number) - sum;
      slices.hashrateCount[at] = 0;
      slices.hashrateSum[at] = 0;
    }
    if (powers !== 0) {
      const sum = slices.powerSum[at] as number;
      totals.powerCount[miner] = (totals.powerCount[miner] as number) - powers;
      totals.powerSum[miner] = (totals.powerSum[miner] as number) - sum;
      slices.powerCount[at] = 0;
      slices.powerSum[at] = 0;
    }
  }
};

/**
 * Adds a sample, `times` 1, or takes it out again, -1; NaN is a value that it has not. Samples before the kept slices change nothing. Its
 * slot is open.
 */
export const addSample = (
  slices: Slices,
  miner: number,
  newestMs: number,
  atMs: number,
  hashrate: number,
  power: number,
  times = 1,
) => {
  const { miners, totals } = slices;
  const slice = Math.floor(atMs / sliceMs);
  if (slice <= Math.floor(newestMs / sliceMs) - slicesKept) return;
  const at = (slice % slicesKept) * miners + miner;
  // biome-ignore lint/suspicious/noSelfCompare: the quickest test for NaN in a hot loop
  if (hashrate === hashrate) {
    slices.hashrateSum[at] = (slices.hashrateSum[at] as number) + times * hashrate;
    slices.hashrateCount[at] = (slices.hashrateCount[at] as number) + times;
    totals.hashrateSum[miner] = (totals.hashrateSum[miner] as number) + times * hashrate;
    totals.hashrateCount[miner] = (totals.hashrateCount[miner] as number) + times;
  }
  // biome-ignore lint/suspicious/noSelfCompare: as above
  if (power === power) {
    slices.powerSum[at] = (slices.powerSum[at] as number) + times * power;
    slices.powerCount[at] = (slices.powerCount[at] as number) + times;
    totals.powerSum[miner] = (totals.powerSum[miner] as number) + times * power;
    totals.powerCount[miner] = (totals.powerCount[miner] as number) + times;
  }
};

export type SlidingMean = {
  readonly hashrateThs?: number;
  readonly powerW?: number;
  readonly samples: number;
};

/** Mean of a miner's last five minutes, from the totals of its slices. */
export const slidingMean = (totals: Sums, miner: number): SlidingMean => {
  const samples = totals.hashrateCount[miner] ?? 0;
  const powers = totals.powerCount[miner] ?? 0;
  return {
    samples,
    ...(samples > 0 && { hashrateThs: (totals.hashrateSum[miner] ?? 0) / samples / scaleOf('hashrateThs') }),
    ...(powers > 0 && { powerW: (totals.powerSum[miner] ?? 0) / powers / scaleOf('powerW') }),
  };
};
