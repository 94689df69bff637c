import { EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { secretContext } from '../fleet/fleet-directory.ts';
import type { GatewayRecord } from './gateway.ts';

/** Seals a command secret so that only KMS opens it again, and only for this tenant, site and gateway. */
export const sealSecret =
  (kms: KMSClient, KeyId: string) =>
  async ({ tenant_id, site_id, gateway_id }: GatewayRecord, secret: Uint8Array): Promise<Uint8Array> => {
    const EncryptionContext = secretContext(tenant_id, site_id, gateway_id);
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId, Plaintext: secret, EncryptionContext }),
    );
    if (!CiphertextBlob) throw new Error('KMS sealed nothing');
    return CiphertextBlob;
  };
