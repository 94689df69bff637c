import { gunzipSync, gzipSync } from 'node:zlib';

export type ArchiveEntry = { readonly path: string; readonly bytes: Uint8Array };

const blockBytes = 512;
export const maxArchiveBytes = 64 * 1024 * 1024;
const nameBytes = 100;

const padded = (bytes: number) => Math.ceil(bytes / blockBytes) * blockBytes;
const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;

const checksumOf = (header: Uint8Array) => {
  let sum = 0;
  for (let at = 0; at < blockBytes; at++) sum += at >= 148 && at < 156 ? 0x20 : (header[at] ?? 0);
  return sum;
};

const headerOf = ({ path, bytes }: ArchiveEntry): Buffer => {
  if (Buffer.byteLength(path) > nameBytes) throw new Error('a path is too long');
  const header = Buffer.alloc(blockBytes);
  header.write(path, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(bytes.length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(octal(checksumOf(header), 7), 148);
  header.write(' ', 155);
  return header;
};

/** A gzipped tar (POSIX ustar) of regular files, the same bytes for the same files: `tar -tzf` lists it. */
export const writeArchive = (entries: readonly ArchiveEntry[]): Buffer => {
  const parts: Uint8Array[] = [];
  for (const entry of entries)
    parts.push(headerOf(entry), entry.bytes, Buffer.alloc(padded(entry.bytes.length) - entry.bytes.length));
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]), { level: 9 });
};

const textOf = (block: Buffer, from: number, to: number) => {
  const end = block.indexOf(0, from);
  return block.toString('utf8', from, end < 0 || end > to ? to : end);
};

/** The files of a gzipped tar, in memory. Throws Error on anything but regular files, on a wrong checksum, and past 64 MB. */
export const readArchive = (archive: Uint8Array): ArchiveEntry[] => {
  const tar = gunzipSync(archive, { maxOutputLength: maxArchiveBytes });
  const entries: ArchiveEntry[] = [];
  for (let at = 0; at + blockBytes <= tar.length; ) {
    const header = tar.subarray(at, at + blockBytes);
    if (header.every((byte) => byte === 0)) return entries;
    const size = Number.parseInt(textOf(header, 124, 136).trim(), 8);
    const isFile = header[156] === 0x30 || header[156] === 0;
    if (Number.parseInt(textOf(header, 148, 156).trim(), 8) !== checksumOf(header) || !isFile)
      throw new Error('not a file of an archive');
    const begin = at + blockBytes;
    if (!Number.isSafeInteger(size) || size < 0 || begin + size > tar.length)
      throw new Error('the archive ends too soon');
    entries.push({ path: textOf(header, 0, nameBytes), bytes: tar.subarray(begin, begin + size) });
    at = begin + padded(size);
  }
  throw new Error('the archive ends too soon');
};
