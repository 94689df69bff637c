import { createHash } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { CommitResult } from '../audit/commit-with-audit.ts';
import type { Arrival } from './ingest-batch.ts';

export type QuarantineEntry = {
  readonly quarantineId: string;
  readonly siteId: number;
  readonly gatewayId: string;
  readonly fault: string;
  readonly detail: string;
  readonly bytes: number;
  readonly objectKey: string;
  readonly receivedAtMs: number;
};

export type SetAsideDeps = {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly insert: (entry: QuarantineEntry, tenantId: string) => Promise<CommitResult>;
};

/** Whose batches of gateways that no tenant has registered (any more) are. */
const nobody = 'unregistered';

/**
 * Keeps a batch that cannot be used: its bytes in the quarantine bucket, its reason in the table and the audit log.
 * The id comes from what was received, so a second delivery finds the first one's entry.
 */
export const setAside =
  ({ s3, bucket, insert }: SetAsideDeps) =>
  async (arrival: Arrival, tenantId: string | undefined, fault: string, detail: string): Promise<void> => {
    const { siteId, gatewayId, receivedAtMs, bytes } = arrival;
    const digest = createHash('sha256')
      .update(`${siteId}/${gatewayId}/${receivedAtMs}/`)
      .update(bytes)
      .digest('hex');
    const quarantineId = `q-${digest.slice(0, 24)}`;
    const objectKey = `telemetry/${siteId}/${gatewayId}/${new Date(receivedAtMs).toISOString().slice(0, 10)}/${quarantineId}.bin`;
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: objectKey,
        Body: bytes,
        ContentType: 'application/octet-stream',
        Metadata: { fault },
      }),
    );
    await insert(
      {
        quarantineId,
        siteId,
        gatewayId,
        fault,
        detail: detail.slice(0, 300),
        bytes: bytes.length,
        objectKey,
        receivedAtMs,
      },
      tenantId ?? nobody,
    );
  };
