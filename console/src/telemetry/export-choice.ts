import type { ExportFormat, ExportTier } from '../../../contracts/api-telemetry-export.ts';
import { presets, type Span, toUtc } from './range.ts';

/** What can be exported: the range that the page shows, or one of the presets. */
export const rangesToExport = ['shown', ...presets] as const;
export type ExportRange = (typeof rangesToExport)[number];

const dayMs = 24 * 3_600_000;

/** The finest tier that still keeps the whole span, unless it is so long that days say more. */
export const tierFor = ({ fromMs, toMs }: Span, nowMs: number = toMs): ExportTier => {
  if (nowMs - fromMs <= dayMs) return 'raw';
  return nowMs - fromMs <= 90 * dayMs ? '5min' : 'daily';
};

type Choice = {
  readonly siteId: number;
  readonly span: Span;
  readonly tier: ExportTier;
  readonly format: ExportFormat;
  /** `site`, or `zone:`, `model:` or `customer:` and its name. */
  readonly scope: string;
  readonly minerId: string | undefined;
};

/** The choice as the API takes it. */
export const exportBody = ({ siteId, span, tier, format, scope, minerId }: Choice) => {
  const [part = '', name = ''] = scope.split(/:(.*)/s);
  const limit = { zone: { zone_id: name }, model: { model: name }, customer: { customer_id: name } };
  return {
    site_id: siteId,
    from: toUtc(span.fromMs),
    to: toUtc(span.toMs),
    tier,
    format,
    ...(minerId !== undefined
      ? { miner_ids: [minerId] }
      : part === 'zone' || part === 'model' || part === 'customer'
        ? limit[part]
        : {}),
  };
};
