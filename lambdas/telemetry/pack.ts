import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type * as z from 'zod';

const maxInflatedBytes = 32 * 1024 * 1024;

/** A block's content as it is stored: JSON in a zstd frame. */
export const pack = (value: unknown): Uint8Array => zstdCompressSync(JSON.stringify(value));

/** Reads what `pack` wrote. Throws ZodError when the stored content is not what the schema says. */
export const unpack = <S extends z.ZodType>(schema: S, bytes: Uint8Array): z.output<S> =>
  schema.parse(JSON.parse(zstdDecompressSync(bytes, { maxOutputLength: maxInflatedBytes }).toString('utf8')));
