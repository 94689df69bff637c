import { createPrivateKey, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveEntry, writeArchive } from './archive.ts';
import { manifestName, releaseManifest, sha256, signatureName } from './release.ts';

const filesOf = (directory: string): ArchiveEntry[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return { path: file.slice(directory.length + 1).replaceAll('\\', '/'), bytes: readFileSync(file) };
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));

/** A signed release of a folder's files. Throws Error where a name or the version is none that a gateway takes. */
export const packRelease = (
  directory: string,
  facts: { readonly version: string; readonly node: number },
  privateKeyPem: string,
): Buffer => {
  const files = filesOf(directory);
  const manifest = Buffer.from(
    JSON.stringify(
      releaseManifest.parse({
        format: 1,
        product: 'hashinsight-edge',
        ...facts,
        files: files.map(({ path, bytes }) => ({ path, bytes: bytes.length, sha256: sha256(bytes) })),
      }),
    ),
  );
  const signature = sign(null, manifest, createPrivateKey(privateKeyPem)).toString('base64');
  return writeArchive([
    { path: manifestName, bytes: manifest },
    { path: signatureName, bytes: Buffer.from(signature) },
    ...files,
  ]);
};
