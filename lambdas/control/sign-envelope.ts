import { createHmac } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CommandEnvelope, UnsignedEnvelope } from '../../contracts/command.ts';

/** A message with `signature`: base64 of HMAC-SHA256, under the gateway's secret, of the RFC 8785 canonical JSON of the rest. */
export const signMessage = <T extends object>(
  unsigned: T,
  secret: Uint8Array,
): T & { readonly signature: string } => {
  const text = canonicalize(unsigned);
  if (text === undefined) throw new Error('a message is not JSON');
  return { ...unsigned, signature: createHmac('sha256', secret).update(text, 'utf8').digest('base64') };
};

/** A command signed for its gateway. */
export const signEnvelope = (unsigned: UnsignedEnvelope, secret: Uint8Array): CommandEnvelope =>
  signMessage(unsigned, secret);
