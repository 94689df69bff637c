import * as z from 'zod';

/** Site ids are positive integers on the wire (`001` §3.1). */
export const siteId = z.int().positive();

/** The same id where a wire carries text: a path, a query string, an MQTT topic level. */
export const siteIdText = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/, 'must be a positive integer')
  .transform(Number);

const name = (what: string) =>
  z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      `must be a ${what}: 1 to 64 letters, digits, dot, dash or underscore`,
    );

export const minerId = name('miner id');
export const gatewayId = name('gateway id');
export const zoneId = name('zone id');
export const customerId = name('customer id');
export const tenantId = name('tenant id');
export const userId = z.int().positive();

export const utcTime = z.iso.datetime({ offset: false });
export const epochMs = z.int().nonnegative();
