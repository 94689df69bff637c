import * as z from 'zod';
import { siteId, siteIdText, utcTime, zoneId } from './identifiers.ts';

export const displayName = z.string().trim().min(1).max(120);
/** Why a change is made; it stands in the audit log. */
export const changeReason = z.string().trim().min(1).max(500);
/** Which version of a thing a change was made for: another change in between is a conflict. */
export const baseVersion = z.int().positive();

/** What history names is archived, not deleted: it can be read, not changed, and it can be brought back. */
export const lifeStatuses = ['active', 'archived'] as const;
export const life = {
  status: z.enum(lifeStatuses),
  version: z.int().positive(),
  archived_at: utcTime.optional(),
};
export const lifeQuery = z.strictObject({ status: z.enum([...lifeStatuses, 'all']).default('active') });
/** Archives a thing or brings it back. */
export const lifeChange = z.strictObject({ version: baseVersion, reason: changeReason });
/** At least one field beside version and reason. */
export const changesSomething = (change: object) =>
  Object.keys(change).some((field) => field !== 'version' && field !== 'reason');
export const nothingToChange = { error: 'must name at least one field to change' };

const timeZone = z.string().refine((zone) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}, 'must be an IANA time zone such as America/Chicago');

export const newSite = z.strictObject({
  name: displayName,
  location: z.string().trim().max(200).optional(),
  capacity_kw: z.number().positive().max(5_000_000),
  time_zone: timeZone.default('UTC'),
});
export const site = newSite.extend({ site_id: siteId, time_zone: z.string(), created_at: utcTime, ...life });
/** The time zone stays: the daily tier is cut by it. */
export const siteChange = z
  .strictObject({
    version: baseVersion,
    reason: changeReason.optional(),
    name: displayName.optional(),
    location: newSite.shape.location.unwrap().nullable().optional(),
    capacity_kw: newSite.shape.capacity_kw.optional(),
  })
  .refine(changesSomething, nothingToChange);
export type Site = z.infer<typeof site>;

export const zoneTypes = ['room', 'container', 'power', 'building'] as const;
export const energySources = ['hydro', 'solar', 'wind', 'grid'] as const;
export const newZone = z.strictObject({
  zone_id: zoneId,
  name: displayName,
  zone_type: z.enum(zoneTypes),
  capacity_kw: z.number().positive().max(5_000_000),
  energy_source: z.enum(energySources).default('grid'),
});
export const zone = newZone.extend({ energy_source: z.enum(energySources), ...life });
export type Zone = z.infer<typeof zone>;
export const zoneChange = z
  .strictObject({
    version: baseVersion,
    reason: changeReason.optional(),
    name: displayName.optional(),
    zone_type: newZone.shape.zone_type.optional(),
    capacity_kw: newZone.shape.capacity_kw.optional(),
    energy_source: z.enum(energySources).optional(),
  })
  .refine(changesSomething, nothingToChange);

export const sitePath = z.strictObject({ site_id: siteIdText });
export const zonePath = sitePath.extend({ zone_id: zoneId });

export const siteAnswer = z.strictObject({ site });
export const sitesAnswer = z.strictObject({ sites: z.array(site), count: z.int() });
export const zoneAnswer = z.strictObject({ zone });
export const zonesAnswer = z.strictObject({ zones: z.array(zone), count: z.int() });
