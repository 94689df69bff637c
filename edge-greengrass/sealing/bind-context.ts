import { createHash, timingSafeEqual } from 'node:crypto';
import { contextText, type SealingContext } from '../../contracts/sealed.ts';
import { SealingError } from './sealing-error.ts';

export const dataKeyBytes = 32;

export const contextHash = (context: SealingContext): Buffer =>
  createHash('sha256').update(contextText(context)).digest();

/**
 * For services that wrap but authenticate nothing beside it (RSA-OAEP in Key Vault and in HSMs): the context's hash is
 * wrapped together with the data key. 64 bytes.
 */
export const bindContext = (dataKey: Uint8Array, context: SealingContext): Buffer =>
  Buffer.concat([dataKey, contextHash(context)]);

/** The data key of what `bindContext` made, if it was made for this context. */
export const unbindContext = (bound: Uint8Array, context: SealingContext): Buffer => {
  const key = Buffer.from(bound.subarray(0, dataKeyBytes));
  const isSame =
    bound.length === 2 * dataKeyBytes && timingSafeEqual(bound.subarray(dataKeyBytes), contextHash(context));
  if (!isSame) throw new SealingError('not_authentic');
  return key;
};
