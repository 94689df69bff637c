import { type KMSClient, ReEncryptCommand } from '@aws-sdk/client-kms';
import type { SealingContext, WrappedKey } from '../../contracts/sealed.ts';

const refusals = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

/**
 * Wraps a data key anew within KMS, which shows it to nobody: the caller may re-encrypt and may not decrypt. Undefined where the
 * wrapped key does not open under its context, which no repetition changes.
 */
export const rewrapWithKms =
  (kms: KMSClient, keyArn: string) =>
  async (
    { provider, key_id, wrapped_key }: WrappedKey,
    { tenant, site, gateway, purpose }: SealingContext,
  ): Promise<WrappedKey | undefined> => {
    const context = {
      ...(tenant !== undefined && { tenant }),
      site: String(site),
      ...(gateway !== undefined && { gateway }),
      purpose,
    };
    try {
      const { CiphertextBlob, KeyId } = await kms.send(
        new ReEncryptCommand({
          SourceKeyId: key_id,
          CiphertextBlob: Buffer.from(wrapped_key, 'base64'),
          SourceEncryptionContext: context,
          DestinationKeyId: keyArn,
          DestinationEncryptionContext: context,
        }),
      );
      if (!CiphertextBlob || !KeyId) throw new Error('KMS wrapped nothing');
      return { provider, key_id: KeyId, wrapped_key: Buffer.from(CiphertextBlob).toString('base64') };
    } catch (error) {
      if (error instanceof Error && refusals.has(error.name)) return undefined;
      throw error;
    }
  };
