import type { CryptographyClient } from '@azure/keyvault-keys';
import * as z from 'zod';
import { bindContext, unbindContext } from '../bind-context.ts';
import { type KeyWrapper, rewrapHere } from '../key-wrapper.ts';
import { SealingError, type SealingFault } from '../sealing-error.ts';

export type AzureKeyVaultOptions = {
  /** The SDK's client of one key version: `new CryptographyClient(keyId, credential)`. */
  readonly clientOf: (keyId: string) => Pick<CryptographyClient, 'wrapKey' | 'unwrapKey'>;
  /** `https://<vault>.vault.azure.net/keys/<name>/<version>`: an RSA key of 3072 bits or more, in software or an HSM. */
  readonly keyId: string;
  /** Versions that wrapped before and may still unwrap. */
  readonly olderKeyIds?: readonly string[];
};

const algorithm = 'RSA-OAEP-256';
const failed = z.object({
  statusCode: z.int().optional(),
  code: z.string().optional(),
  message: z.string().default(''),
});

/**
 * Azure Key Vault. Its RSA wrap authenticates nothing beside the key, so the context's hash is wrapped together with it
 * and compared when it is unwrapped.
 */
export const azureKeyVaultWrapper = ({
  clientOf,
  keyId,
  olderKeyIds = [],
}: AzureKeyVaultOptions): KeyWrapper => {
  const known = new Set([keyId, ...olderKeyIds]);
  const wrap: KeyWrapper['wrap'] = async (dataKey, context) => {
    const bound = bindContext(dataKey, context);
    try {
      const { result, keyID } = await asked(() => clientOf(keyId).wrapKey(algorithm, bound));
      return { keyId: keyID ?? keyId, wrapped: result };
    } finally {
      bound.fill(0);
    }
  };
  const unwrap: KeyWrapper['unwrap'] = async (wrapped, context) => {
    if (!known.has(wrapped.keyId)) throw new SealingError('unknown_key');
    const { result } = await asked(() => clientOf(wrapped.keyId).unwrapKey(algorithm, wrapped.wrapped));
    return unbindContext(result, context);
  };
  return { provider: 'azure-key-vault', wrap, unwrap, rewrap: rewrapHere({ wrap, unwrap }) };
};

const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    throw new SealingError(faultOf(failed.safeParse(error).data));
  }
};

/** Key Vault's error codes; a disabled key is `Forbidden` with an inner code that the SDK leaves in the message. */
const faultOf = (failure: z.infer<typeof failed> | undefined): SealingFault => {
  if (!failure) return 'unavailable';
  switch (failure.statusCode) {
    case 400:
      return failure.code === 'BadParameter' ? 'not_authentic' : 'unavailable';
    case 401:
      return 'denied';
    case 403:
      return /disabled|expired|not yet valid/i.test(failure.message) ? 'key_disabled' : 'denied';
    case 404:
      return 'unknown_key';
    case 429:
      return 'rate_limited';
    default:
      return 'unavailable';
  }
};
