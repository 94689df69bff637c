import * as z from 'zod';
import { epochMs, gatewayId, siteId } from './identifiers.ts';

/** What a kill switch covers: one gateway, one site, or every site of the tenant. */
export const haltScopes = ['gateway', 'site', 'tenant'] as const;
export type HaltScope = (typeof haltScopes)[number];

/**
 * Whether remote writes are forbidden at a gateway: topic `cmd/hashinsight/<site>/<gateway>/halt`, QoS 1, retained, JSON; the
 * HTTPS poll answers with the same. `halted` is true where any switch that covers the gateway is. `epoch` grows with every
 * change of any of them, so the highest epoch is the state of now, in whatever order messages come. `signature` is made
 * as that of a command (contracts/command.ts).
 */
export const haltMessage = z.strictObject({
  version: z.literal(1),
  kind: z.literal('halt'),
  siteId,
  gatewayId,
  halted: z.boolean(),
  epoch: z.int().nonnegative(),
  issuedAtMs: epochMs,
  keyId: z.string().min(1).max(64),
  signature: z.base64(),
});
export type HaltMessage = z.infer<typeof haltMessage>;
export type UnsignedHalt = Omit<HaltMessage, 'signature'>;
