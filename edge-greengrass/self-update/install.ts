import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Release, version as versionText } from './release.ts';

const releasesOf = (root: string) => join(root, 'releases');
export const currentLink = (root: string) => join(root, 'current');

const syncFolder = (directory: string) => {
  const opened = openSync(directory, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
};

/** Writes a file and has it on the disk. */
const writeDurably = (file: string, bytes: Uint8Array) => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  const opened = openSync(file, 'w', 0o644);
  try {
    writeSync(opened, bytes);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
};

/** The version that `current` points at. Throws Error where there is none. */
export const currentVersion = (root: string): string => {
  try {
    return versionText.parse(basename(readlinkSync(currentLink(root))));
  } catch {
    throw new Error(`${currentLink(root)} does not point at a release`);
  }
};

/** Puts the release's files beside the others: whole under its name, or not at all. */
export const stageRelease = (root: string, { manifest, files }: Release) => {
  const releases = releasesOf(root);
  const staging = join(releases, `.${manifest.version}.staging`);
  rmSync(staging, { recursive: true, force: true });
  for (const { path, bytes } of files) {
    writeDurably(join(staging, path), bytes);
    syncFolder(dirname(join(staging, path)));
  }
  rmSync(join(releases, manifest.version), { recursive: true, force: true });
  renameSync(staging, join(releases, manifest.version));
  syncFolder(releases);
};

/** Points `current` at a release in one step: whoever starts the gateway finds the one or the other. */
export const switchTo = (root: string, version: string) => {
  if (!existsSync(join(releasesOf(root), version))) throw new Error(`release ${version} is not there`);
  const next = `${currentLink(root)}.new`;
  rmSync(next, { force: true });
  symlinkSync(join('releases', version), next);
  renameSync(next, currentLink(root));
  syncFolder(root);
};

/** Takes away all releases but those named, and what was left half staged. */
export const pruneReleases = (root: string, keep: readonly string[]) => {
  for (const name of readdirSync(releasesOf(root)))
    if (!keep.includes(name)) rmSync(join(releasesOf(root), name), { recursive: true, force: true });
};
