import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { contextText, type SealingContext } from '../../../contracts/sealed.ts';
import { type KeyWrapper, rewrapHere } from '../key-wrapper.ts';
import { SealingError } from '../sealing-error.ts';
import { writeSecretFile } from '../secret-file.ts';

const keyFile = z.strictObject({
  version: z.literal(1),
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  /** The newest last. A disabled one opens nothing. */
  keys: z
    .array(
      z.strictObject({
        version: z.int().positive(),
        material: z.base64(),
        enabled: z.boolean().default(true),
      }),
    )
    .min(1),
});
type KeyFile = z.infer<typeof keyFile>;

const newKey = (version: number) => ({
  version,
  material: randomBytes(32).toString('base64'),
  enabled: true,
});

const readKeys = (file: string): KeyFile => {
  try {
    return keyFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new SealingError('unavailable');
  }
};

/**
 * A key in a file of this machine, of mode 0600, made at its first use: for development, and for gateways without an HSM,
 * whose disk it keeps unreadable only as long as the file itself stays on it. AES-256-GCM; the context and the key's
 * name are authenticated.
 */
export const localKeyWrapper = (file: string): KeyWrapper => {
  if (existsSync(file)) chmodSync(file, 0o600);
  else
    writeSecretFile(
      file,
      JSON.stringify({ version: 1, name: `local-${randomBytes(4).toString('hex')}`, keys: [newKey(1)] }),
    );

  const wrap: KeyWrapper['wrap'] = async (dataKey, context) => {
    const { name, keys } = readKeys(file);
    const key = keys.at(-1);
    if (!key?.enabled) throw new SealingError('key_disabled');
    const keyId = `${name}/${key.version}`;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(key.material, 'base64'), nonce);
    cipher.setAAD(associated(keyId, context));
    return {
      keyId,
      wrapped: Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]),
    };
  };

  const unwrap: KeyWrapper['unwrap'] = async ({ keyId, wrapped }, context) => {
    const { name, keys } = readKeys(file);
    const key = keys.find(({ version }) => keyId === `${name}/${version}`);
    if (!key) throw new SealingError('unknown_key');
    if (!key.enabled) throw new SealingError('key_disabled');
    if (wrapped.length !== 12 + 32 + 16) throw new SealingError('not_authentic');
    try {
      const opening = createDecipheriv(
        'aes-256-gcm',
        Buffer.from(key.material, 'base64'),
        wrapped.subarray(0, 12),
      )
        .setAAD(associated(keyId, context))
        .setAuthTag(wrapped.subarray(-16));
      return Buffer.concat([opening.update(wrapped.subarray(12, -16)), opening.final()]);
    } catch {
      throw new SealingError('not_authentic');
    }
  };

  return { provider: 'local', wrap, unwrap, rewrap: rewrapHere({ wrap, unwrap }) };
};

const associated = (keyId: string, context: SealingContext) =>
  Buffer.from(`${keyId}\n${contextText(context)}`);

/** Adds a version, under which everything is wrapped from now on; older ones still open. */
export const rotateLocalKey = (file: string) => {
  const held = readKeys(file);
  const next = newKey((held.keys.at(-1)?.version ?? 0) + 1);
  writeSecretFile(file, JSON.stringify({ ...held, keys: [...held.keys, next] }));
};
