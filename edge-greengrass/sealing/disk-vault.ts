import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type SealingContext, wrappedKey } from '../../contracts/sealed.ts';
import { dataKeyBytes } from './bind-context.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { SealingError } from './sealing-error.ts';
import { writeSecretFile } from './secret-file.ts';

/** Seals texts of the gateway's state file as they are written, without waiting for a key service. */
export type DiskVault = {
  readonly seal: (text: string) => string;
  /** What earlier versions wrote in clear is answered as it is. */
  readonly open: (text: string) => string;
};

const prefix = 'sealed:1:';
const vaultFile = z.strictObject({ version: z.literal(1), key: wrappedKey });

export const vaultOf = (key: Uint8Array): DiskVault => ({
  seal: (text) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${prefix}${sealed.toString('base64')}`;
  },
  open: (text) => {
    if (!text.startsWith(prefix)) return text;
    const bytes = Buffer.from(text.slice(prefix.length), 'base64');
    try {
      const opening = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      opening.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([opening.update(bytes.subarray(12, -16)), opening.final()]).toString('utf8');
    } catch {
      throw new SealingError('not_authentic');
    }
  },
});

/** A vault whose key lies wrapped in the state directory; `:memory:` has one that ends with the process. */
export const openDiskVault = async (
  stateDir: string | ':memory:',
  wrapper: KeyWrapper | undefined,
  { siteId, gatewayId }: { readonly siteId: number; readonly gatewayId: string },
): Promise<DiskVault> => {
  if (stateDir === ':memory:' || !wrapper) return vaultOf(randomBytes(dataKeyBytes));
  const file = join(stateDir, 'disk-vault.json');
  const context: SealingContext = { site: siteId, gateway: gatewayId, purpose: 'miner-access' };
  if (!existsSync(file)) {
    const key = randomBytes(dataKeyBytes);
    const { keyId, wrapped } = await wrapper.wrap(key, context);
    const head = {
      provider: wrapper.provider,
      key_id: keyId,
      wrapped_key: Buffer.from(wrapped).toString('base64'),
    };
    writeSecretFile(file, JSON.stringify({ version: 1, key: head }));
    return vaultOf(key);
  }
  const { key } = vaultFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  const wrapped = { keyId: key.key_id, wrapped: Buffer.from(key.wrapped_key, 'base64') };
  return vaultOf(await wrapper.unwrap(wrapped, context));
};
