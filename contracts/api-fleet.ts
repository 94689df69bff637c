import * as z from 'zod';
import { customerId, gatewayId, minerId, siteId, siteIdText, utcTime, zoneId } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';

const displayName = z.string().trim().min(1).max(120);
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
export const site = newSite.extend({ site_id: siteId, time_zone: z.string(), created_at: utcTime });
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
export const zone = newZone.extend({ energy_source: z.enum(energySources) });

export const newGateway = z.strictObject({ gateway_id: gatewayId, name: displayName });
export const gateway = newGateway.extend({
  site_id: siteId,
  status: z.enum(['registering', 'active']),
  key_id: z.string(),
  created_at: utcTime,
});

/** Shown once, when the gateway is registered; neither key can be read again. */
export const gatewayCredentials = z.strictObject({
  certificate_pem: z.string(),
  private_key_pem: z.string(),
  mqtt_host: z.string(),
  mqtt_port: z.int(),
  hmac_key_id: z.string(),
  /** Base64 of 32 random bytes. */
  hmac_secret: z.base64(),
});

export const vendors = ['antminer', 'whatsminer', 'bitaxe'] as const;
export const newMiner = z.strictObject({
  miner_id: minerId,
  vendor: z.enum(vendors),
  model: z.string().trim().min(1).max(60),
  serial_number: z.string().trim().min(1).max(60).optional(),
  zone_id: zoneId,
  gateway_id: gatewayId,
  /** Whose machine it is, where it is hosted for somebody. */
  customer_id: customerId.optional(),
  rated_hashrate_ths: z.number().positive().max(100_000),
  rated_power_w: z.number().positive().max(100_000),
});
export const newMiners = z.strictObject({ miners: z.array(newMiner).min(1).max(80) });

export const sitePath = z.strictObject({ site_id: siteIdText });
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  cursor: pageCursor(minerId),
});

export const siteAnswer = z.strictObject({ site });
export const sitesAnswer = z.strictObject({ sites: z.array(site), count: z.int() });
export const zoneAnswer = z.strictObject({ zone });
export const zonesAnswer = z.strictObject({ zones: z.array(zone), count: z.int() });
export const gatewayAnswer = z.strictObject({ gateway, credentials: gatewayCredentials });
export const gatewaysAnswer = z.strictObject({ gateways: z.array(gateway), count: z.int() });
export const minersAnswer = z.strictObject({
  miners: z.array(newMiner),
  count: z.int(),
  next_cursor: z.string().optional(),
});
