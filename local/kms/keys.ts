import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';

export const keySpecs = [
  'SYMMETRIC_DEFAULT',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
] as const;
export type KeySpec = (typeof keySpecs)[number];

const storedKey = z.strictObject({
  keyId: z.uuid(),
  spec: z.enum(keySpecs),
  description: z.string(),
  createdAtMs: z.int(),
  /** Base64: 32 to 64 random bytes, or a PKCS#8 private key. */
  material: z.base64(),
  /** What it was before each rotation: opens still what it sealed then. */
  older: z.array(z.base64()).optional(),
  enabled: z.boolean().optional(),
});
export type StoredKey = z.infer<typeof storedKey>;
const keyFile = z.strictObject({ version: z.literal(1), keys: z.record(z.string(), storedKey) });

const uuidOf = (name: string) => {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const newMaterial = (spec: KeySpec): Buffer => {
  if (spec === 'SYMMETRIC_DEFAULT') return randomBytes(32);
  if (spec.startsWith('HMAC_')) return randomBytes(Number(spec.slice(5)) / 8);
  const namedCurve = spec === 'ECC_NIST_P256' ? 'P-256' : 'P-384';
  return generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'der' });
};

/** The keys of this machine, in one file that only its owner may read. A key is made once and found again at later starts. */
export const openKeyStore = (file: string) => {
  const keys = new Map<string, StoredKey>();
  if (existsSync(file)) {
    chmodSync(file, 0o600);
    for (const [name, key] of Object.entries(keyFile.parse(JSON.parse(readFileSync(file, 'utf8'))).keys))
      keys.set(name, key);
  }
  const save = () => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify({ version: 1, keys: Object.fromEntries(keys) }), {
      mode: 0o600,
    });
    renameSync(`${file}.new`, file);
  };
  const change = (keyId: string, edit: (key: StoredKey) => StoredKey) => {
    const found = [...keys].find(([, key]) => key.keyId === keyId);
    if (!found) return;
    keys.set(found[0], edit(found[1]));
    save();
  };
  return {
    setEnabled: (keyId: string, enabled: boolean) => change(keyId, (key) => ({ ...key, enabled })),
    /** New material under the same id; all that was sealed before still opens. */
    rotate: (keyId: string) =>
      change(keyId, (key) => ({
        ...key,
        material: newMaterial(key.spec).toString('base64'),
        older: [...(key.older ?? []), key.material],
      })),
    byId: (keyId: string) => [...keys.values()].find((key) => key.keyId === keyId),
    /** Throws Error when the key exists with another spec: what it sealed could not be opened any more. */
    ensure: (name: string, spec: KeySpec, description: string): StoredKey => {
      const existing = keys.get(name);
      if (existing && existing.spec !== spec)
        throw new Error(`The key ${name} exists as ${existing.spec}, and is now asked for as ${spec}`);
      if (existing) return existing;
      const key: StoredKey = {
        keyId: uuidOf(name),
        spec,
        description,
        createdAtMs: Date.now(),
        material: newMaterial(spec).toString('base64'),
      };
      keys.set(name, key);
      save();
      return key;
    },
  };
};
export type KeyStore = ReturnType<typeof openKeyStore>;
