import type { KeyProvider, SealingContext } from '../../contracts/sealed.ts';

export type Wrapped = { readonly keyId: string; readonly wrapped: Uint8Array };

/**
 * One key service. Data keys are 32 bytes. All methods throw SealingError and nothing else. `wrap` takes the newest version
 * of the key; `unwrap` opens what any version wrapped that is still enabled, under the same context alone; `rewrap` brings a
 * wrapped key under the newest version, inside the service where that can do it.
 */
export type KeyWrapper = {
  readonly provider: KeyProvider;
  readonly wrap: (dataKey: Uint8Array, context: SealingContext) => Promise<Wrapped>;
  readonly unwrap: (wrapped: Wrapped, context: SealingContext) => Promise<Uint8Array>;
  readonly rewrap: (wrapped: Wrapped, context: SealingContext) => Promise<Wrapped>;
};

/** `rewrap` for services that have no such operation: the data key is in this process's memory for a moment. */
export const rewrapHere =
  ({ wrap, unwrap }: Pick<KeyWrapper, 'wrap' | 'unwrap'>): KeyWrapper['rewrap'] =>
  async (wrapped, context) => {
    const dataKey = await unwrap(wrapped, context);
    try {
      return await wrap(dataKey, context);
    } finally {
      dataKey.fill(0);
    }
  };
