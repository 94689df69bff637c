import type { MinerReading } from '../../contracts/reading.ts';
import { encodeBatch, maxBatchRows } from '../../contracts/telemetry-batch.ts';
import { makeRoom, type Room } from '../state/make-room.ts';
import type { Spool } from '../state/spool.ts';

type Deps = {
  readonly spool: Spool;
  readonly place: { readonly siteId: number; readonly gatewayId: string };
  readonly maxBytes: number;
  readonly spoolBytes: number;
  readonly nowMs: () => number;
};

export type Batched = { readonly sequences: readonly number[]; readonly room: Room };

/**
 * Packs a shard's readings and puts the batches into the spool, their sequence numbers taken in the same transaction:
 * a number that was given is a batch that will be sent. Splits in halves where a batch would exceed `maxBytes`.
 */
export const batcher = ({ spool, place, maxBytes, spoolBytes, nowMs }: Deps) => {
  const put = (shard: number, readings: readonly MinerReading[], sequences: number[]) => {
    const createdAtMs = nowMs();
    const header = { shard, ...spool.nextOf(shard), createdAtMs };
    const payload =
      readings.length > maxBatchRows
        ? undefined
        : encodeBatch({ ...place, ...header, spool: spool.depth(createdAtMs), readings });
    if (readings.length > 1 && (payload === undefined || payload.length > maxBytes)) {
      const middle = Math.ceil(readings.length / 2);
      put(shard, readings.slice(0, middle), sequences);
      put(shard, readings.slice(middle), sequences);
    } else if (payload) {
      spool.put({ ...header, rows: readings.length, payload });
      sequences.push(header.sequence);
    }
  };

  return (shard: number, readings: readonly MinerReading[]): Batched =>
    spool.state.transact(() => {
      const sequences: number[] = [];
      if (readings.length > 0) put(shard, readings, sequences);
      return { sequences, room: makeRoom({ spool, place, maxBytes }, spoolBytes) };
    });
};
