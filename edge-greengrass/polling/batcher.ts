import type { MinerReading } from '../../contracts/reading.ts';
import { encodeBatch } from '../../contracts/telemetry-batch.ts';
import { uplinks } from '../../contracts/topics.ts';
import type { Outbox } from '../state/outbox.ts';
import type { StateFile } from '../state/state-file.ts';

type Deps = {
  readonly state: StateFile;
  readonly outbox: Outbox;
  readonly place: { readonly siteId: number; readonly gatewayId: string };
  readonly maxBytes: number;
  readonly nowMs: () => number;
};

const maxRows = 2_000;
export type Batched = { readonly sequences: readonly number[]; readonly dropped: number };

/**
 * Packs a shard's readings and puts the batches into the outbox, their sequence numbers taken in the same transaction:
 * a number that was given is a batch that will be sent. Splits in halves where a batch would exceed `maxBytes`.
 */
export const batcher = ({ state, outbox, place, maxBytes, nowMs }: Deps) => {
  const put = (shard: number, readings: readonly MinerReading[], sequences: number[]): number => {
    const sequence = state.counter('batch_sequence') + 1;
    const bytes =
      readings.length > maxRows
        ? undefined
        : encodeBatch({ ...place, shard, sequence, createdAtMs: nowMs(), readings });
    if (readings.length > 1 && (bytes === undefined || bytes.length > maxBytes)) {
      const middle = Math.ceil(readings.length / 2);
      return put(shard, readings.slice(0, middle), sequences) + put(shard, readings.slice(middle), sequences);
    }
    if (bytes === undefined) return 0;
    state.setCounter('batch_sequence', sequence);
    sequences.push(sequence);
    return outbox.put('telemetry', uplinks.telemetry(place), bytes).dropped;
  };

  return (shard: number, readings: readonly MinerReading[]): Batched => {
    if (readings.length === 0) return { sequences: [], dropped: 0 };
    return state.transact(() => {
      const sequences: number[] = [];
      const dropped = put(shard, readings, sequences);
      return { sequences, dropped };
    });
  };
};
