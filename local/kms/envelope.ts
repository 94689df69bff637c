import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ServiceError } from '../shared/json-service.ts';
import type { StoredKey } from './keys.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

const version = 1;
const headBytes = 1 + 16;
const ivBytes = 12;
const tagBytes = 16;
const keyIdBytes = (keyId: string) => Buffer.from(keyId.replaceAll('-', ''), 'hex');

/** Sorted, so that the order in which a caller writes its context does not matter. */
const associated = (head: Buffer, context: EncryptionContext) => {
  const sorted = Object.entries(context).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.concat([head, Buffer.from(JSON.stringify(sorted))]);
};

/** AES-256-GCM: version, key id, IV, tag, ciphertext. The head and the encryption context are authenticated with it. */
export const seal = (key: StoredKey, plaintext: Uint8Array, context: EncryptionContext): Buffer => {
  const head = Buffer.concat([Buffer.from([version]), keyIdBytes(key.keyId)]);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key.material, 'base64'), iv).setAAD(
    associated(head, context),
  );
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([head, iv, cipher.getAuthTag(), sealed]);
};

const invalid = () =>
  new ServiceError('InvalidCiphertextException', 'The ciphertext or its encryption context is not valid');

/** Which key sealed it. Throws InvalidCiphertextException on what is not ours. */
export const sealedBy = (ciphertext: Buffer): string => {
  if (ciphertext.length < headBytes + ivBytes + tagBytes || ciphertext[0] !== version) throw invalid();
  const hex = ciphertext.subarray(1, headBytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};

const opened = (material: string, ciphertext: Buffer, context: EncryptionContext): Buffer | undefined => {
  const head = ciphertext.subarray(0, headBytes);
  const iv = ciphertext.subarray(headBytes, headBytes + ivBytes);
  const tag = ciphertext.subarray(headBytes + ivBytes, headBytes + ivBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(material, 'base64'), iv, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(associated(head, context)).setAuthTag(tag);
  try {
    return Buffer.concat([
      decipher.update(ciphertext.subarray(headBytes + ivBytes + tagBytes)),
      decipher.final(),
    ]);
  } catch {
    return undefined;
  }
};

/** Throws InvalidCiphertextException on an altered ciphertext or another context. */
export const unseal = (key: StoredKey, ciphertext: Buffer, context: EncryptionContext): Buffer => {
  for (const material of [key.material, ...(key.older ?? []).toReversed()]) {
    const plaintext = opened(material, ciphertext, context);
    if (plaintext) return plaintext;
  }
  throw invalid();
};
