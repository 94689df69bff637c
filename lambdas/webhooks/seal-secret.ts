import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { Endpoint } from './endpoint.ts';

type Owner = Pick<Endpoint, 'tenantId' | 'siteId' | 'webhookId'>;

/** The encryption context that an endpoint's secret is bound to; KMS refuses any other. */
const contextOf = ({ tenantId, siteId, webhookId }: Owner) => ({
  tenant: tenantId,
  site: String(siteId),
  webhook: webhookId,
  purpose: 'webhook-secret',
});

export const sealSecret =
  (kms: KMSClient, keyId: string) =>
  async (owner: Owner, secret: Uint8Array): Promise<string> => {
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: keyId, Plaintext: secret, EncryptionContext: contextOf(owner) }),
    );
    if (!CiphertextBlob) throw new Error('KMS sealed nothing');
    return Buffer.from(CiphertextBlob).toString('base64');
  };

const mostOpen = 200;

/**
 * Opens sealed secrets, each once in a function's life: an attempt then needs no KMS. Which of them are valid, the
 * endpoint's record says at each attempt.
 */
export const openSecret = (kms: KMSClient) => {
  const open = new Map<string, Uint8Array>();
  return async (owner: Owner, sealed: string): Promise<Uint8Array> => {
    const known = open.get(`${owner.webhookId} ${sealed}`);
    if (known) return known;
    const { Plaintext } = await kms.send(
      new DecryptCommand({
        CiphertextBlob: Buffer.from(sealed, 'base64'),
        EncryptionContext: contextOf(owner),
      }),
    );
    if (!Plaintext) throw new Error(`KMS opened no secret of ${owner.webhookId}`);
    if (open.size >= mostOpen) open.clear();
    open.set(`${owner.webhookId} ${sealed}`, Plaintext);
    return Plaintext;
  };
};
