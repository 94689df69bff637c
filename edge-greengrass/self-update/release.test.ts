import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ArchiveEntry, readArchive, writeArchive } from './archive.ts';
import { packRelease } from './pack-release.ts';
import { admitRelease, compareVersions, openRelease, ReleaseRefused, readReleaseKeys } from './release.ts';

const keyPair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    open: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};
const [ours, theirs] = [keyPair(), keyPair()];
const keys = readReleaseKeys(ours.open);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'release-'));
  writeFileSync(join(directory, 'edge-gateway.mjs'), 'console.error("gateway")');
  mkdirSync(join(directory, 'more'));
  writeFileSync(join(directory, 'more/page.html'), '<p>page</p>');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const pack = (secret = ours.secret) => packRelease(directory, { version: '1.2.3', node: 24 }, secret);
const codeOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error instanceof ReleaseRefused ? error.code : String(error);
  }
  return 'taken';
};
const changed = (change: (entries: ArchiveEntry[]) => ArchiveEntry[]) =>
  writeArchive(change(readArchive(pack())));

describe('a release', () => {
  it('comes back as it was packed, and is a tar that tar reads', () => {
    const { manifest, files } = openRelease(pack(), keys);
    expect(manifest).toMatchObject({ version: '1.2.3', node: 24 });
    expect(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
      ['edge-gateway.mjs', 'console.error("gateway")'],
      ['more/page.html', '<p>page</p>'],
    ]);
    writeFileSync(join(directory, 'archive.tar.gz'), pack());
    expect(execFileSync('tar', ['-tzf', join(directory, 'archive.tar.gz')], { encoding: 'utf8' })).toContain(
      'more/page.html\n',
    );
  });

  it('is taken from any of several keys, and from no other', () => {
    expect(codeOf(() => openRelease(pack(theirs.secret), keys))).toBe('BAD_SIGNATURE');
    expect(codeOf(() => openRelease(pack(theirs.secret), readReleaseKeys(ours.open + theirs.open)))).toBe(
      'taken',
    );
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    expect(() => readReleaseKeys(rsa.export({ type: 'spki', format: 'pem' }).toString())).toThrow('Ed25519');
    expect(() => readReleaseKeys('nothing')).toThrow('no public key');
  });

  it.each<[string, (entries: ArchiveEntry[]) => ArchiveEntry[], string]>([
    [
      'a changed file',
      (entries) =>
        entries.map((entry) =>
          entry.path === 'edge-gateway.mjs'
            ? { ...entry, bytes: Buffer.from('console.error("gatewaY")') }
            : entry,
        ),
      'TAMPERED',
    ],
    ['a file too many', (entries) => [...entries, { path: 'more.mjs', bytes: Buffer.of(1) }], 'TAMPERED'],
    ['a file twice', (entries) => [...entries, ...entries.slice(-1)], 'TAMPERED'],
    ['a path that leads out', (entries) => [...entries, { path: '../x', bytes: Buffer.of(1) }], 'TAMPERED'],
    ['a file too few', (entries) => entries.slice(0, -1), 'TAMPERED'],
    [
      'another version in its manifest',
      (entries) =>
        entries.map((entry) =>
          entry.path === 'release.json'
            ? { ...entry, bytes: Buffer.from(Buffer.from(entry.bytes).toString().replace('1.2.3', '9.9.9')) }
            : entry,
        ),
      'BAD_SIGNATURE',
    ],
    ['no signature', (entries) => entries.filter(({ path }) => path !== 'release.sig'), 'NOT_A_RELEASE'],
  ])('with %s is refused', (_, change, code) => {
    expect(codeOf(() => openRelease(changed(change), keys))).toBe(code);
  });

  it('is refused whatever byte of its tar is changed or wherever it ends, but for what no file holds', () => {
    const tar = gunzipSync(pack());
    const whole = openRelease(pack(), keys).files;
    fc.assert(
      fc.property(fc.nat(tar.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bad = Buffer.from(tar);
        bad[at] = (bad[at] ?? 0) ^ flip;
        try {
          // Padding, and a header's fields that say nothing of the content: then all is as it was.
          expect(openRelease(gzipSync(bad), keys).files).toEqual(whole);
        } catch (error) {
          expect(error).toBeInstanceOf(ReleaseRefused);
        }
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.nat(tar.length - 1025), (end) => {
        expect(codeOf(() => openRelease(gzipSync(tar.subarray(0, end)), keys))).toMatch(
          /NOT_A_RELEASE|TAMPERED/,
        );
      }),
      { numRuns: 100 },
    );
    expect(codeOf(() => openRelease(Buffer.from('no archive'), keys))).toBe('NOT_A_RELEASE');
  });

  it('that unpacks to more than it may is refused before it fills the memory', () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024));
    expect(codeOf(() => openRelease(bomb, keys))).toBe('NOT_A_RELEASE');
  });
});

describe('what a gateway takes', () => {
  const manifest = (version: string, node = 24) => ({
    format: 1 as const,
    product: 'hashinsight-edge' as const,
    version,
    node,
    files: [{ path: 'a', bytes: 0, sha256: '0'.repeat(64) }],
  });
  const known = { current: '1.2.3', highest: '1.4.0', failed: ['2.0.0'] };
  it.each([
    ['1.5.0', 'taken'],
    ['1.10.0', 'taken'],
    ['1.2.3', 'NOT_NEWER'],
    ['1.2.2', 'NOT_NEWER'],
    ['1.4.0', 'NOT_NEWER'],
    ['1.3.9', 'NOT_NEWER'],
    ['2.0.0', 'FAILED_BEFORE'],
    ['2.0.1', 'taken'],
  ])('%s: %s', (version, code) => {
    expect(codeOf(() => admitRelease(manifest(version), known))).toBe(code);
  });
  it('needs a Node that runs it', () => {
    expect(codeOf(() => admitRelease(manifest('3.0.0', 26), known, '24.1.0'))).toBe('NODE_TOO_OLD');
    expect(codeOf(() => admitRelease(manifest('3.0.0', 26), known, '26.0.0'))).toBe('taken');
  });
  it('compares versions by numbers', () => {
    expect(['1.10.0', '1.9.9', '0.0.1', '1.9.10'].toSorted(compareVersions)).toEqual([
      '0.0.1',
      '1.9.9',
      '1.9.10',
      '1.10.0',
    ]);
  });
});
