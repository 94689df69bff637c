import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { Arrival, Ingested } from './ingest-batch.ts';
import type { KeptEntry, ReplayOutcome } from './quarantine-repository.ts';

export type ReplayDeps = {
  readonly find: (siteId: number, quarantineId: string) => Promise<KeptEntry | undefined>;
  /** What was set aside; undefined where it is no longer kept. */
  readonly readBytes: (objectKey: string) => Promise<Uint8Array | undefined>;
  /** Takes a batch in; one that is still unusable stays where it is. */
  readonly ingest: (arrival: Arrival) => Promise<Ingested>;
  readonly note: (entry: KeptEntry, outcome: ReplayOutcome, userId: number) => Promise<unknown>;
};

/**
 * Takes in a batch that was set aside, as if it came now. A batch that is in the tiers already changes nothing, so it may be repeated. What is
 * still wrong with it is noted and answered. Fails with `not_found` where it is not kept (any more).
 */
export const replayQuarantined =
  ({ find, readBytes, ingest, note }: ReplayDeps) =>
  async (
    siteId: number,
    quarantineId: string,
    userId: number,
    nowMs: number,
  ): Promise<Result<ReplayOutcome>> => {
    const entry = await find(siteId, quarantineId);
    const bytes = entry && (await readBytes(entry.object_key));
    if (!entry || !bytes) return fail('not_found', 'Batch not found');
    const ingested = await ingest({ siteId, gatewayId: entry.gateway_id, receivedAtMs: nowMs, bytes });
    const outcome: ReplayOutcome =
      ingested.outcome === 'set_aside'
        ? { replay: 'refused', replayed_at_ms: nowMs, replay_detail: `${ingested.fault}: ${ingested.detail}` }
        : { replay: 'replayed', replayed_at_ms: nowMs };
    await note(entry, outcome, userId);
    return succeed(outcome);
  };

export const readQuarantined =
  (s3: S3Client, bucket: string) =>
  async (objectKey: string): Promise<Uint8Array | undefined> => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: objectKey }));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  };
