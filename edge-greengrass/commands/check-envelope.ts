import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';
import * as z from 'zod';
import { type CommandEnvelope, commandEnvelope, type RefusalCode } from '../../contracts/command.ts';

export type CheckContext = {
  readonly siteId: number;
  readonly gatewayId: string;
  /** Secrets by key id, base64: two during a rotation. */
  readonly keys: ReadonlyMap<string, string>;
  /** Called with the key of what was authentic: the cloud signs with none that is older any more. */
  readonly worked?: (keyId: string) => void;
};

export type Checked =
  | { readonly ok: true; readonly envelope: CommandEnvelope; readonly digest: string }
  | { readonly ok: false; readonly code: RefusalCode; readonly detail: string; readonly commandId?: string };

const maxEnvelopeBytes = 64 * 1024;
const withCommandId = z.looseObject({ commandId: z.string().min(1).max(64) });
const unsigned = z.looseObject({ signature: z.string() }).transform(({ signature: _, ...rest }) => rest);

const refuse = (code: RefusalCode, detail: string, raw?: unknown): Checked => {
  const named = withCommandId.safeParse(raw);
  return { ok: false, code, detail, ...(named.success && { commandId: named.data.commandId }) };
};

export const parseJson = (payload: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
};

const sameText = (left: string, right: string) => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Whether a message's `signature` is the HMAC-SHA256, base64, of the RFC 8785 form of the rest of it. */
export const isSignedBy = (raw: unknown, signature: string, secret: string) =>
  sameText(signatureOf(raw, secret), signature);

const signatureOf = (raw: unknown, secret: string) =>
  createHmac('sha256', Buffer.from(secret, 'base64'))
    .update(canonicalize(unsigned.parse(raw)) ?? '')
    .digest('base64');

/**
 * What can be said of an envelope by itself, in this order: shape, site, gateway, key, signature. What passes is
 * authentic; `digest` names exactly this envelope. Time, nonce and order are the ledger's to judge.
 */
export const checkEnvelope = (payload: Uint8Array, { siteId, gatewayId, keys }: CheckContext): Checked => {
  if (payload.length > maxEnvelopeBytes)
    return refuse('MALFORMED', `an envelope has at most ${maxEnvelopeBytes} bytes`);
  const raw = parseJson(payload);
  const parsed = commandEnvelope.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refuse(
      'MALFORMED',
      `${issue?.path.join('.') || 'envelope'}: ${issue?.message ?? 'not understood'}`.slice(0, 300),
      raw,
    );
  }
  const envelope = parsed.data;
  if (envelope.siteId !== siteId) return refuse('WRONG_SITE', `addressed to site ${envelope.siteId}`, raw);
  if (envelope.gatewayId !== gatewayId) return refuse('WRONG_GATEWAY', 'addressed to another gateway', raw);
  const secret = keys.get(envelope.keyId);
  if (secret === undefined)
    return refuse('UNKNOWN_KEY', 'signed under a key that this gateway does not have', raw);
  if (!isSignedBy(raw, envelope.signature, secret)) {
    return refuse('BAD_SIGNATURE', 'the signature does not match the envelope', raw);
  }
  return { ok: true, envelope, digest: digestOf(raw) };
};

const digestOf = (raw: unknown) =>
  createHash('sha256')
    .update(canonicalize(raw) ?? '')
    .digest('hex');
/** The digest of whatever was sent, for what may be a copy of something that was authentic once. */
export const digestOfCopy = (payload: Uint8Array): string | undefined => {
  const raw = payload.length > maxEnvelopeBytes ? undefined : parseJson(payload);
  return raw === undefined ? undefined : digestOf(raw);
};

/** EXPIRED or NOT_YET_VALID, each with the stated tolerance for clocks that differ. */
export const checkTime = (
  { issuedAtMs, expiresAtMs }: Pick<CommandEnvelope, 'issuedAtMs' | 'expiresAtMs'>,
  nowMs: number,
  skewMs: number,
): { readonly code: RefusalCode; readonly detail: string } | undefined => {
  if (expiresAtMs <= issuedAtMs) return { code: 'EXPIRED', detail: 'it expires before it is issued' };
  if (nowMs >= expiresAtMs + skewMs)
    return { code: 'EXPIRED', detail: `expired ${Math.round((nowMs - expiresAtMs) / 1000)} s ago` };
  if (issuedAtMs > nowMs + skewMs) {
    return {
      code: 'NOT_YET_VALID',
      detail: `issued ${Math.round((issuedAtMs - nowMs) / 1000)} s in the future`,
    };
  }
  return undefined;
};
