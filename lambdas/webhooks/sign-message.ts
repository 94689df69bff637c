import { createHmac } from 'node:crypto';

/** What one delivery attempt says beside its body. The id is the event's: it stays over retries and replays. */
export type SignedHeaders = {
  readonly 'webhook-id': string;
  /** Seconds since 1970, of this attempt. */
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

const prefix = 'whsec_';

/** A secret as its owner sees it (Standard Webhooks, "secret serialization"). */
export const writeSecret = (secret: Uint8Array) => `${prefix}${Buffer.from(secret).toString('base64')}`;

/**
 * Signs an attempt with every secret that is valid now, newest first: HMAC-SHA256 over `id.timestamp.body`, scheme `v1`
 * of Standard Webhooks 1.0.0. Throws RangeError on an id that could shift the boundary between the parts.
 */
export const signMessage = (
  secrets: readonly Uint8Array[],
  id: string,
  atMs: number,
  body: string,
): SignedHeaders => {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) throw new RangeError('a webhook id holds letters, digits, dash and _');
  const timestamp = String(Math.floor(atMs / 1000));
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
};
