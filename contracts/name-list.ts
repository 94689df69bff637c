import { crc32 } from 'node:zlib';
import { BatchError, type Reader, type Writer } from './batch-bytes.ts';

/** What a miner id, a gateway id or a column may be called, as contracts/identifiers.ts says. */
const isName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Appends names in strictly ascending order (bytewise): how many; for each, one byte: how many characters it shares with the one
 * before; the length of the text of all rests; and that text, each rest ended by a line feed. Throws RangeError for what is no such list.
 */
export const writeNames = (out: Writer, names: readonly string[]) => {
  const shared = new Uint8Array(names.length);
  let text = '';
  let before = '';
  for (let at = 0; at < names.length; at++) {
    const name = names[at] ?? '';
    if (!isName.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name`);
    if (name <= before) throw new RangeError(`${name} does not follow ${before} in order`);
    let same = 0;
    while (same < before.length && before.charCodeAt(same) === name.charCodeAt(same)) same++;
    shared[at] = same;
    text += `${name.slice(same)}\n`;
    before = name;
  }
  out.varint(names.length);
  out.bytes(shared);
  out.varint(text.length);
  out.bytes(Buffer.from(text, 'latin1'));
};

/** Lists that were read last, by the checksum of their bytes: a shard's batches name the same miners again and again. */
const readBefore = new Map<number, { readonly bytes: Buffer; readonly names: readonly string[] }>();
const mostRemembered = 256_000;
let remembered = 0;

const remember = (key: number, bytes: Buffer, names: readonly string[]) => {
  remembered += names.length - (readBefore.get(key)?.names.length ?? 0);
  readBefore.delete(key);
  readBefore.set(key, { bytes, names });
  for (const [oldest, { names: old }] of readBefore) {
    if (remembered <= mostRemembered) break;
    remembered -= old.length;
    readBefore.delete(oldest);
  }
};

/**
 * Reads what writeNames wrote; throws BatchError where the bytes are no such list, or one of more than `most` names. Equal bytes give the
 * very same list, as long as it is remembered.
 */
export const readNames = (reader: Reader, most: number): readonly string[] => {
  const count = reader.varint();
  if (count > most) throw new BatchError('BAD_HEADER', `${count} names, at most ${most} allowed`);
  const shared = reader.bytes(count);
  const text = reader.bytes(reader.varint());
  const bytes = Buffer.concat([shared, text]);
  const key = crc32(bytes);
  const before = readBefore.get(key);
  if (before?.names.length === count && before.bytes.equals(bytes)) {
    // The list moves to the end: the first of the map is the one that was not asked for longest.
    readBefore.delete(key);
    readBefore.set(key, before);
    return before.names;
  }
  const names = parseNames(shared, Buffer.from(text).toString('latin1'));
  remember(key, bytes, names);
  return names;
};

const parseNames = (shared: Uint8Array, text: string): string[] => {
  const count = shared.length;
  const names = new Array<string>(count);
  let start = 0;
  let before = '';
  for (let at = 0; at < count; at++) {
    const end = text.indexOf('\n', start);
    const same = shared[at] ?? 0;
    if (end < 0 || same > before.length) throw new BatchError('BAD_HEADER', 'a list of names is damaged');
    const name = before.slice(0, same) + text.slice(start, end);
    if (!isName.test(name)) throw new BatchError('BAD_HEADER', 'a list of names holds what is no name');
    if (name <= before) throw new BatchError('BAD_HEADER', 'a list of names is not in order');
    names[at] = name;
    before = name;
    start = end + 1;
  }
  if (start !== text.length) throw new BatchError('BAD_HEADER', 'a list of names is damaged');
  return names;
};
