import { createHmac, randomBytes } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CommandEnvelope, CommandOrder, UnsignedEnvelope } from '../../contracts/command.ts';
import { place } from './memory-bus.ts';

export const secret = Buffer.from('a gateway secret of thirty-two b').toString('base64');
export const keyId = 'k-1';
export const issuedAtMs = 1_800_000_000_000;

/** Signs as the contract says, written apart from the gateway's check. */
export const signed = <T extends object = UnsignedEnvelope>(
  unsigned: T,
  key = secret,
): T & { readonly signature: string } => ({
  ...unsigned,
  signature: createHmac('sha256', Buffer.from(key, 'base64'))
    .update(canonicalize(unsigned) ?? '')
    .digest('base64'),
});

let sequence = 0;
export const anEnvelope = (order: CommandOrder, changes: Partial<UnsignedEnvelope> = {}): CommandEnvelope => {
  sequence++;
  return signed({
    version: 1,
    commandId: `cmd-${sequence}`,
    ...place,
    minerId: 'm-1',
    order,
    priority: 5,
    issuedAtMs,
    expiresAtMs: issuedAtMs + 60_000,
    dedupeKey: `cmd-${sequence}`,
    nonce: randomBytes(16).toString('base64url'),
    sequence,
    keyId,
    approvers: ['user:5'],
    ...changes,
  });
};
export const bytesOf = (envelope: unknown) => new TextEncoder().encode(JSON.stringify(envelope));
