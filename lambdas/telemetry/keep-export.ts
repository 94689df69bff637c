import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { logger } from '../shared/logger.ts';
import type { Result } from '../shared/result.ts';
import type { ExportOrder } from './export-order.ts';
import type { ExportJob, settleExport } from './export-repository.ts';
import type { ExportFile } from './make-export.ts';

export type KeepExportDeps = {
  readonly read: (siteId: number, id: string, nowMs: number) => Promise<ExportJob | undefined>;
  readonly settle: ReturnType<typeof settleExport>;
  readonly make: (order: ExportOrder, limit: 'job') => Promise<Result<ExportFile>>;
  readonly put: (key: string, file: ExportFile) => Promise<void>;
};

/**
 * Makes an export that was asked for and keeps its file. Delivered again it writes the same file once more, or nothing where it has
 * its end. What cannot be made is failed with the reason; what breaks is tried again, and stays in the dead-letter queue.
 */
export const keepExport =
  ({ read, settle, make, put }: KeepExportDeps) =>
  async (siteId: number, exportId: string, nowMs: () => number): Promise<void> => {
    const job = await read(siteId, exportId, nowMs());
    if (!job || job.status === 'done' || job.status === 'failed') return;
    await settle(job, { status: 'running' });
    const file = await make(job.order, 'job');
    if (!file.ok) {
      logger.warn('export refused', { exportId, reason: file.failure.message });
      await settle(job, { status: 'failed', finished_at_ms: nowMs(), reason: file.failure.message });
      return;
    }
    const key = `export/${siteId}/${exportId}/${file.value.fileName}`;
    await put(key, file.value);
    const { rows, bytes } = file.value;
    await settle(job, {
      status: 'done',
      finished_at_ms: nowMs(),
      rows,
      bytes: bytes.length,
      object_key: key,
    });
  };

export const putExport =
  (s3: S3Client, bucket: string) =>
  async (key: string, { bytes, contentType }: ExportFile): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: contentType }));
  };

export const urlSeconds = 900;

export const fileNameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1);

/** An address from which anybody who has it may load the file, for a quarter of an hour. */
export const exportUrl =
  (s3: S3Client, bucket: string) =>
  (key: string): Promise<string> =>
    getSignedUrl(
      s3,
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentDisposition: `attachment; filename="${fileNameOf(key)}"`,
      }),
      { expiresIn: urlSeconds },
    );
