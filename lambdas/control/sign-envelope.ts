import { createHmac } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CommandEnvelope, UnsignedEnvelope } from '../../contracts/command.ts';

/** Base64 of HMAC-SHA256, under the gateway's secret, of the RFC 8785 canonical JSON of the unsigned envelope. */
export const signEnvelope = (unsigned: UnsignedEnvelope, secret: Uint8Array): CommandEnvelope => {
  const text = canonicalize(unsigned);
  if (text === undefined) throw new Error('an envelope is not JSON');
  return { ...unsigned, signature: createHmac('sha256', secret).update(text, 'utf8').digest('base64') };
};
