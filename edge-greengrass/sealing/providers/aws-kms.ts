import { DecryptCommand, EncryptCommand, type KMSClient, ReEncryptCommand } from '@aws-sdk/client-kms';
import type { SealingContext } from '../../../contracts/sealed.ts';
import type { KeyWrapper } from '../key-wrapper.ts';
import { SealingError, type SealingFault } from '../sealing-error.ts';

export type AwsKmsOptions = {
  readonly client: KMSClient;
  /** ARN of the key that wraps from now on. */
  readonly keyArn: string;
  /** ARNs of keys that wrapped before; nothing else is ever asked to unwrap. */
  readonly olderKeyArns?: readonly string[];
};

/**
 * AWS KMS. The context is KMS's encryption context: KMS authenticates it, shows it in CloudTrail, and IAM policies can ask
 * for its members. Versions are KMS's own where a key rotates in place, and other ARNs where one key replaces another.
 */
export const awsKmsWrapper = ({ client, keyArn, olderKeyArns = [] }: AwsKmsOptions): KeyWrapper => {
  const known = new Set([keyArn, ...olderKeyArns]);
  const knownKey = (keyId: string) => {
    if (!known.has(keyId)) throw new SealingError('unknown_key');
    return keyId;
  };
  return {
    provider: 'aws-kms',
    wrap: (dataKey, context) =>
      asked(async () => {
        const { CiphertextBlob, KeyId } = await client.send(
          new EncryptCommand({ KeyId: keyArn, Plaintext: dataKey, EncryptionContext: kmsContext(context) }),
        );
        return { keyId: present(KeyId), wrapped: present(CiphertextBlob) };
      }),
    unwrap: ({ keyId, wrapped }, context) =>
      asked(async () => {
        const { Plaintext } = await client.send(
          new DecryptCommand({
            KeyId: knownKey(keyId),
            CiphertextBlob: wrapped,
            EncryptionContext: kmsContext(context),
          }),
        );
        return present(Plaintext);
      }),
    rewrap: ({ keyId, wrapped }, context) =>
      asked(async () => {
        const EncryptionContext = kmsContext(context);
        const { CiphertextBlob, KeyId } = await client.send(
          new ReEncryptCommand({
            SourceKeyId: knownKey(keyId),
            CiphertextBlob: wrapped,
            SourceEncryptionContext: EncryptionContext,
            DestinationKeyId: keyArn,
            DestinationEncryptionContext: EncryptionContext,
          }),
        );
        return { keyId: present(KeyId), wrapped: present(CiphertextBlob) };
      }),
  };
};

/** The members as KMS and IAM conditions (`kms:EncryptionContext:site`) know them. */
const kmsContext = ({ tenant, site, gateway, purpose }: SealingContext): Record<string, string> => ({
  ...(tenant !== undefined && { tenant }),
  site: String(site),
  ...(gateway !== undefined && { gateway }),
  purpose,
});

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new SealingError('unavailable');
  return value;
};

const faults: Readonly<Record<string, SealingFault>> = {
  InvalidCiphertextException: 'not_authentic',
  IncorrectKeyException: 'not_authentic',
  NotFoundException: 'unknown_key',
  DisabledException: 'key_disabled',
  KMSInvalidStateException: 'key_disabled',
  AccessDeniedException: 'denied',
  InvalidKeyUsageException: 'denied',
  ThrottlingException: 'rate_limited',
  LimitExceededException: 'rate_limited',
};

const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SealingError) throw error;
    throw new SealingError(faults[error instanceof Error ? error.name : ''] ?? 'unavailable');
  }
};
