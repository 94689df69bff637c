import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import * as z from 'zod';
import { type Operation, ServiceError } from '../shared/json-service.ts';
import { seal, sealedBy, unseal } from './envelope.ts';
import type { KeyStore, StoredKey } from './keys.ts';

const context = z.record(z.string(), z.string()).default({});
const bytes = (max: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((value) => value.length >= 1 && value.length <= max, `must be 1 to ${max} bytes`);
const keyId = z.string().min(1);
const withKeyId = z.object({ KeyId: keyId });
const dataKey = z.object({
  KeyId: keyId,
  EncryptionContext: context,
  KeySpec: z.enum(['AES_128', 'AES_256']).optional(),
  NumberOfBytes: z.int().min(1).max(1024).optional(),
});
const macAlgorithms = {
  HMAC_256: 'HMAC_SHA_256',
  HMAC_384: 'HMAC_SHA_384',
  HMAC_512: 'HMAC_SHA_512',
} as const;
const signatureAlgorithms = { ECC_NIST_P256: 'ECDSA_SHA_256', ECC_NIST_P384: 'ECDSA_SHA_384' } as const;
const mac = z.object({
  KeyId: keyId,
  Message: bytes(4096),
  MacAlgorithm: z.enum(['HMAC_SHA_256', 'HMAC_SHA_384', 'HMAC_SHA_512']),
});
const signature = z.object({
  KeyId: keyId,
  Message: bytes(4096),
  MessageType: z.enum(['RAW', 'DIGEST']).default('RAW'),
  SigningAlgorithm: z.enum(['ECDSA_SHA_256', 'ECDSA_SHA_384']),
});

export type KmsPlace = { readonly region: string; readonly accountId: string };

/** The KMS operations that the product uses, on keys of this machine. Names and error codes are KMS's. */
export const kmsOperations = (
  store: KeyStore,
  aliases: ReadonlyMap<string, string>,
  { region, accountId }: KmsPlace,
): Record<string, Operation> => {
  const arnOf = (key: StoredKey) => `arn:aws:kms:${region}:${accountId}:key/${key.keyId}`;
  const find = (idOrArn: string): StoredKey => {
    const name = idOrArn.startsWith('arn:')
      ? idOrArn
          .split(':')
          .slice(5)
          .join(':')
          .replace(/^key\//, '')
      : idOrArn;
    const id = name.startsWith('alias/') ? aliases.get(name) : name;
    const key = id === undefined ? undefined : store.byId(id);
    if (!key) throw new ServiceError('NotFoundException', `Key '${idOrArn}' does not exist`);
    return key;
  };
  const usable = (key: StoredKey) => {
    if (key.enabled === false) throw new ServiceError('DisabledException', `${arnOf(key)} is disabled.`);
    return key;
  };
  const needs = (key: StoredKey, kind: 'SYMMETRIC_DEFAULT' | 'HMAC' | 'ECC') => {
    if (!key.spec.startsWith(kind))
      throw new ServiceError('InvalidKeyUsageException', `${arnOf(key)} is ${key.spec}`);
    return usable(key);
  };
  const open = (ciphertext: Buffer, context: Record<string, string>, keyId: string | undefined) => {
    const key = store.byId(sealedBy(ciphertext));
    if (!key) throw new ServiceError('InvalidCiphertextException', 'No key of this machine sealed this');
    if (keyId !== undefined && find(keyId).keyId !== key.keyId)
      throw new ServiceError('IncorrectKeyException', 'Another key sealed this');
    return { key, plaintext: unseal(usable(key), ciphertext, context) };
  };
  const named = (input: unknown) => find(withKeyId.parse(input).KeyId);
  const makeDataKey = (input: unknown) => {
    const { KeyId, EncryptionContext, KeySpec, NumberOfBytes } = dataKey.parse(input);
    if ((KeySpec === undefined) === (NumberOfBytes === undefined))
      throw new ServiceError('ValidationException', 'Give either KeySpec or NumberOfBytes');
    const key = needs(find(KeyId), 'SYMMETRIC_DEFAULT');
    const plaintext = randomBytes(NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32));
    return {
      KeyId: arnOf(key),
      Plaintext: plaintext.toString('base64'),
      CiphertextBlob: seal(key, plaintext, EncryptionContext).toString('base64'),
    };
  };
  const computeMac = ({ KeyId, Message, MacAlgorithm }: z.output<typeof mac>) => {
    const key = needs(find(KeyId), 'HMAC');
    const expected = Object.entries(macAlgorithms).find(([spec]) => spec === key.spec)?.[1];
    if (expected !== MacAlgorithm)
      throw new ServiceError('InvalidKeyUsageException', `${key.spec} makes ${expected}`);
    const hash = `sha${MacAlgorithm.slice(-3)}`;
    return { key, value: createHmac(hash, Buffer.from(key.material, 'base64')).update(Message).digest() };
  };
  const signer = ({ KeyId, MessageType, SigningAlgorithm }: z.output<typeof signature>) => {
    const key = needs(find(KeyId), 'ECC');
    const expected = Object.entries(signatureAlgorithms).find(([spec]) => spec === key.spec)?.[1];
    if (expected !== SigningAlgorithm)
      throw new ServiceError('InvalidKeyUsageException', `${key.spec} makes ${expected}`);
    if (MessageType === 'DIGEST')
      throw new ServiceError('UnsupportedOperationException', 'The local KMS signs RAW messages only');
    const privateKey = createPrivateKey({
      key: Buffer.from(key.material, 'base64'),
      type: 'pkcs8',
      format: 'der',
    });
    return { key, privateKey, hash: `sha${SigningAlgorithm.slice(-3)}` };
  };

  return {
    Encrypt: (input) => {
      const { KeyId, Plaintext, EncryptionContext } = z
        .object({ KeyId: keyId, Plaintext: bytes(4096), EncryptionContext: context })
        .parse(input);
      const key = needs(find(KeyId), 'SYMMETRIC_DEFAULT');
      return {
        KeyId: arnOf(key),
        CiphertextBlob: seal(key, Plaintext, EncryptionContext).toString('base64'),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      };
    },
    Decrypt: (input) => {
      const parsed = z
        .object({ KeyId: keyId.optional(), CiphertextBlob: bytes(6144), EncryptionContext: context })
        .parse(input);
      const { key, plaintext } = open(parsed.CiphertextBlob, parsed.EncryptionContext, parsed.KeyId);
      return {
        KeyId: arnOf(key),
        Plaintext: plaintext.toString('base64'),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      };
    },
    ReEncrypt: (input) => {
      const parsed = z
        .object({
          CiphertextBlob: bytes(6144),
          SourceKeyId: keyId.optional(),
          SourceEncryptionContext: context,
          DestinationKeyId: keyId,
          DestinationEncryptionContext: context,
        })
        .parse(input);
      const source = open(parsed.CiphertextBlob, parsed.SourceEncryptionContext, parsed.SourceKeyId);
      const key = needs(find(parsed.DestinationKeyId), 'SYMMETRIC_DEFAULT');
      return {
        SourceKeyId: arnOf(source.key),
        KeyId: arnOf(key),
        CiphertextBlob: seal(key, source.plaintext, parsed.DestinationEncryptionContext).toString('base64'),
        SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      };
    },
    RotateKeyOnDemand: (input) => {
      const key = needs(named(input), 'SYMMETRIC_DEFAULT');
      store.rotate(key.keyId);
      return { KeyId: arnOf(key) };
    },
    DisableKey: (input) => {
      store.setEnabled(named(input).keyId, false);
      return {};
    },
    EnableKey: (input) => {
      store.setEnabled(named(input).keyId, true);
      return {};
    },
    GenerateDataKey: makeDataKey,
    GenerateDataKeyWithoutPlaintext: (input) => {
      const { KeyId, CiphertextBlob } = makeDataKey(input);
      return { KeyId, CiphertextBlob };
    },
    GenerateRandom: (input) => {
      const { NumberOfBytes } = z.object({ NumberOfBytes: z.int().min(1).max(1024) }).parse(input);
      return { Plaintext: randomBytes(NumberOfBytes).toString('base64') };
    },
    GenerateMac: (input) => {
      const parsed = mac.parse(input);
      const { key, value } = computeMac(parsed);
      return { KeyId: arnOf(key), Mac: value.toString('base64'), MacAlgorithm: parsed.MacAlgorithm };
    },
    VerifyMac: (input) => {
      const parsed = mac.extend({ Mac: bytes(64) }).parse(input);
      const { key, value } = computeMac(parsed);
      if (value.length !== parsed.Mac.length || !timingSafeEqual(value, parsed.Mac))
        throw new ServiceError('KMSInvalidMacException', 'The MAC is not valid');
      return { KeyId: arnOf(key), MacValid: true, MacAlgorithm: parsed.MacAlgorithm };
    },
    Sign: (input) => {
      const parsed = signature.parse(input);
      const { key, privateKey, hash } = signer(parsed);
      return {
        KeyId: arnOf(key),
        Signature: sign(hash, parsed.Message, privateKey).toString('base64'),
        SigningAlgorithm: parsed.SigningAlgorithm,
      };
    },
    Verify: (input) => {
      const parsed = signature.extend({ Signature: bytes(6144) }).parse(input);
      const { key, privateKey, hash } = signer(parsed);
      if (!verify(hash, parsed.Message, createPublicKey(privateKey), parsed.Signature))
        throw new ServiceError('KMSInvalidSignatureException', 'The signature is not valid');
      return { KeyId: arnOf(key), SignatureValid: true, SigningAlgorithm: parsed.SigningAlgorithm };
    },
    GetPublicKey: (input) => {
      const key = needs(named(input), 'ECC');
      const privateKey = createPrivateKey({
        key: Buffer.from(key.material, 'base64'),
        type: 'pkcs8',
        format: 'der',
      });
      const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
      return {
        KeyId: arnOf(key),
        PublicKey: publicKey.toString('base64'),
        KeySpec: key.spec,
        KeyUsage: 'SIGN_VERIFY',
      };
    },
    DescribeKey: (input) => {
      const key = named(input);
      const KeyUsage =
        key.spec === 'SYMMETRIC_DEFAULT'
          ? 'ENCRYPT_DECRYPT'
          : key.spec.startsWith('HMAC')
            ? 'GENERATE_VERIFY_MAC'
            : 'SIGN_VERIFY';
      return {
        KeyMetadata: {
          AWSAccountId: accountId,
          KeyId: key.keyId,
          Arn: arnOf(key),
          CreationDate: key.createdAtMs / 1000,
          Enabled: key.enabled !== false,
          Description: key.description,
          KeyUsage,
          KeyState: key.enabled === false ? 'Disabled' : 'Enabled',
          Origin: 'AWS_KMS',
          KeyManager: 'CUSTOMER',
          KeySpec: key.spec,
          MultiRegion: false,
        },
      };
    },
  };
};
