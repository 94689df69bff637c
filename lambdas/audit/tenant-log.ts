import { createHash } from 'node:crypto';

const firstNumber = 2 ** 52;

/**
 * The number of a tenant's own log, as the `site_id` of events that concern the tenant and no single site. It follows from
 * the tenant's id (52 bits of its SHA-256), so nobody has to keep it; site numbers end at 999,999,999.
 */
export const tenantLog = (tenantId: string): number =>
  firstNumber + Number.parseInt(createHash('sha256').update(tenantId).digest('hex').slice(0, 13), 16);

export const isTenantLog = (siteId: number) => siteId >= firstNumber;
