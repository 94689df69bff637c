import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import * as z from 'zod';
import { type ArchiveEntry, readArchive } from './archive.ts';

/** Why a release is not installed. Nothing of it has been written by then. */
export class ReleaseRefused extends Error {
  readonly code:
    | 'NOT_A_RELEASE'
    | 'BAD_SIGNATURE'
    | 'TAMPERED'
    | 'NOT_NEWER'
    | 'FAILED_BEFORE'
    | 'NOT_SEEN'
    | 'NODE_TOO_OLD';
  constructor(code: ReleaseRefused['code'], message: string) {
    super(message);
    this.name = 'ReleaseRefused';
    this.code = code;
  }
}

export const version = z.string().regex(/^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$/);
const path = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/);

/** What is signed: who it is for, its version, and every file by its hash. */
export const releaseManifest = z
  .strictObject({
    format: z.literal(1),
    product: z.literal('hashinsight-edge'),
    version,
    /** The oldest major version of Node that runs it. */
    node: z.int().min(24).max(999),
    files: z
      .array(
        z.strictObject({
          path,
          bytes: z.int().nonnegative(),
          sha256: z.string().regex(/^[0-9a-f]{64}$/),
        }),
      )
      .min(1)
      .max(500),
  })
  .refine(({ files }) => new Set(files.map((file) => file.path)).size === files.length, {
    path: ['files'],
    message: 'every path must be there once',
  });
export type ReleaseManifest = z.infer<typeof releaseManifest>;

export const manifestName = 'release.json';
export const signatureName = 'release.sig';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** −1, 0 or 1, by numbers. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let at = 0; at < 3; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
};

/** Ed25519 public keys in PEM, several one after the other: a release signed by any of them is taken. Throws Error on anything else. */
export const readReleaseKeys = (pem: string): readonly KeyObject[] => {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g) ?? [];
  const keys = blocks.map((block) => createPublicKey(block));
  if (keys.length === 0) throw new Error('the file holds no public key');
  if (keys.some(({ asymmetricKeyType }) => asymmetricKeyType !== 'ed25519'))
    throw new Error('release keys must be Ed25519');
  return keys;
};

const jsonOf = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
};

export type Release = {
  readonly manifest: ReleaseManifest;
  readonly files: readonly ArchiveEntry[];
};

/**
 * A release out of its archive. The signature is over the manifest's very bytes and is checked before they are read; every file must be
 * in the manifest with its hash, and the manifest's every file must be there. Throws ReleaseRefused.
 */
export const openRelease = (archive: Uint8Array, keys: readonly KeyObject[]): Release => {
  let entries: readonly ArchiveEntry[];
  try {
    entries = readArchive(archive);
  } catch {
    throw new ReleaseRefused('NOT_A_RELEASE', 'the archive cannot be read');
  }
  const of = (name: string) => entries.find((entry) => entry.path === name)?.bytes;
  const [signed, signature] = [of(manifestName), of(signatureName)];
  if (!signed || !signature) throw new ReleaseRefused('NOT_A_RELEASE', 'manifest or signature is missing');
  const raw = Buffer.from(Buffer.from(signature).toString('utf8').trim(), 'base64');
  if (!keys.some((key) => verify(null, signed, key, raw)))
    throw new ReleaseRefused('BAD_SIGNATURE', 'the manifest is not signed by a key of this gateway');
  const parsed = releaseManifest.safeParse(jsonOf(signed));
  if (!parsed.success) throw new ReleaseRefused('NOT_A_RELEASE', 'the manifest is not one of this product');
  const files = entries.filter((entry) => entry.path !== manifestName && entry.path !== signatureName);
  const listed = new Map(parsed.data.files.map((file) => [file.path, file]));
  for (const { path: name, bytes } of files) {
    const expected = listed.get(name);
    if (!expected || expected.bytes !== bytes.length || expected.sha256 !== sha256(bytes))
      throw new ReleaseRefused('TAMPERED', `${name.slice(0, 100)} is not what was signed`);
    listed.delete(name);
  }
  const [missing] = listed.keys();
  if (missing !== undefined) throw new ReleaseRefused('TAMPERED', `${missing} is missing`);
  return { manifest: parsed.data, files };
};

/** Whether this machine may take the release. Throws ReleaseRefused. */
export const admitRelease = (
  { version: next, node }: ReleaseManifest,
  known: { readonly current: string; readonly highest: string; readonly failed: readonly string[] },
  nodeVersion: string = process.versions.node,
) => {
  for (const floor of [known.current, known.highest])
    if (compareVersions(next, floor) <= 0)
      throw new ReleaseRefused('NOT_NEWER', `version ${next} is not newer than ${floor}`);
  if (known.failed.includes(next))
    throw new ReleaseRefused('FAILED_BEFORE', `version ${next} was not healthy on this gateway`);
  if (Number.parseInt(nodeVersion, 10) < node)
    throw new ReleaseRefused('NODE_TOO_OLD', `version ${next} needs Node ${node}, here is ${nodeVersion}`);
};
