import * as z from 'zod';
import type { Site } from '../../contracts/api-fleet.ts';
import {
  type ExportTier,
  exportFormats,
  type exportQuery,
  exportTiers,
} from '../../contracts/api-telemetry-export.ts';
import { customerId, epochMs, minerId, siteId } from '../../contracts/identifiers.ts';
import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import { machinesOf, type OwnMachines } from '../fleet/own-machines.ts';
import { systemClock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { checkSpan, type Range } from './query-plan.ts';
import { dayMs, windowMs } from './windows.ts';

/** What an export holds: the tier's rows of some miners in an interval. */
export const exportOrder = z.strictObject({
  siteId,
  timeZone: z.string(),
  tier: z.enum(exportTiers),
  format: z.enum(exportFormats),
  fromMs: epochMs,
  toMs: epochMs,
  fields: z.array(z.enum(readingFieldNames)),
  minerIds: z.array(minerId).optional(),
  zoneId: z.string().optional(),
  model: z.string().optional(),
  customerId: z.string().optional(),
  /** Asked for by a client: of the machines of these customers alone, while they were theirs. */
  ownOf: z.array(customerId).optional(),
});
export type ExportOrder = z.infer<typeof exportOrder>;

/** A miner of an export, with what the registry says of it. */
export type ExportMiner = {
  readonly minerId: string;
  readonly zoneId?: string;
  readonly model?: string;
  readonly customerId?: string | undefined;
};

/** Rows that an export may have: at once, and as a job. */
export const rowLimits = { direct: 25_000, job: 3_000_000 } as const;

export const usualFields: readonly ReadingField[] = [
  'hashrateThs',
  'powerW',
  'chipTempC',
  'inletTempC',
  'acceptedShares',
  'rejectedShares',
];

/** The miners of an order: those named, or those of the registry, as far as zone, model and customer fit. */
export const minersOf = (
  { minerIds, zoneId: zone, model, customerId: customer, ownOf }: ExportOrder,
  registered: readonly RegisteredMiner[],
): ExportMiner[] => {
  const mine = ownOf && ownedBy(ownOf, registered);
  const seen: readonly ExportMiner[] = mine
    ? registered.filter(({ minerId }) => mine.everOwn(minerId)).map((miner) => asSeen(miner, mine))
    : registered;
  const known = new Map(seen.map((miner) => [miner.minerId, miner]));
  const named: readonly ExportMiner[] = minerIds
    ? [...new Set(minerIds)].flatMap((id) => known.get(id) ?? (mine ? [] : [{ minerId: id }]))
    : seen;
  return named
    .filter(
      (miner) =>
        (zone === undefined || miner.zoneId === zone) &&
        (model === undefined || miner.model === model) &&
        (customer === undefined || miner.customerId === customer),
    )
    .toSorted((a, b) => (a.minerId < b.minerId ? -1 : 1));
};

/** Of a machine that is another's by now only its name is shown. */
const asSeen = (miner: RegisteredMiner, mine: OwnMachines): ExportMiner =>
  mine.isOwn(miner.minerId) ? miner : { minerId: miner.minerId };

export const ownedBy = (customers: readonly string[], registered: readonly RegisteredMiner[]) =>
  machinesOf(
    customers,
    registered.map(({ minerId, owners = [], retired = false }) => ({ minerId, owners, retired })),
    systemClock.nowMs(),
  );

const resolutionOf = { raw: 'raw', '5min': '5min', daily: 'day' } as const;
/** How far apart the rows of a miner usually are. Raw samples may come faster: their number is checked when they are read. */
const usualStepMs: Readonly<Record<ExportTier, number>> = { raw: 60_000, '5min': windowMs, daily: dayMs };

export const refusedFor = (field: string, says: string) =>
  fail('validation_failed', `${field}: ${says}`, [{ field, message: `${field}: ${says}` }]);

/** Fails where the interval is longer than the tier is kept, or the rows would be too many: at least so many are expected. */
export const checkOrder = (
  order: Range & Pick<ExportOrder, 'tier'>,
  miners: number,
  limit: keyof typeof rowLimits,
): Result<{ readonly expectedRows: number }> => {
  const { fromMs, toMs, tier } = order;
  if (fromMs >= toMs) return refusedFor('from', 'must be before to');
  const span = checkSpan(order, resolutionOf[tier]);
  if (!span.ok) return span;
  const expectedRows = miners * Math.ceil((toMs - fromMs) / usualStepMs[tier]);
  if (expectedRows <= rowLimits[limit]) return succeed({ expectedRows });
  return tooManyRows(limit, `${miners} miners from from to to have up to ${expectedRows} rows`);
};

export const tooManyRows = (limit: keyof typeof rowLimits, says: string) =>
  refusedFor(
    'from',
    `${says}; the limit is ${rowLimits[limit]}. Narrow the interval or the miners${
      limit === 'direct' ? ', or ask for a job with POST /api/v1/telemetry/exports' : ''
    }`,
  );

type Asked = Omit<z.output<typeof exportQuery>, 'site_id' | 'miner_id'>;
/** What the API was asked for, as an order; all fields of raw samples, of windows the usual ones. */
export const orderOf = (
  site: Pick<Site, 'site_id' | 'time_zone'>,
  asked: Asked,
  minerIds: readonly string[] | undefined,
  ownOf?: readonly string[],
): ExportOrder => ({
  siteId: site.site_id,
  timeZone: site.time_zone,
  tier: asked.tier,
  format: asked.format,
  fromMs: Date.parse(asked.from),
  toMs: Date.parse(asked.to),
  fields: [...(asked.fields ?? (asked.tier === 'raw' ? readingFieldNames : usualFields))],
  ...(minerIds && { minerIds: [...minerIds] }),
  ...(asked.zone_id !== undefined && { zoneId: asked.zone_id }),
  ...(asked.model !== undefined && { model: asked.model }),
  ...(asked.customer_id !== undefined && { customerId: asked.customer_id }),
  ...(ownOf && { ownOf: [...ownOf] }),
});
