import type { AuthClient } from 'google-auth-library';
import * as z from 'zod';
import { contextText } from '../../../contracts/sealed.ts';
import { type KeyWrapper, rewrapHere } from '../key-wrapper.ts';
import { SealingError, type SealingFault } from '../sealing-error.ts';
import { crc32c } from './crc32c.ts';

export type GcpKmsOptions = {
  /** Google's own client, which signs in, retries and refreshes: `new GoogleAuth({ scopes }).getClient()`. */
  readonly auth: Pick<AuthClient, 'request'>;
  /** `projects/…/locations/…/keyRings/…/cryptoKeys/…`; Cloud KMS wraps under its primary version. */
  readonly keyName: string;
  readonly olderKeyNames?: readonly string[];
  readonly endpoint?: string;
};

const checksum = z.union([z.string().regex(/^\d{1,10}$/), z.int().nonnegative()]).transform(Number);
const encrypted = z.object({
  ciphertext: z.base64(),
  ciphertextCrc32c: checksum,
  verifiedPlaintextCrc32c: z.literal(true),
  verifiedAdditionalAuthenticatedDataCrc32c: z.literal(true),
});
const decrypted = z.object({ plaintext: z.base64(), plaintextCrc32c: checksum });
const failed = z.object({
  response: z.object({
    status: z.int(),
    data: z
      .object({ error: z.object({ status: z.string().default(''), message: z.string().default('') }) })
      .optional()
      .catch(undefined),
  }),
});

/**
 * Google Cloud KMS over its REST interface. The context is the additional authenticated data. Every request and answer carries
 * CRC-32C sums, and what does not add up is not used. The key's version is inside the ciphertext, so that the stored name
 * is that of the key.
 */
export const gcpKmsWrapper = ({
  auth,
  keyName,
  olderKeyNames = [],
  endpoint = 'https://cloudkms.googleapis.com',
}: GcpKmsOptions): KeyWrapper => {
  const known = new Set([keyName, ...olderKeyNames]);
  const ask = async <T>(name: string, verb: 'encrypt' | 'decrypt', data: object, answer: z.ZodType<T>) => {
    try {
      const response = await auth.request({ url: `${endpoint}/v1/${name}:${verb}`, method: 'POST', data });
      return answer.parse(response.data);
    } catch (error) {
      throw new SealingError(faultOf(error));
    }
  };

  const wrap: KeyWrapper['wrap'] = async (dataKey, context) => {
    const aad = Buffer.from(contextText(context));
    const answer = await ask(
      keyName,
      'encrypt',
      { ...bytesField('plaintext', dataKey), ...bytesField('additionalAuthenticatedData', aad) },
      encrypted,
    );
    const wrapped = Buffer.from(answer.ciphertext, 'base64');
    if (crc32c(wrapped) !== answer.ciphertextCrc32c) throw new SealingError('unavailable');
    return { keyId: keyName, wrapped };
  };

  const unwrap: KeyWrapper['unwrap'] = async ({ keyId, wrapped }, context) => {
    if (!known.has(keyId)) throw new SealingError('unknown_key');
    const aad = Buffer.from(contextText(context));
    const answer = await ask(
      keyId,
      'decrypt',
      { ...bytesField('ciphertext', wrapped), ...bytesField('additionalAuthenticatedData', aad) },
      decrypted,
    );
    const dataKey = Buffer.from(answer.plaintext, 'base64');
    if (crc32c(dataKey) !== answer.plaintextCrc32c) throw new SealingError('unavailable');
    return dataKey;
  };

  return { provider: 'gcp-kms', wrap, unwrap, rewrap: rewrapHere({ wrap, unwrap }) };
};

/** `{ plaintext, plaintextCrc32c }`: int64 is text in the JSON of Google's interfaces. */
const bytesField = (name: string, bytes: Uint8Array) => ({
  [name]: Buffer.from(bytes).toString('base64'),
  [`${name}Crc32c`]: String(crc32c(bytes)),
});

const byStatus: Readonly<Record<string, SealingFault>> = {
  NOT_FOUND: 'unknown_key',
  FAILED_PRECONDITION: 'key_disabled',
  PERMISSION_DENIED: 'denied',
  UNAUTHENTICATED: 'denied',
  RESOURCE_EXHAUSTED: 'rate_limited',
};

const faultOf = (error: unknown): SealingFault => {
  const answer = failed.safeParse(error);
  if (!answer.success) return 'unavailable';
  const { status, data } = answer.data.response;
  if (status === 429) return 'rate_limited';
  // The interface has one status for a malformed request and for a ciphertext that does not open; its text tells them apart.
  if (data?.error.status === 'INVALID_ARGUMENT')
    return /decryption failed/i.test(data.error.message) ? 'not_authentic' : 'unavailable';
  return byStatus[data?.error.status ?? ''] ?? 'unavailable';
};
