import { decodeBatchColumns } from '../contracts/telemetry-batch.ts';
import type { TelemetryReceipt } from '../contracts/telemetry-receipt.ts';
import {
  isCovered,
  noSequences,
  noteSequence,
  receiptOf,
  type SequenceState,
} from '../lambdas/telemetry/sequence-state.ts';
import { minerOf, sampleMs } from './outage-readings.ts';

type Place = { readonly siteId: number; readonly gatewayId: string };
type Expected = { readonly place: Place; readonly miners: number; readonly startMs: number };

export type Counted = {
  readonly batches: number;
  /** Batches that came again under their sequence. */
  readonly repeated: number;
  readonly readings: number;
  /** Readings whose miner and sample time came in more than one batch. */
  readonly doubled: number;
  /** Readings that nobody made. */
  readonly foreign: number;
  readonly bytes: number;
};

const minuteMs = 60_000;

/** Stands for the cloud: decodes what comes, gives receipts by the cloud's own rules, and counts every reading by miner and time. */
export const outageReceiver = ({ place, miners, startMs }: Expected) => {
  const shards = new Map<number, SequenceState>();
  /** One bit a miner, by minute. */
  const seen = new Map<number, Uint8Array>();
  const counted = { batches: 0, repeated: 0, readings: 0, doubled: 0, foreign: 0, bytes: 0 };

  const note = (minerId: string, sampledAtMs: number) => {
    const miner = minerOf(minerId);
    const minute = Math.floor((sampledAtMs - startMs) / minuteMs);
    if (miner >= miners || sampledAtMs !== sampleMs(startMs, miner, minute)) {
      counted.foreign++;
      return;
    }
    const bits = seen.get(minute) ?? new Uint8Array(Math.ceil(miners / 8));
    seen.set(minute, bits);
    const [byte, bit] = [miner >> 3, 1 << (miner & 7)];
    const before = bits[byte] ?? 0;
    if (before & bit) counted.doubled++;
    else counted.readings++;
    bits[byte] = before | bit;
  };

  return {
    /** Returns when the batch was made. Throws when it cannot be decoded. */
    take: (payload: Uint8Array): number => {
      const decoded = decodeBatchColumns(payload);
      if (!decoded.ok) throw new Error(`${decoded.fault}: ${decoded.detail}`);
      const { header, columns } = decoded;
      const state = shards.get(header.shard) ?? noSequences;
      counted.batches++;
      counted.bytes += payload.length;
      if (isCovered(state, header.sequence)) counted.repeated++;
      else
        for (let at = 0; at < columns.rows; at++)
          note(columns.minerIds[columns.miner[at] ?? 0] ?? '', columns.sampledAtMs[at] ?? 0);
      shards.set(
        header.shard,
        noteSequence(state, header.sequence, header.previousSequence, header.createdAtMs),
      );
      return header.createdAtMs;
    },
    receipt: (issuedAtMs: number): Uint8Array | undefined => {
      if (shards.size === 0) return undefined;
      const receipt: TelemetryReceipt = {
        version: 1,
        ...place,
        issuedAtMs,
        shards: [...shards].map(([shard, state]) => ({ shard, ...receiptOf(state) })),
      };
      return new TextEncoder().encode(JSON.stringify(receipt));
    },
    counted: (): Counted => ({ ...counted }),
    openGaps: () => [...shards.values()].reduce((sum, { gaps }) => sum + gaps.length, 0),
  };
};
