import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  contextText,
  type SealedValue,
  type SealingContext,
  type WrappedKey,
} from '../../contracts/sealed.ts';
import { contextHash, dataKeyBytes } from './bind-context.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { SealingError } from './sealing-error.ts';

const nonceBytes = 12;
const tagBytes = 16;
/** Random nonces under one key stay distinct far beyond this; a batch begins a new key long before it matters. */
const maxValuesPerKey = 1_000_000;

/** Seals values under one data key. `forget` wipes it. */
export type Sealer = {
  readonly seal: (plaintext: Uint8Array) => SealedValue;
  readonly forget: () => void;
};

/** A fresh data key, wrapped, for values of one context. */
export const openSealer = async (wrapper: KeyWrapper, context: SealingContext): Promise<Sealer> => {
  const dataKey = randomBytes(dataKeyBytes);
  const { keyId, wrapped } = await wrapper.wrap(dataKey, context);
  const head: WrappedKey = {
    provider: wrapper.provider,
    key_id: keyId,
    wrapped_key: Buffer.from(wrapped).toString('base64'),
  };
  let values = 0;
  return {
    seal: (plaintext) => {
      if (++values > maxValuesPerKey) throw new RangeError('too many values under one data key');
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', dataKey, nonce).setAAD(Buffer.from(contextText(context)));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      return {
        version: 1,
        ...head,
        nonce: nonce.toString('base64'),
        ciphertext: ciphertext.toString('base64'),
        context_hash: contextHash(context).toString('hex'),
      };
    },
    forget: () => {
      dataKey.fill(0);
    },
  };
};

/** Seals one value under a data key of its own. */
export const sealValue = async (wrapper: KeyWrapper, plaintext: Uint8Array, context: SealingContext) => {
  const sealer = await openSealer(wrapper, context);
  try {
    return sealer.seal(plaintext);
  } finally {
    sealer.forget();
  }
};

/** Opens a sealed value. Throws SealingError: `not_authentic` for another context or any altered part. */
export const openValue = async (wrapper: KeyWrapper, sealed: SealedValue, context: SealingContext) => {
  const [opened] = await openValues(wrapper, [sealed], context);
  return opened ?? Buffer.alloc(0);
};

/** Opens values of one context; a data key that several share is unwrapped once. */
export const openValues = async (
  wrapper: KeyWrapper,
  values: readonly SealedValue[],
  context: SealingContext,
): Promise<Buffer[]> => {
  const keys = new Map<string, Uint8Array>();
  try {
    const opened: Buffer[] = [];
    for (const sealed of values) {
      if (sealed.provider !== wrapper.provider) throw new SealingError('unknown_key');
      if (sealed.context_hash !== contextHash(context).toString('hex'))
        throw new SealingError('not_authentic');
      const name = `${sealed.key_id} ${sealed.wrapped_key}`;
      const dataKey = keys.get(name) ?? (await unwrap(wrapper, sealed, context));
      keys.set(name, dataKey);
      opened.push(decipher(dataKey, sealed, context));
    }
    return opened;
  } finally {
    for (const key of keys.values()) key.fill(0);
  }
};

const unwrap = async (wrapper: KeyWrapper, { key_id, wrapped_key }: WrappedKey, context: SealingContext) => {
  const dataKey = await wrapper.unwrap(
    { keyId: key_id, wrapped: Buffer.from(wrapped_key, 'base64') },
    context,
  );
  if (dataKey.length !== dataKeyBytes) throw new SealingError('not_authentic');
  return dataKey;
};

const decipher = (dataKey: Uint8Array, { nonce, ciphertext }: SealedValue, context: SealingContext) => {
  const bytes = Buffer.from(ciphertext, 'base64');
  if (bytes.length < tagBytes) throw new SealingError('not_authentic');
  try {
    const opening = createDecipheriv('aes-256-gcm', dataKey, Buffer.from(nonce, 'base64'), {
      authTagLength: tagBytes,
    })
      .setAAD(Buffer.from(contextText(context)))
      .setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([opening.update(bytes.subarray(0, -tagBytes)), opening.final()]);
  } catch {
    throw new SealingError('not_authentic');
  }
};
