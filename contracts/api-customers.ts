import * as z from 'zod';
import {
  baseVersion,
  changeReason,
  changesSomething,
  displayName,
  life,
  nothingToChange,
  sitePath,
} from './api-fleet.ts';
import { customerId, minerId, siteId, utcTime } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';

const company = z.string().trim().min(1).max(120);
const contract = z.strictObject({
  number: z.string().trim().min(1).max(60).optional(),
  starts_on: z.iso.date().optional(),
  ends_on: z.iso.date().optional(),
});
const note = z.string().trim().min(1).max(1_000);

/** Somebody whose machines the site hosts (`000` §7). The same id at two sites is the same customer. */
export const newCustomer = z.strictObject({
  customer_id: customerId,
  name: displayName,
  company: company.optional(),
  contract: contract.optional(),
  note: note.optional(),
});
export const customer = newCustomer.extend({ site_id: siteId, created_at: utcTime, ...life });
export type Customer = z.infer<typeof customer>;
export const customerChange = z
  .strictObject({
    version: baseVersion,
    reason: changeReason.optional(),
    name: displayName.optional(),
    company: company.nullable().optional(),
    contract: contract.nullable().optional(),
    note: note.nullable().optional(),
  })
  .refine(changesSomething, nothingToChange);

export const customerPath = sitePath.extend({ customer_id: customerId });
export const customerAnswer = z.strictObject({ customer });
/** Each with the machines that are its own now. */
export const customersAnswer = z.strictObject({
  customers: z.array(customer.extend({ miners: z.int(), rated_power_kw: z.number() })),
  count: z.int(),
});

/** Who owned which machines within an interval, `to` left out: what bills are made of. */
export const ownershipQuery = z.strictObject({
  from: utcTime,
  to: utcTime,
  customer_id: customerId.optional(),
  miner_id: minerId.optional(),
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
  cursor: pageCursor(minerId),
});
/** By miner and time, cut to the interval asked for. Machines of nobody are left out. A page ends with a miner. */
export const ownershipAnswer = z.strictObject({
  ownerships: z.array(
    z.strictObject({ miner_id: minerId, customer_id: customerId, from: utcTime, to: utcTime }),
  ),
  count: z.int(),
  next_cursor: z.string().optional(),
});
