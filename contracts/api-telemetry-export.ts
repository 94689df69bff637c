import * as z from 'zod';
import { commaList } from './comma-list.ts';
import { minerId, siteId, siteIdText, utcTime } from './identifiers.ts';
import { readingFieldText } from './reading-wire-names.ts';

export const exportTiers = ['raw', '5min', 'daily'] as const;
export type ExportTier = (typeof exportTiers)[number];
export const exportFormats = ['csv', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

const group = z.string().min(1).max(64).optional();
const chosen = {
  tier: z.enum(exportTiers).default('5min'),
  format: z.enum(exportFormats).default('csv'),
  zone_id: group,
  model: group,
  customer_id: group,
};

/** A small export, answered at once as a file. Larger ones are asked for with `POST /api/v1/telemetry/exports`. */
export const exportQuery = z.strictObject({
  site_id: siteIdText,
  from: utcTime,
  to: utcTime,
  ...chosen,
  miner_id: commaList(minerId, 200).optional(),
  fields: commaList(readingFieldText, 30).optional(),
});

/** A large export, written to a file by a job. Without any choice of miners all of the site. */
export const newExport = z.strictObject({
  site_id: siteId,
  from: utcTime,
  to: utcTime,
  ...chosen,
  miner_ids: z.array(minerId).min(1).max(1_000).optional(),
  fields: z.array(readingFieldText).min(1).max(30).optional(),
});

export const exportId = z.string().regex(/^ex-[0-9a-f]{24}$/, 'must be an export id');
export const exportPath = z.strictObject({ export_id: exportId });
export const exportsQuery = z.strictObject({
  site_id: siteIdText,
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export const exportSiteQuery = z.strictObject({ site_id: siteIdText });

export const exportStatuses = ['queued', 'running', 'done', 'failed'] as const;
/** `url` is there while the file is: pre-signed, for `url_expires_at`; ask again for a fresh one. Files are kept for seven days. */
export const exportView = z.strictObject({
  export_id: exportId,
  site_id: siteId,
  status: z.enum(exportStatuses),
  tier: z.enum(exportTiers),
  format: z.enum(exportFormats),
  from: utcTime,
  to: utcTime,
  requested_at: utcTime,
  finished_at: utcTime.optional(),
  rows: z.int().optional(),
  bytes: z.int().optional(),
  /** Why it failed. */
  reason: z.string().optional(),
  file_name: z.string().optional(),
  url: z.string().optional(),
  url_expires_at: utcTime.optional(),
});
export type ExportView = z.infer<typeof exportView>;
export const exportAnswer = z.strictObject({ export: exportView });
export const exportsAnswer = z.strictObject({ exports: z.array(exportView), count: z.int() });
