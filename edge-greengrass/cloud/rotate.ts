import { rotateAnswer } from '../../contracts/api-edge.ts';
import type { KeyRing } from '../state/key-ring.ts';
import { type EdgeApi, RefusedByCloud } from './edge-api.ts';
import { pendingKey } from './register.ts';

/**
 * Replaces certificate, secret and token. The key is on the disk before it is named, the new set before anything of it is used, and the
 * old goes when the new has worked; so it may stop anywhere, and be called again. Where too many certificates wait to be used, the
 * certificate stays.
 */
export const rotateKeys = async (keys: KeyRing, api: EdgeApi): Promise<void> => {
  const pending = await pendingKey(keys);
  const ask = (json: object) => api.ask({ method: 'POST', path: 'credentials', json }, rotateAnswer);
  const { credentials } = await ask({ csr_pem: pending.csrPem }).catch((error: unknown) => {
    if (error instanceof RefusedByCloud && error.code === 'conflict') return ask({});
    throw error;
  });
  keys.keep(keys.held, credentials, pending.keyPem);
  if (credentials.certificate) keys.dropPending();
};
