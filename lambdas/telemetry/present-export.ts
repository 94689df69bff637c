import type { ExportView } from '../../contracts/api-telemetry-export.ts';
import { toUtc } from '../shared/clock.ts';
import type { ExportJob } from './export-repository.ts';
import { fileNameOf, urlSeconds } from './keep-export.ts';

/** An export as the API shows it; `urlOf` where its file may be loaded. */
export const presentExport = async (
  job: ExportJob,
  urlOf: ((key: string) => Promise<string>) | undefined,
  nowMs: number,
): Promise<ExportView> => {
  const { order, object_key: key, finished_at_ms, rows, bytes, reason } = job;
  return {
    export_id: job.export_id,
    site_id: order.siteId,
    status: job.status,
    tier: order.tier,
    format: order.format,
    from: toUtc(order.fromMs),
    to: toUtc(order.toMs),
    requested_at: toUtc(job.requested_at_ms),
    ...(finished_at_ms !== undefined && { finished_at: toUtc(finished_at_ms) }),
    ...(rows !== undefined && { rows }),
    ...(bytes !== undefined && { bytes }),
    ...(reason !== undefined && { reason }),
    ...(key !== undefined && { file_name: fileNameOf(key) }),
    ...(key !== undefined &&
      urlOf && { url: await urlOf(key), url_expires_at: toUtc(nowMs + urlSeconds * 1000) }),
  };
};
