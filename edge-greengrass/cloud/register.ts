import { registerAnswer } from '../../contracts/api-edge.ts';
import type { KeyRing, PendingKey } from '../state/key-ring.ts';
import { newCertificateRequest } from './certificate-request.ts';
import { askOpenly } from './edge-api.ts';

/** The key that waits for its certificate, made and kept where there is none: asking again is for the same key. */
export const pendingKey = async (keys: KeyRing): Promise<PendingKey> =>
  keys.pending() ?? keys.keepPending(await newCertificateRequest('HashInsight gateway'));

/**
 * Registers the gateway by its one-time claim and keeps what it is given. May be repeated after a crash or a lost answer: the cloud
 * gives a new set for the same key. Throws RefusedByCloud where the claim is not taken.
 */
export const registerByClaim = async (keys: KeyRing, url: string, claim: string): Promise<void> => {
  const pending = await pendingKey(keys);
  const answer = await askOpenly(
    url,
    { method: 'POST', path: 'register', json: { claim, csr_pem: pending.csrPem } },
    registerAnswer,
  );
  const place = { siteId: answer.site_id, gatewayId: answer.gateway_id };
  keys.keep(place, answer.credentials, pending.keyPem);
  keys.dropPending();
};
